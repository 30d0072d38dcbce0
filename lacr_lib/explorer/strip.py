"""A dozen photographs decoded along the light axis, and how many real latents lie at each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lacr_lib.explorer.scenes import Picture, small_copy
from lacr_lib.latent.encode import Latents, as_batch
from lacr_lib.latent.light_axis import STEPS, LightAxis, light_axis, walk

if TYPE_CHECKING:
    from lacr_lib.data.photoset import PhotoSet, Scene
    from lacr_lib.models.vae import LacrVae

LONGEST = 12  # scenes
NEAR = (STEPS[1] - STEPS[0]) / 2  # a latent lies at a step if it is no farther from it than this


class Walked(NamedTuple):
    """One low-light photograph, decoded at each step: pictures (h, w, 3) and their luma.

    near: of each kind the share of its real regions that lie near each step, in [0, 1].
    """

    scene: str
    pictures: list[Picture]
    luma: list[float]
    near: dict[str, list[float]]


class Strip(NamedTuple):
    """All walks; others: the axis comes from scenes that are not in the strip."""

    walks: list[Walked]
    others: bool


def light_strip(
    model: LacrVae,
    photoset: PhotoSet,
    table: Latents,
    on_scene: Callable[[str], object] | None = None,
) -> Strip:
    """Walks the middle exposure of up to a dozen scenes along the light axis of all the others.

    table: region latents of the whole set by this model. With fewer than four scenes the axis comes
    from all of them. Steps: `light_axis.STEPS`; 0 is the photograph's own code.
    """
    scenes = strip_scenes(photoset)
    names = [scene.name for scene in scenes]
    pooled = table.pooled()
    rest = pooled.select(~np.isin(pooled.scene, names))
    others = len(scenes) < len(np.unique(pooled.scene))
    axis = light_axis(rest if others else pooled)
    places = {k: axis.place(table.of(k).mu) for k in ("low", "enhanced", "clear")}
    walks = []
    for scene in scenes:
        walks.append(_walked(model, scene, axis, places))
        if on_scene is not None:
            on_scene(scene.name)
    return Strip(walks, others)


def strip_scenes(photoset: PhotoSet) -> list[Scene]:
    """The scenes of the strip: spread over the set, half of it or a dozen; all of fewer than 4."""
    scenes = [scene for scene in photoset.scenes if scene.clear is not None and scene.low]
    count = len(scenes) if len(scenes) < 4 else min(LONGEST, len(scenes) // 2)
    return [scenes[i * len(scenes) // count] for i in range(count)]


@torch.inference_mode()
def _walked(
    model: LacrVae, scene: Scene, axis: LightAxis, places: dict[str, NDArray[np.float64]]
) -> Walked:
    photo = scene.low[len(scene.low) // 2].read()
    steps = walk(model, photo, axis)
    code = model.encode(as_batch(photo, model)).mu.mean(dim=(2, 3)).cpu().numpy()
    start = float(axis.place(code)[0])
    near = {
        kind: [float((np.abs(where - start - step) <= NEAR).mean()) for step in STEPS]
        for kind, where in places.items()
    }
    pictures = [small_copy(np.rint(image * 255).astype(np.uint8)) for image in steps.images]
    return Walked(scene.name, pictures, steps.luma.tolist(), near)
