"""`lacr explore`: the latent space of a photo set as one HTML page."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from lacr_lib.commands.common import (
    bar,
    begun,
    check_target,
    held_out,
    load_on,
    need_pairs,
    pick_device,
    say,
)
from lacr_lib.errors import LacrError

if TYPE_CHECKING:
    from lacr_lib.data.photoset import PhotoSet
    from lacr_lib.latent.film import Snapshot


def run(options: Namespace) -> int:
    """Writes the explorer of a photo set. Raises LacrError."""
    from lacr_lib.explorer.build import count_steps, make_story
    from lacr_lib.explorer.page import write_story

    check_target(options.out)
    if options.out.suffix.lower() not in (".html", ".htm"):
        raise LacrError(f"{options.out} is no page; give a name that ends in .html")
    photoset = _photoset(options.data)
    model, twin = (load_on(name, options.device) for name in (options.weights, options.against))
    for shown in (model, twin):
        if shown.config.latent_channels < 2:
            raise LacrError("a flat map needs latent_channels of at least 2; take other weights")
    chain = _chain(options)
    total = count_steps(photoset, 2 + len(chain))
    with begun():
        with bar(total, "explorer", "step") as progress:
            story = make_story(
                photoset, model, twin, chain, options.regions, on_step=lambda: progress.update()
            )
        left_out = write_story(options.out, story, options.max_mb)
    for told in left_out:
        say(f"to stay under {options.max_mb:g} MB: {told}")
    points = len(story.stills[-1].table)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.1f} MB, {points} regions of {len(photoset.scenes)} scenes")
    return 0


def _photoset(data: str) -> PhotoSet:
    """The scenes to show; of the embedded photographs all, since none was trained on."""
    from lacr_lib.data.layouts import open_photoset

    if data == "embedded":
        photoset = open_photoset(data)
        say(f"{photoset.name}: {photoset.describe()}")
    else:
        photoset = held_out(data)
    need_pairs(photoset)
    scenes = sum(scene.clear is not None for scene in photoset.scenes)
    if scenes < 2:
        raise LacrError(
            f"{photoset.name} has one scene with a clear reference; an explorer compares scenes: "
            "give a folder with at least two"
        )
    return photoset


def _chain(options: Namespace) -> list[Snapshot]:
    from lacr_lib.latent.film import read_chain

    if options.film is None:
        return []
    device = pick_device(options.device)
    return [shot._replace(model=shot.model.to(device)) for shot in read_chain(options.film)]
