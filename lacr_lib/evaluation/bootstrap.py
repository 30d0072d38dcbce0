"""How sure is a mean? Intervals by resampling whole scenes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtrit

from lacr_lib.errors import LacrError

DRAWS = 10_000  # resamples: with fewer, a bound is known less well than tables print it
ENOUGH = 6  # scenes; that fewer all differ the same way happens by luck in over 1 case of 20


class Interval(NamedTuple):
    """A mean with its 95 % interval, in the unit of the values; bounds NaN: there is none."""

    mean: float
    low: float
    high: float


def interval(
    values: ArrayLike, scenes: Sequence[Hashable], seed: int = 0, n: int = DRAWS
) -> Interval:
    """Mean of the values and its 95 % interval, scenes resampled with replacement.

    Scenes, not images: five exposures of one room are not five independent trials, and an interval
    that treats them so is too narrow. A single scene says nothing of others: its bounds are NaN.
    Of fewer than `ENOUGH` scenes the bounds are about the lowest and the highest scene, which is
    no interval of 95 %: of three scenes it misses the truth in one case of four.
    Shapes: values (N,), one scene name a value; n resamples.
    Errors: lengths differ, nothing given, or a value that is not finite.
    Source: Efron & Tibshirani 1993, chapters 13 and 8 (resampling clusters); `percentiles`.
    """
    numbers = np.asarray(values, dtype=np.float64)
    sums, counts = _scene_sums(numbers, scenes)
    if len(sums) < 2:
        return Interval(float(numbers.mean()), math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(sums), size=(n, len(sums)))  # each row: one resample of the scenes
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, percentiles(len(sums)))
    return Interval(float(numbers.mean()), float(low), float(high))


def percentiles(n_scenes: int) -> tuple[float, float]:
    """The percentiles of resampled means, in [0, 100], between which a 95 % interval lies.

    Not 2.5 and 97.5: n scenes that are resampled wander less than n new ones would, by the square
    root of (n - 1) / n, and how much they wander is itself only estimated, which Student's t allows
    for. With 20 scenes it is 1.6 and 98.4; with very many, 2.5 and 97.5.
    Errors: fewer than two scenes.
    Source: Hesterberg 2015 (expanded percentile intervals).
    """
    if n_scenes < 2:
        raise LacrError("an interval over scenes needs at least two scenes: give more photographs")
    t = stdtrit(n_scenes - 1, 0.025)
    below = 100 * float(ndtr(math.sqrt(n_scenes / (n_scenes - 1)) * t))
    return below, 100 - below


def paired_interval(
    a: ArrayLike, b: ArrayLike, scenes: Sequence[Hashable], seed: int = 0, n: int = DRAWS
) -> Interval:
    """Mean of a - b, image by image, and its 95 % interval over scenes.

    Paired, since two methods see the same photographs: how hard a photograph is cancels out.
    Shapes: a, b (N,) in the same order of images. Errors: as `interval`.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise LacrError(f"{first.shape} and {second.shape} values are no pairs: score both alike")
    return interval(first - second, scenes, seed, n)


def _scene_sums(
    numbers: NDArray[np.float64], scenes: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of the values and number of values of each scene, (S,) each."""
    if numbers.ndim != 1 or numbers.size == 0 or len(scenes) != numbers.size:
        raise LacrError(
            f"an interval needs one scene for each value: got {numbers.shape} values, "
            f"{len(scenes)} scenes"
        )
    if not np.isfinite(numbers).all():
        raise LacrError("an interval needs finite values: leave out what could not be measured")
    index = {scene: i for i, scene in enumerate(dict.fromkeys(scenes))}
    where = np.array([index[scene] for scene in scenes])
    sums: NDArray[np.float64] = np.bincount(where, weights=numbers).astype(np.float64)
    return sums, np.bincount(where).astype(np.float64)
