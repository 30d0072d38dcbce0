"""`lacr latents` and `lacr pull`: latent maps as arrays, and what they say about LACR."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from typing import Any

from lacr_lib.commands.common import (
    bar,
    begun,
    check_target,
    held_out,
    load_on,
    need_pairs,
    say,
    tell_beside,
    told_at_the_end,
    write_json,
)


def run_latents(options: Namespace) -> int:
    """Encodes every photograph of a set into an .npz table. Raises LacrError.

    Exit code 0: all encoded; 1: some were not, each told in one line.
    """
    from lacr_lib.data.layouts import open_photoset
    from lacr_lib.latent.encode import encode_photos
    from lacr_lib.latent.table_file import save_latents

    check_target(options.out)
    photoset = open_photoset(options.data)
    model = load_on(options.weights, options.device)
    say(f"{photoset.name}: {photoset.describe()}")
    total = sum((scene.clear is not None) + 2 * len(scene.low) for scene in photoset.scenes)
    done = 0
    with begun(), bar(total, "latents", "photo") as progress:

        def count(_: object) -> None:
            nonlocal done
            done += 1  # the bar's own count stands still where it is switched off
            progress.update()

        parts = encode_photos(
            model,
            photoset,
            options.regions,
            on_photo=count,
            on_unread=partial(tell_beside, progress),
        )
        regions, channels = save_latents(parts, options.out)
    print(f"{options.out}: {regions} regions of {done} photographs, {channels} channels each")
    return told_at_the_end(done, total)


def run_pull(options: Namespace) -> int:
    """Measures the pull of two models over the held-out scenes. Raises LacrError."""
    from lacr_lib.latent.pull import pull

    if options.json:
        check_target(options.json)
    names = (options.weights, options.against)
    weights, against = (load_on(name, options.device) for name in names)
    judge = load_on(options.judge, options.device) if options.judge else None
    photoset = held_out(options.data)
    need_pairs(photoset)
    with begun():
        with bar(2 * len(photoset.pairs()), "pull", "pair") as progress:
            record = pull(
                weights, against, photoset, names, on_pair=lambda _: progress.update(), judge=judge
            )
        write_json(options.json, {"judge": options.judge or options.against, **record})
        print(table(record))
    return 0


def table(record: dict[str, Any]) -> str:
    """A line for each number: both models, each with its interval over scenes."""
    from lacr_lib.latent.pull import PULL_KEYS

    sides = [record[side] for side in ("weights", "against")]
    lines = ["".join([f"{'':24}", *(f"{side['name']:>30}" for side in sides)])]
    for key in PULL_KEYS:
        cells = [_cell(side[key], side["intervals"][key]) for side in sides]
        lines.append("".join([f"{key:24}", *(f"{cell:>30}" for cell in cells)]))
    return "\n".join(lines)


def _cell(value: float | None, bounds: list[float | None]) -> str:
    if value is None:
        return "-"
    low, high = ("-" if bound is None else f"{bound:.3f}" for bound in bounds)
    return f"{value:.3f} [{low}, {high}]"
