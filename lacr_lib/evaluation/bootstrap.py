"""How sure is a mean? Intervals by resampling whole scenes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lacr_lib.errors import LacrError


class Interval(NamedTuple):
    """A mean with its 95 % interval, in the unit of the values; bounds NaN: there is none."""

    mean: float
    low: float
    high: float


def interval(
    values: ArrayLike, scenes: Sequence[Hashable], seed: int = 0, n: int = 2000
) -> Interval:
    """Mean of the values and its 95 % percentile interval, scenes resampled with replacement.

    Scenes, not images: five exposures of one room are not five independent trials, and an interval
    that treats them so is too narrow. A single scene says nothing of others: its bounds are NaN.
    Shapes: values (N,), one scene name a value; n resamples.
    Errors: lengths differ, nothing given, or a value that is not finite.
    Source: Efron & Tibshirani 1993, chapters 13 and 8 (resampling clusters).
    """
    numbers = np.asarray(values, dtype=np.float64)
    sums, counts = _scene_sums(numbers, scenes)
    if len(sums) < 2:
        return Interval(float(numbers.mean()), math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(sums), size=(n, len(sums)))  # each row: one resample of the scenes
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(numbers.mean()), float(low), float(high))


def paired_interval(
    a: ArrayLike, b: ArrayLike, scenes: Sequence[Hashable], seed: int = 0, n: int = 2000
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
