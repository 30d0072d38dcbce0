"""How far a flat map can be trusted, measured on a fixed sample of its points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import euclidean_distances

Points = NDArray[np.float32]
TRUST_NEIGHBOURS = 15
TRUST_SAMPLE = 5000  # rows that trust is measured on, drawn with a fixed seed
BLOCK = 500  # rows whose distances are in memory at once: 2 x 20 MB for a sample of 5,000


def map_quality(latents: Points, flat: Points) -> tuple[float, float]:
    """Trustworthiness and continuity of a map at 15 neighbours, on at most 5,000 of its points.

    latents (N, Z), flat (N, 2). Trustworthiness falls when the map invents neighbours, continuity
    when it tears real ones apart; 1 is best. The sample is the same for every map of N points; its
    neighbours are sought within it. Source: Venna & Kaski 2001.
    """
    rows = trust_rows(len(latents))
    a, b = (np.asarray(points[rows], np.float64) for points in (latents, flat))
    n, k = len(rows), min(TRUST_NEIGHBOURS, (len(rows) - 1) // 2)
    invented = torn = 0.0
    for distance_a, distance_b in _distances(a, b):
        invented += _intruders(distance_a, distance_b, k)
        torn += _intruders(distance_b, distance_a, k)
    most = n * k * (2 * n - 3 * k - 1) / 2
    return 1 - invented / most, 1 - torn / most


def trust_rows(count: int) -> NDArray[np.int64]:
    """The rows that trust is measured on: 5,000 of them, or all in random order if there are fewer.

    Fixed: they depend on the number of rows alone.
    """
    return np.random.default_rng(0).permutation(count)[:TRUST_SAMPLE]


def _distances(*spaces: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.float64], ...]]:
    """Squared distances of a block of points to all, in each space; infinite to themselves."""
    for start in range(0, len(spaces[0]), BLOCK):
        pairs = tuple(
            euclidean_distances(x[start : start + BLOCK], x, squared=True) for x in spaces
        )
        own = np.arange(len(pairs[0]))
        for distance in pairs:
            distance[own, start + own] = np.inf
        yield pairs


def _intruders(true: NDArray[np.float64], drawn: NDArray[np.float64], k: int) -> float:
    """Over all k nearest in `drawn` (B, N): how many ranks behind the k nearest in `true`."""
    near = np.argpartition(drawn, k - 1, axis=1)[:, :k]  # (B, k)
    far = np.take_along_axis(true, near, axis=1)
    excess = 0.0
    for column in far.T:
        rank = 1 + np.count_nonzero(true < column[:, None], axis=1)
        excess += float(np.maximum(rank - k, 0).sum())
    return excess
