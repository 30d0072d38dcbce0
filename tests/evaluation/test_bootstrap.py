"""Intervals over scenes: their coverage, what resampling scenes changes, what pairing changes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import ENOUGH, interval, paired_interval, percentiles
from lacr_lib.results.records import FOLDER


def test_one_value_a_scene_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(0).normal(20, 3, size=200)
    mean, low, high = interval(values, range(200))
    half = 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert mean == pytest.approx(values.mean())
    assert (mean - low, high - mean) == (pytest.approx(half, rel=0.12),) * 2


@pytest.mark.parametrize("n", [8, 12, 20])
def test_few_scenes_get_the_width_of_students_interval(n: int) -> None:
    ratios = []
    for seed in range(20):
        values = np.random.default_rng(seed).normal(size=n)
        _, low, high = interval(values, range(n), n=2000)
        student = stats.t.interval(0.95, n - 1, scale=stats.sem(values))
        ratios.append((high - low) / np.diff(student))
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)  # with 2.5 and 97.5: 0.76, 0.84, 0.91


@pytest.mark.parametrize(("n", "least"), [(ENOUGH, 0.91), (12, 0.935)])
def test_the_interval_holds_the_truth_about_19_times_in_20(n: int, least: float) -> None:
    drawn = np.random.default_rng(n).normal(size=(3000, n))
    found = [interval(values, range(n), seed, n=1000) for seed, values in enumerate(drawn)]
    assert np.mean([low <= 0 <= high for _, low, high in found]) > least  # plain: 0.85 and 0.90


def test_percentiles_by_hand_and_of_many_scenes() -> None:
    low, high = percentiles(20)
    assert low == pytest.approx(100 * stats.norm.cdf(np.sqrt(20 / 19) * stats.t.ppf(0.025, 19)))
    assert low + high == 100
    assert percentiles(100_000) == pytest.approx((2.5, 97.5), abs=1e-3)
    with pytest.raises(LacrError, match="at least two"):
        percentiles(1)


def test_three_scenes_give_their_range() -> None:
    assert interval([3.0, -1.0, 7.0], "abc") == pytest.approx((3, -1, 7))


def test_the_recorded_verdicts_are_no_accident_of_the_draws() -> None:
    ours, rival = (
        json.loads((FOLDER / f"sice-val-evaluate-{name}.json").read_text("utf-8"))["per_image"]
        for name in ("lacr-vae", "auto-gamma")
    )
    scenes = [image["scene"] for image in ours]
    for metric in ("psnr", "ssim", "chroma_ratio"):
        pair = [[image[metric] for image in each] for each in (ours, rival)]
        bounds = np.array([paired_interval(*pair, scenes, seed)[1:] for seed in range(10)])
        assert np.ptp(bounds, axis=0).max() < 0.05 * np.ptp(bounds.mean(axis=0))


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
