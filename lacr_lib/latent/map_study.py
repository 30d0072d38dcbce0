"""One question asked of many maps: what stays when settings, fit, view or method change?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.latent.draws import drawn
from lacr_lib.latent.embed import LatentMap, latent_map
from lacr_lib.latent.encode import Latents, thin
from lacr_lib.latent.map_settings import MapSettings
from lacr_lib.latent.statistics import estimate, mean_of

Points = NDArray[np.float32]
UMAP_GRID = tuple(
    tuple(MapSettings(n_neighbors=k, min_dist=d) for d in (0.0, 0.1, 0.5)) for k in (5, 15, 50)
)
TSNE_ROW = (tuple(MapSettings(perplexity=p) for p in (5, 30, 100)),)
NEAREST = 10


class View(NamedTuple):
    """A map with the tables whose rows are its `fitted` and `moved` points."""

    flat: LatentMap
    fitted: Latents
    moved: Latents


class ClearShare(NamedTuple):
    """How many of an enhanced row's 10 nearest fitted rows are clear, 0..1, means over rows.

    in_map, in_space: the share on the map and in the latent space; difference: map - space, row by
    row; error: its mean size, which is not zero where rows are wrong in both directions; chance:
    the share of clear rows among the fitted. Intervals over scenes.
    """

    in_map: Interval
    in_space: Interval
    difference: Interval
    error: Interval
    chance: float


def map_grid(
    method: str,
    fitted: Points,
    moved: Points | None = None,
    grid: Sequence[Sequence[MapSettings]] = UMAP_GRID,
    seed: int = 0,
) -> list[list[LatentMap]]:
    """The same latents (N, Z), (M, Z) under each of the settings; UMAP_GRID or TSNE_ROW."""
    return [[latent_map(method, fitted, moved, seed, settings) for settings in row] for row in grid]


def view_maps(
    table: Latents, regions: int, method: str = "UMAP", seed: int = 0
) -> dict[tuple[str, str], View]:
    """Maps of posterior means and of draws, of single regions and pooled a photograph.

    table: all regions, so that a photograph's pooled latent is that of the whole; regions: how many
    of a photograph are drawn as single points. Keys: ("means" or "draws", "regions" or "pooled").
    """
    views = {}
    for source, latents in (("means", table), ("draws", drawn(table, seed))):
        for grain, rows in (
            ("regions", thin(latents, regions, seed)),
            ("pooled", latents.pooled()),
        ):
            fitted, moved = rows.of("low", "clear"), rows.of("enhanced")
            flat = latent_map(method, fitted.mu, moved.mu, seed)
            views[source, grain] = View(flat, fitted, moved)
    return views


def share_of_clear(
    fitted: Points, clear: NDArray[np.bool_], asked: Points, k: int = NEAREST
) -> NDArray[np.float64]:
    """Share of clear among the k fitted points (N, D) nearest to each asked one (M, D): (M,).

    Errors: fewer than k fitted points.
    """
    if len(fitted) < k:
        raise LacrError(f"{k} nearest neighbours need as many points, {len(fitted)} given")
    near = NearestNeighbors(n_neighbors=k).fit(fitted).kneighbors(asked, return_distance=False)
    return np.asarray(clear[near].mean(axis=1), np.float64)


def clear_share_kept(view: View, k: int = NEAREST, seed: int = 0) -> ClearShare:
    """Does the map show the company that enhanced rows keep in the latent space?

    What survives is what `in_map` and `in_space` share; a difference whose interval leaves out zero
    is the map's own. Errors: no enhanced rows, or those of fewer than two scenes.
    """
    flat, fitted, moved = view
    if not len(moved):
        raise LacrError("no enhanced rows: there is no company to compare")
    clear = fitted.kind == "clear"
    on_map = share_of_clear(flat.fitted, clear, flat.moved, k)
    truly = share_of_clear(fitted.mu, clear, moved.mu, k)
    names, scene = np.unique(moved.scene, return_inverse=True)
    values = (on_map, truly, on_map - truly, np.abs(on_map - truly))
    means = [estimate(mean_of(v, scene, len(names)), len(names), seed) for v in values]
    return ClearShare(means[0], means[1], means[2], means[3], float(clear.mean()))
