"""Estimates and intervals, against the formulas and against other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import interval
from lacr_lib.latent.statistics import (
    difference,
    estimate,
    mean_of,
    median_of,
    ranked_right,
    ratio_of_means,
)


@pytest.fixture
def sample():
    rng = np.random.default_rng(1)
    scene = np.sort(rng.integers(0, 7, 60))
    return rng.normal(size=60) + scene, scene


def test_the_interval_of_a_mean_is_that_of_the_evaluation(sample):
    values, scene = sample
    ours = estimate(mean_of(values, scene, 7), 7, seed=5)
    np.testing.assert_allclose(ours, interval(values, scene.tolist(), seed=5), rtol=1e-12)


def test_ratio_and_median_count_a_scene_as_often_as_it_is_drawn(sample):
    values, scene = sample
    counts = np.array([[1.0] * 7, [0, 2, 1, 0, 0, 3, 1], [0, 0, 0, 1, 0, 0, 0]])
    ratio = ratio_of_means(values, values**2, scene, 7)(counts)
    median = median_of(values, scene, 7)(counts)
    for row, r, m in zip(counts, ratio, median, strict=True):
        drawn = np.repeat(values, row[scene].astype(int))
        assert r == pytest.approx(drawn.mean() / (drawn**2).mean())
        assert m == pytest.approx(np.sort(drawn)[(len(drawn) - 1) // 2], abs=1e-6)


def test_a_median_stands_an_outlier(sample):
    values, scene = sample
    wild = np.append(values, 1e7)
    median = median_of(wild, np.append(scene, 0), 7)(np.ones((1, 7)))[0]
    assert median == pytest.approx(np.median(wild), abs=1e-6)


def test_one_fold_of_ranked_right_is_the_weighted_auc(sample):
    up, scene = sample
    down = np.random.default_rng(2).normal(size=60) + 3
    counts = np.array([[1.0] * 7, [0, 2, 1, 0, 0, 3, 1]])
    ours = ranked_right(up, down, scene, np.zeros(7, int))(counts)
    for row, auc in zip(counts, ours, strict=True):
        weight = row[scene] / np.bincount(scene)[scene]
        theirs = roc_auc_score(
            np.repeat([1, 0], 60), np.append(up, down), sample_weight=np.append(weight, weight)
        )
        assert auc == pytest.approx(theirs)


def test_scores_of_different_folds_are_never_compared():
    scene, fold = np.arange(4), np.array([0, 0, 1, 1])
    up, down = np.array([1.0, 1, 101, 101]), np.array([0.0, 0, 100, 100])
    assert ranked_right(up, down, scene, fold)(np.ones((1, 4)))[0] == 1  # in one fold it were 0.75
    assert ranked_right(up, down, scene, 0 * fold)(np.ones((1, 4)))[0] == 0.75
    assert ranked_right(up, up, scene, fold)(np.ones((1, 4)))[0] == 0.5


def test_a_paired_difference_forgets_how_hard_a_scene_is(sample):
    values, scene = sample
    hard, easy = mean_of(values, scene, 7), mean_of(values - 0.1, scene, 7)
    both = estimate(difference(hard, easy), 7)
    np.testing.assert_allclose(both, 0.1, atol=1e-9)
    alone = estimate(hard, 7)
    assert alone.high - alone.low > 1


def test_one_scene_has_no_interval():
    with pytest.raises(LacrError, match="at least two"):
        estimate(mean_of([1.0, 2.0], np.zeros(2, int), 1), 1)


def test_the_median_of_nothing_is_no_number():
    median = median_of(np.array([]), np.array([], np.int64), 3)
    assert np.isnan(median(np.ones((2, 3)))).all()


def test_draws_without_a_value_are_left_out():
    some = ratio_of_means([0.0, 1, 1], [0.0, 1, 2], np.arange(3), 3)  # 0/0 in 1 draw of 27
    assert np.isfinite(estimate(some, 3)).all()
    none = estimate(ratio_of_means(np.ones(2), np.zeros(2), np.arange(2), 2), 2)
    assert np.isinf(none.mean) and np.isnan(none.low) and np.isnan(none.high)
