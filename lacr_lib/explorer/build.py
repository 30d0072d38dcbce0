"""From photographs and models to a story: encode, draw, walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lacr_lib.explorer.scenes import Album
from lacr_lib.explorer.story import Story, draw_methods
from lacr_lib.explorer.strip import light_strip, strip_scenes
from lacr_lib.latent.encode import Photograph
from lacr_lib.latent.film import Snapshot, Still, shoot

if TYPE_CHECKING:
    from lacr_lib.data.photoset import PhotoSet
    from lacr_lib.models.vae import LacrVae

METHODS = 3


def make_story(
    photoset: PhotoSet,
    model: LacrVae,
    twin: LacrVae | None = None,
    chain: Sequence[Snapshot] = (),
    regions: int = 24,
    on_step: Callable[[], object] | None = None,
) -> Story:
    """Everything that an explorer of a photo set shows; `page.write_story` writes it.

    model, twin: with and without LACR. chain: snapshots of two training runs (`film.read_chain`),
    shown between them. regions: of each photograph, the same places in a whole scene and for all
    models. `on_step` is called `count_steps` times.
    Errors: a set without low/clear pairs has no map to draw; fewer than 8 low and clear regions.
    """
    tick = on_step or (lambda: None)
    album, twin_album = Album(), Album()

    def keep_in(photos: Album) -> Callable[[Photograph], None]:
        def keep(photo: Photograph) -> None:
            photos.add(photo)
            tick()

        return keep

    stills: list[Still] = []
    if twin is not None:
        end = [Snapshot("without", None, twin)]
        stills += shoot(end, photoset, regions, keep_in(twin_album))
        stills += shoot(chain, photoset, regions, lambda _: tick())
    stills += shoot([Snapshot("with", None, model)], photoset, regions, keep_in(album))
    methods = draw_methods(stills, on_map=lambda _: tick())
    strip = light_strip(model, photoset, stills[-1].table, lambda _: tick())
    other = None if twin is None else twin_album
    return Story(photoset.name, tuple(stills), methods, album, other, strip)


def count_steps(photoset: PhotoSet, models: int) -> int:
    """Photographs to encode, by so many models, maps and walks of `make_story`."""
    photos = sum((scene.clear is not None) + 2 * len(scene.low) for scene in photoset.scenes)
    return photos * models + METHODS + len(strip_scenes(photoset))
