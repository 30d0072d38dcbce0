"""Numbers over scenes, and how sure they are: every statistic is a function of scene counts.

Resampling whole scenes only changes how often each scene is counted. So a statistic is written
once, as a function of counts (D, S) -> (D,), and serves for the estimate (each scene once), for its
interval, and for the interval of the difference of two models that see the same scenes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lacr_lib.evaluation.bootstrap import DRAWS, Interval, percentiles

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]


def estimate(statistic: Statistic, n_scenes: int, seed: int = 0, n: int = DRAWS) -> Interval:
    """The statistic with each scene counted once, and its 95 % interval over scenes.

    Errors: fewer than two scenes, which leave nothing to resample.
    Source: Efron & Tibshirani 1993, chapters 8 and 13; draws and bounds are those of
    `bootstrap.interval`, with what it says of few scenes.
    """
    bounds = percentiles(n_scenes)
    drawn = np.random.default_rng(seed).integers(n_scenes, size=(n, n_scenes))
    counts = np.zeros((n, n_scenes))
    np.add.at(counts, (np.arange(n)[:, None], drawn), 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = statistic(counts)
    value = once(statistic, n_scenes)
    values = values[np.isfinite(values)]  # a draw of one class alone has no AUC
    if not values.size:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(values, bounds)
    return Interval(value, float(low), float(high))


def once(statistic: Statistic, n_scenes: int) -> float:
    """The statistic with each scene counted once; infinite or NaN where it divides by zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(statistic(np.ones((1, n_scenes)))[0])


def difference(first: Statistic, second: Statistic) -> Statistic:
    """first - second, both counted over the same scenes: how hard a scene is cancels out."""
    return lambda counts: first(counts) - second(counts)


def ratio_of_means(
    top: ArrayLike, bottom: ArrayLike, scene: NDArray[np.int64], n_scenes: int
) -> Statistic:
    """Mean of top over mean of bottom, (P,) each; scene (P,) is the index of each value's scene."""
    tops = np.bincount(scene, np.asarray(top, np.float64), n_scenes)
    bottoms = np.bincount(scene, np.asarray(bottom, np.float64), n_scenes)
    return lambda counts: (counts @ tops) / (counts @ bottoms)


def mean_of(values: ArrayLike, scene: NDArray[np.int64], n_scenes: int) -> Statistic:
    """Mean of values (P,) of which scene (P,) names the scenes."""
    return ratio_of_means(values, np.ones(len(scene)), scene, n_scenes)


def median_of(values: ArrayLike, scene: NDArray[np.int64], n_scenes: int) -> Statistic:
    """Median of many values (N,), found by halving: no draw ever copies or sorts them again.

    Of an even number of values it is the lower of the two in the middle, of none it is NaN.
    """
    numbers = np.asarray(values, np.float64)
    if not numbers.size:
        return lambda counts: np.full(len(counts), np.nan)
    parts = [np.sort(numbers[scene == s]) for s in range(n_scenes)]
    sizes = np.array([len(part) for part in parts], np.float64)

    def statistic(counts: Floats) -> Floats:
        half = counts @ sizes / 2
        low = np.full(len(counts), numbers.min() - 1e-9)
        high = np.full(len(counts), numbers.max())
        for _ in range(60):
            middle = (low + high) / 2
            below = np.zeros(len(counts))
            for s, part in enumerate(parts):
                below += counts[:, s] * np.searchsorted(part, middle, side="right")
            enough = below >= half
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return high

    return statistic


def ranked_right(
    positive: ArrayLike,
    negative: ArrayLike,
    scene: NDArray[np.int64],
    fold: NDArray[np.int64],
) -> Statistic:
    """Area under the ROC curve: how often a positive scores above a negative of the same fold.

    positive, negative (P,): scores of the two photographs of each pair; scene (P,) index of its
    scene; fold (S,) of each scene: scores of different folds come from different classifiers and
    are never compared. Each scene has the same total weight, however many photographs it has.
    """
    n_scenes = len(fold)
    up, down = np.asarray(positive, np.float64), np.asarray(negative, np.float64)
    weight = 1.0 / np.bincount(scene, minlength=n_scenes)[scene]
    won = (up[:, None] > down[None, :]) + 0.5 * (up[:, None] == down[None, :])
    member = np.zeros((len(scene), n_scenes))
    member[np.arange(len(scene)), scene] = weight
    wins = member.T @ won @ member  # (S, S): share of pairs won, scene against scene
    together = (fold[:, None] == fold[None, :]).astype(np.float64)

    def statistic(counts: Floats) -> Floats:
        right = ((counts @ (wins * together)) * counts).sum(axis=1)
        pairs = ((counts @ together) * counts).sum(axis=1)
        return np.asarray(right / pairs)

    return statistic
