"""Intervals over scenes: their coverage, what resampling scenes changes, what pairing changes."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import interval, paired_interval


def test_one_value_a_scene_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(0).normal(20, 3, size=200)
    mean, low, high = interval(values, range(200))
    half = 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert mean == pytest.approx(values.mean())
    assert (mean - low, high - mean) == (pytest.approx(half, rel=0.12),) * 2


def test_repeats_of_a_scene_are_no_new_evidence() -> None:
    values = np.random.default_rng(1).normal(size=20)
    scenes = np.arange(20)
    honest = interval(np.repeat(values, 5), np.repeat(scenes, 5).tolist())
    once = interval(values, scenes.tolist())
    assert honest == pytest.approx(once)
    naive = interval(np.repeat(values, 5), range(100))  # the wrong way: images as trials
    assert naive.high - naive.low < 0.6 * (honest.high - honest.low)


def test_uneven_scenes_average_over_images() -> None:
    mean, low, high = interval([0, 0, 0, 4], ["a", "a", "a", "b"])
    assert mean == 1 and low == 0 and high == 4


def test_pairing_takes_the_photographs_difficulty_out() -> None:
    rng = np.random.default_rng(2)
    hard = rng.normal(20, 4, size=30)
    a, b = hard + 0.3 + rng.normal(0, 0.2, 30), hard + rng.normal(0, 0.2, 30)
    scenes = list(range(30))
    paired = paired_interval(a, b, scenes)
    assert paired.mean == pytest.approx((a - b).mean()) and paired.low > 0
    assert interval(a, scenes).low < interval(b, scenes).high, "apart, they look the same"
    assert paired_interval(b, a, scenes).high == pytest.approx(-paired.low)


def test_seed_decides_and_order_of_scene_names_does_not() -> None:
    values, scenes = np.random.default_rng(3).normal(size=36), [f"s{i // 3}" for i in range(36)]
    assert interval(values, scenes) == interval(values, scenes)
    assert interval(values, scenes) != interval(values, scenes, seed=1)
    renamed = [scene.replace("s", "room ") for scene in scenes]
    assert interval(values, scenes) == interval(values, renamed)


def test_bad_input_is_one_clear_line() -> None:
    for values, scenes in ([[], []], [[1.0], ["a", "b"]], [[np.nan], ["a"]]):
        with pytest.raises(LacrError, match=r"^[^\n]+$"):
            interval(values, scenes)
    with pytest.raises(LacrError):
        paired_interval([1.0, 2.0], [1.0], ["a", "b"])


def test_a_single_scene_has_a_mean_and_no_interval() -> None:
    for result in (
        interval([18.0, 25.0, 30.0], ["a"] * 3),
        paired_interval([19.0, 26.0, 31.0], [1.0, 1.0, 1.0], ["a"] * 3),
    ):
        assert result.mean == pytest.approx(73 / 3)
        assert np.isnan(result.low) and np.isnan(result.high)


def test_pairs_of_one_scene_stay_together_and_the_seed_is_used() -> None:
    a, scenes = np.random.default_rng(4).normal(size=30), [i // 5 for i in range(30)]
    for seed in (0, 3):
        paired = paired_interval(a, np.zeros(30), scenes, seed, n=300)
        assert paired == interval(a, scenes, seed, n=300)
