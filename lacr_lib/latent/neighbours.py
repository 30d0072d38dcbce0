"""Who lies beside whom: what a flat map, or another model, keeps of a latent's neighbours.

Distances on a flat map mean nothing, but neighbours can be checked, point by point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 15

Points = NDArray[np.floating]


def nearest(points: Points | None, bank: Points, k: int = NEIGHBOURS) -> NDArray[np.int64]:
    """The k nearest points of a bank (B, D), Euclidean: indices (N, k), nearest first.

    points: (N, D), or None for the bank's own points, each of which then leaves itself out. A bank
    of k points or fewer gives fewer neighbours.
    """
    k = min(k, len(bank) - 1)
    search = NearestNeighbors(n_neighbors=k).fit(bank)
    return np.asarray(search.kneighbors(points, return_distance=False))


def in_common(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each point's neighbours that two lists (N, k) have in common, (N,) in [0, 1]."""
    return np.asarray((a[:, :, None] == b[:, None, :]).any(axis=2).mean(axis=1))


def place(moved: Points, fitted: Points, flat: Points) -> NDArray[np.float32]:
    """Places latents (M, Z) on a finished map (N, 2) of the fitted ones (N, Z): (M, 2).

    Each lies at the mean of its 15 nearest fitted latents' places, the nearer ones weighing more
    (by 1 / distance). It can lie between groups, but never outside of them: a latent unlike all
    fitted ones is not seen as such.
    """
    if not len(moved):
        return np.zeros((0, 2), np.float32)
    k = min(NEIGHBOURS, len(fitted))
    distance, near = NearestNeighbors(n_neighbors=k).fit(fitted).kneighbors(moved)
    weight = 1 / np.maximum(distance, 1e-6)  # (M, k)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray((flat[near] * weight[:, :, None]).sum(axis=1), np.float32)
