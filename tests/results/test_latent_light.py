"""The record of what latents know of light: whose photographs it reads, and what it holds."""

from __future__ import annotations

import json

import numpy as np

from lacr_lib import load_model
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.results.latent_light import SIDE, measure_light, reduced

GAINS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)


def ladder(name: str, seed: int, height: int = 48, width: int = 64) -> Scene:
    """A smooth random photograph and five darker versions of it."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(80, 255, (height // 16, width // 16, 3))
    clear = np.kron(coarse, np.ones((16, 16, 1)))

    def frame(name: str, gain: float) -> Frame:
        return Frame(name, lambda: np.rint(clear * gain).astype(np.uint8), None, None)

    low = tuple(frame(f"low_{rung}", gain) for rung, gain in enumerate(GAINS))
    return Scene(name, None, frame("clear", 1.0), low)


def test_photographs_are_reduced_and_three_rungs_span_the_ladder() -> None:
    scene = ladder("large", 0, 320, 640)
    assert [frame.name for frame in reduced(scene).low] == [frame.name for frame in scene.low]
    few = reduced(scene, three=True)
    assert [frame.name for frame in few.low] == ["low_0", "low_2", "low_4"]
    assert few.low[0].read().shape == few.clear.read().shape == (SIDE // 2, SIDE, 3)


def test_the_record_holds_a_figure_for_each_question() -> None:
    train, test = (
        PhotoSet("toy", "ladder", tuple(ladder(f"{part}{n}", seed + n) for n in range(3)))
        for seed, part in enumerate(("train", "test"))
    )
    record = measure_light(load_model("lacr-vae"), train, test)
    assert record["n_train_scenes"] == record["n_scenes"] == 3
    assert set(record["walk_spearman"]) == {"test0", "test1", "test2"}
    assert all(-1 <= each <= 1 for each in record["walk_spearman"].values())
    assert 0 <= record["axis_share"] <= 1
    assert record["spread_grey_levels"] > 0
    mean, low, high = record["exchange_carried"]
    assert low <= mean <= high
    json.dumps(record, allow_nan=False)
