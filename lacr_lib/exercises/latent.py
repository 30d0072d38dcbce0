"""Checks of notebook 07: a control by shuffling, two maps compared, the axis of noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of
from lacr_lib.figures.latent import neighbour_maps
from lacr_lib.latent.pairs import fraction_of_way

Array = NDArray[np.float64]
NEIGHBOURS = 5


def shuffled_fraction(answer: Answer) -> Hint:
    """07-shuffled-fraction: each enhanced latent between low and clear of a random other region."""
    low, enhanced, clear = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(7))
    ways = [fraction_of_way(low.roll(-j, 0), enhanced, clear.roll(-j, 0)) for j in range(6)]
    between = torch.stack(ways, dim=1)  # (N, N): column j, with the j-th region further on
    apart = torch.stack([(clear - low).norm(dim=1).roll(-j) for j in range(6)], dim=1)
    lengths = torch.stack([(enhanced - low.roll(-j, 0)).norm(dim=1) for j in range(6)], 1) / apart
    length = (enhanced - low).norm(dim=1) / (clear - low).norm(dim=1)
    drawn = []
    for seed in range(12):
        found = answer(low, enhanced, clear, seed)
        if shape_of(found) != (6,):
            return f"six regions give 6 fractions, (N,); this one is {shape_of(found)}"
        drawn.append(torch.as_tensor(found, dtype=torch.float32))
        if close(drawn[-1], between[:, 0]):
            return "nothing was shuffled: each latent still lies between its own low and clear"
        if close(drawn[-1].sort()[0], length.sort()[0]) or _in_rows(drawn[-1], lengths):
            return "a ratio of lengths; the fraction is the shadow on the line from low to clear"
        if _in_rows(drawn[-1], between * apart):
            return "divide by the *square* of the length of the way from low to clear"
        if _one_side(drawn[-1], low, enhanced, clear):
            return "only one of low and clear was exchanged; they are the two ends of *one* way"
        if not _in_rows(drawn[-1], between):
            return (
                "no fraction of *one* other region: shuffle low and clear alike, and take "
                "<e - l, c - l> / |c - l|^2"
            )
    if any(torch.isclose(each, between[:, 0], 1e-4, 1e-4).any() for each in drawn):
        return "now and then a region is paired with itself; leave its own out"
    if not all(close(answer(low, enhanced, clear, i), drawn[i]) for i in range(12)):
        return "the same seed should give the same pairs"
    if all(close(each, drawn[0]) for each in drawn):
        return "every seed gives the same pairs; draw them with the seed"
    return None


def _in_rows(found: Tensor, between: Tensor) -> bool:
    """Each fraction belongs to *some* region; either side of the pair may have been shuffled."""
    rows = torch.isclose(found[:, None], between, 1e-4, 1e-4).any(dim=1)
    own = torch.stack([between[(i - j) % 6, j] for i in range(6) for j in range(6)]).view(6, 6)
    columns = torch.isclose(found[:, None], own, 1e-4, 1e-4).any(dim=1)
    return bool(rows.all() or columns.all())


def _one_side(found: Tensor, low: Tensor, enhanced: Tensor, clear: Tensor) -> bool:
    """Each fraction belongs to the low of another region with the own clear, or the reverse."""
    turns = range(1, len(low))
    lows = torch.stack([fraction_of_way(low.roll(-j, 0), enhanced, clear) for j in turns], 1)
    clears = torch.stack([fraction_of_way(low, enhanced, clear.roll(-j, 0)) for j in turns], 1)
    same = (torch.isclose(found[:, None], each, 1e-4, 1e-4) for each in (lows, clears))
    return any(bool(rows.any(dim=1).all()) for rows in same)


def _two_maps() -> tuple[Array, Array]:
    """A map of 40 points, and the same map torn about by noise."""
    rng = np.random.default_rng(3)
    first = rng.normal(size=(40, 2))
    return first, first @ np.array([[0.0, 1.5], [-1.5, 0.0]]) + rng.normal(size=(40, 2)) * 0.3


def map_agreement(answer: Answer) -> Hint:
    """07-map-agreement: share of the k nearest neighbours that two maps have in common."""
    first, second = _two_maps()
    k = NEIGHBOURS
    found = answer(first, second, k)
    if shape_of(found) != ():
        return f"one number for the two maps; this one is {shape_of(found)}"
    near = [_order(points)[:, 1:] for points in (first, second)]  # (N, N - 1), nearest first
    common = _common(near[0][:, :k], near[1][:, :k])
    with_own = [_order(points) for points in (first, second)]
    for value, hint in (
        (_common(with_own[0][:, :k], with_own[1][:, :k]).mean() / k, "each point is its own "
         "nearest neighbour here, and agrees with itself; leave it out"),
        (((1 + common) / (k + 1)).mean(), "each point counts as its own neighbour, too"),
        ((near[0][:, :k] == near[1][:, :k]).mean(), "which of them comes first does not matter"),
        (_common(near[0][:, -k:], near[1][:, -k:]).mean() / k, "those are the *farthest* ones"),
        ((common / (2 * k - common)).mean(), "divided by all that are near on either map; by k"),
        (common.mean(), "a number of neighbours; as a share of the k it lies between 0 and 1"),
    ):  # fmt: skip
        if close(found, value):
            return hint
    if not close(found, common.mean() / k):
        return "count the points near on both maps, divide by k, and take the mean over points"
    return None


def _order(points: Array) -> NDArray[np.int64]:
    """All points by distance from each point, (N, N); itself first."""
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(gaps, -1.0)
    order: NDArray[np.int64] = gaps.argsort(axis=1)
    return order


def _common(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[Any]:
    """How many of the indices of each row two tables share, (N,)."""
    shared: NDArray[Any] = (a[:, :, None] == b[:, None, :]).sum(axis=(1, 2))
    return shared


def maps_expected() -> Figure:
    """The two maps of the check, and the neighbours of one point on either."""
    first, second = _two_maps()
    point = 22  # near the middle, with three of five neighbours on both maps
    near = [_order(points)[point, 1 : NEIGHBOURS + 1] for points in (first, second)]
    return neighbour_maps((first, second), point, (near[0], near[1]))


def noise_angle(answer: Answer) -> Hint:
    """07-noise-axis: the angle between the axis of noise and the axis of light, in degrees."""
    rng = np.random.default_rng(9)
    low = rng.normal(size=(30, 6))
    clear = low + np.array([2.0, 1, 0, 0, 0, 0]) + 0.8 * rng.normal(size=(30, 6))
    noisy = clear + np.array([-0.5, 0.5, 0.4, 0, 0, 0]) + 0.8 * rng.normal(size=(30, 6))
    found = answer(low, clear, noisy)
    if shape_of(found) == (30,):
        return "an angle for each region; an axis is the *mean* difference, and there is one angle"
    if shape_of(found) != ():
        return f"one number, in degrees; this one is {shape_of(found)}"
    light, noise = clear - low, noisy - clear
    wanted = _angle(light.mean(axis=0), noise.mean(axis=0))
    each = np.mean([_angle(a, b) for a, b in zip(light, noise, strict=True)])
    other = _angle(light.mean(axis=0), (noisy - low).mean(axis=0))
    for value, hint in (
        (np.radians(wanted), "that is in radians"),
        (np.cos(np.radians(wanted)), "that is the cosine of the angle"),
        (180 - wanted, "one axis is turned round: low to clear, and clear to noisy"),
        (each, "a mean of angles; take the means first, then the angle between them"),
        (other, "the axis of noise starts at clear, not at low"),
        (_angle(clear.mean(axis=0), noisy.mean(axis=0)), "an axis is a *difference* of latents"),
    ):
        if close(found, value):
            return hint
    if not close(found, wanted, 1e-3):
        return "means of clear - low and of noisy - clear; their product over their lengths"
    return None


def _angle(a: Array, b: Array) -> float:
    return float(np.degrees(np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))))


EXERCISES = {
    "07-shuffled-fraction": Exercise(shuffled_fraction),
    "07-map-agreement": Exercise(map_agreement, maps_expected),
    "07-noise-axis": Exercise(noise_angle),
}
