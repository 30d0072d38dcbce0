"""What the latents of real ladders know of light: one record, axis and probe from other scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lacr_lib.data.images import resize_to
from lacr_lib.data.photoset import Frame, PhotoSet, Scene
from lacr_lib.evaluation.bootstrap import Interval, interval

if TYPE_CHECKING:
    from lacr_lib.latent.light_axis import LightAxis
    from lacr_lib.models.vae import LacrVae

SIDE = 256  # pixels, the longer side: light is coarse
DRAWS = 12
APART = 0.2  # nats between two requests; closer ones cannot tell an exchange from none


def measure_light(model: LacrVae, train: PhotoSet, test: PhotoSet) -> dict[str, Any]:
    """Probe, walk, exchange and spread of the draws on the test scenes, ready for JSON.

    Axis and probe come from the train scenes: the darkest, the middle and the brightest low
    photograph of each, and the clear one. Photographs are reduced to 256 pixels.
    """
    from lacr_lib.latent.encode import encode_photoset
    from lacr_lib.latent.light_axis import light_axis
    from lacr_lib.latent.probe import exposure_probe

    scenes = [reduced(scene) for scene in test.scenes if scene.clear and scene.low]
    known = [reduced(scene, three=True) for scene in train.scenes if scene.clear and scene.low]
    learnt, asked = (
        encode_photoset(model, replace(test, scenes=tuple(s)), enhanced=False).pooled()
        for s in (known, scenes)
    )
    axis = light_axis(learnt)
    return {
        "n_train_scenes": len(known),
        "n_scenes": len(scenes),
        "axis_share": axis.share,
        "axis_way": axis.way,
        "probe_r2": list(exposure_probe(learnt, asked).r2),
        "probe_r2_low": list(exposure_probe(learnt.of("low"), asked.of("low")).r2),
        "walk_spearman": walks(model, scenes, axis),
        "exchange_carried": list(exchanged(model, scenes)),
        **spread(model, scenes),
    }


def reduced(scene: Scene, three: bool = False) -> Scene:
    """A scene of small photographs; three: only the darkest, middle and brightest low one."""
    count = len(scene.low)
    rungs = sorted({0, count // 2, count - 1}) if three else range(count)
    low = tuple(_small(scene.low[rung]) for rung in rungs)
    return replace(scene, low=low, clear=_small(scene.clear) if scene.clear else None)


def walks(model: LacrVae, scenes: Sequence[Scene], axis: LightAxis) -> dict[str, float]:
    """Rank correlation of step and luma of each scene's darkest photograph, toward clear."""
    from lacr_lib.latent.light_axis import walk

    return {s.name: round(walk(model, s.low[0].read(), axis).spearman, 4) for s in scenes}


def exchanged(model: LacrVae, scenes: Sequence[Scene]) -> Interval:
    """Share of another scene's request for light that an exchange carries over; each with the next.

    Only pairs whose requests lie far enough apart.
    """
    from lacr_lib.latent.decode import exchanged_request

    carried, names = [], []
    for a, b in zip(scenes, [*scenes[1:], scenes[0]], strict=True):
        request = exchanged_request(model, a.low[0].read(), b.low[-1].read())
        if abs(request.other - request.own) > APART:
            carried.append(request.carried)
            names.append(a.name)
    return interval(carried, names)


def spread(model: LacrVae, scenes: Sequence[Scene]) -> dict[str, Any]:
    """Do posterior draws differ more where light was lost? Of each scene's darkest photograph."""
    from lacr_lib.latent.decode import posterior_draws
    from lacr_lib.latent.uncertainty import region_spread, spread_where_lost

    spreads = {}
    for scene in scenes:
        assert scene.clear is not None
        low, clear = scene.low[0].read(), scene.clear.read()
        spreads[scene.name] = region_spread(
            model, low, clear, posterior_draws(model, low, draws=DRAWS)
        )
    levels = [255 * float(each.deviation.mean()) for each in spreads.values()]
    return {
        "spread_grey_levels": float(np.median(levels)),
        "spread_where_lost": list(spread_where_lost(spreads)),
        "relative_spread_where_lost": list(spread_where_lost(spreads, relative=True)),
    }


def _small(frame: Frame) -> Frame:
    return replace(frame, read=partial(_read_small, frame))


def _read_small(frame: Frame) -> Any:
    return resize_to(frame.read(), SIDE)
