"""Maps of a million latents: a sample is fitted, all others are placed into the finished map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.map_quality import map_quality
from lacr_lib.latent.map_settings import FEWEST, MapSettings, check_rows
from lacr_lib.latent.umap_fit import BLOCK, fit_umap, place_umap

FITTED = 100_000  # rows
FITTED_KINDS = ("low", "clear")
Rows = NDArray[np.int64]


class LargeMap(NamedTuple):
    """A UMAP of a whole table: flat (N, 2) float32, no unit; fitted (K,) rows it was fitted on.

    0..1 trustworthiness, continuity: of all rows, on the fixed sample of 5,000.
    """

    flat: NDArray[np.float32]
    fitted: Rows
    trustworthiness: float
    continuity: float


def large_map(
    latents: Latents,
    count: int = FITTED,
    seed: int = 0,
    settings: MapSettings | None = None,
    block: int = BLOCK,
) -> LargeMap:
    """A UMAP fitted on a stratified sample of the low and clear rows; all other rows are placed.

    count: rows that are fitted, at most. Memory beyond the table: that of a UMAP of `count` rows
    and of one block. A table that lies on the disk is read once, block by block.
    Errors: fewer than 8 low and clear rows, rows that are not finite.
    """
    fitted = stratified_rows(latents, count, seed, FITTED_KINDS)
    if len(fitted) < FEWEST:
        raise LacrError(f"a map of {len(fitted)} low and clear rows shows nothing: give more")
    used = settings or MapSettings()
    check_rows(latents.mu[fitted])
    umap = fit_umap(latents.mu[fitted], used.fitting(len(fitted)), seed)
    flat = np.empty((len(latents), 2), np.float32)
    flat[fitted] = umap.flat
    rest = np.ones(len(latents), bool)
    rest[fitted] = False
    for rows in np.split(np.flatnonzero(rest), range(block, int(rest.sum()), block)):
        points = latents.mu[rows]
        check_rows(points)
        flat[rows] = place_umap(umap, points, block)
    return LargeMap(flat, fitted, *map_quality(latents.mu, flat))


def stratified_rows(
    latents: Latents, count: int, seed: int = 0, kinds: tuple[str, ...] | None = None
) -> Rows:
    """At most `count` rows, in order, with the same number of every kind of every scene.

    kinds: None for all. A stratum (scene, kind) with too few rows gives all it has, and the others
    share what it leaves. So scenes with many photographs do not crowd out the others, and clear
    rows, of which a ladder has few, are as many as low ones. Errors: count below 1.
    """
    if count < 1:
        raise LacrError(f"a sample has at least one row, not {count}")
    names = np.array(list(kinds or dict.fromkeys(latents.kind.tolist())))
    kept = np.flatnonzero(np.isin(latents.kind, names))
    if len(kept) <= count:
        return kept
    _, scene = np.unique(latents.scene[kept], return_inverse=True)
    kind = np.argmax(latents.kind[kept][:, None] == names, axis=1)
    _, stratum, sizes = np.unique(
        scene * len(names) + kind, return_inverse=True, return_counts=True
    )
    quota = _shares(sizes, count)
    order = np.random.default_rng(seed).permutation(len(kept))
    order = order[np.argsort(stratum[order], kind="stable")]  # strata, each shuffled
    place = np.arange(len(kept)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(kept[order[place < np.repeat(quota, sizes)]])


def _shares(sizes: Rows, count: int) -> Rows:
    """Equal shares that no stratum exceeds and that add up to `count`, (S,)."""
    quota = np.zeros_like(sizes)
    left = count
    while left:
        hungry = np.flatnonzero(quota < sizes)
        share = max(left // len(hungry), 1)
        given = np.minimum(sizes[hungry] - quota[hungry], share)[:left]
        quota[hungry[: len(given)]] += given
        left = count - int(quota.sum())
    return quota
