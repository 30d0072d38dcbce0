"""Flat maps of a latent space: PCA, t-SNE and UMAP, each with how far it can be trusted.

The maps are fitted on clear and low latents only. Enhanced ones are *transformed* into the finished
map where the method can do that, so that the map cannot be bent to show the wish; t-SNE cannot, and
says so. A joint fit, which may bend, is there to be set beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from lacr_lib.errors import LacrError
from lacr_lib.latent.map_quality import map_quality as map_quality
from lacr_lib.latent.map_settings import FEWEST, MapSettings, check_rows
from lacr_lib.latent.umap_fit import fit_umap, place_umap

Points = NDArray[np.float32]
METHODS = ("PCA", "t-SNE", "UMAP")


class LatentMap(NamedTuple):
    """A flat map: fitted (N, 2), moved (M, 2), without units; 0..1 trustworthiness, continuity.

    transformed: the moved points took no part in fitting the map. Trustworthiness and continuity
    are those of the fitted points, so that a joint fit can be compared. settings: those in effect.
    """

    method: str
    fitted: Points
    moved: Points
    transformed: bool
    trustworthiness: float
    continuity: float
    settings: MapSettings = MapSettings()


def latent_map(
    method: str,
    fitted: Points,
    moved: Points | None = None,
    seed: int | None = 0,
    settings: MapSettings | None = None,
    joint: bool = False,
) -> LatentMap:
    """A flat map of the fitted latents (N, Z), with further ones (M, Z) placed into it.

    method: one of METHODS. joint: fit the map on the moved points as well. t-SNE has no way to
    place a new point: there the moved points are always fitted along. seed None: UMAP runs on all
    cores and gives another map each time.
    Errors: an unknown method, fewer than 8 points, rows that are not finite or of two widths.
    PCA is exact; UMAP differs between machines.
    """
    if method not in METHODS:
        raise LacrError(f"no map {method!r}: choose from {', '.join(METHODS)}")
    if len(fitted) < FEWEST:
        raise LacrError(f"a map of {len(fitted)} points shows nothing: give at least {FEWEST}")
    others = fitted[:0] if moved is None else moved
    check_rows(fitted, others)
    along = joint or method == "t-SNE"
    used = (settings or MapSettings()).fitting(len(fitted) + along * len(others))
    draw = {"PCA": _pca, "t-SNE": _tsne, "UMAP": _umap}[method]
    if along:
        everything, _ = draw(np.concatenate([fitted, others]), others[:0], used, seed)
        flat, placed = everything[: len(fitted)], everything[len(fitted) :]
    else:
        flat, placed = draw(fitted, others, used, seed)
    trust, continuity = map_quality(fitted, flat)
    return LatentMap(method, flat, placed, not along, trust, continuity, used)


def procrustes(flat: Points, target: Points, anchor: NDArray[np.bool_]) -> Points:
    """Turns, scales and shifts a map (N, 2) so that its anchor points fit the target's best."""
    a, b = flat[anchor], target[anchor]
    centre, goal = a.mean(axis=0), b.mean(axis=0)
    u, singular, vt = np.linalg.svd((a - centre).T @ (b - goal))
    scale = singular.sum() / max(float(np.square(a - centre).sum()), 1e-12)
    return np.asarray((flat - centre) @ (u @ vt) * scale + goal, np.float32)


def _pca(
    fitted: Points, moved: Points, settings: MapSettings, seed: int | None
) -> tuple[Points, Points]:
    model = PCA(n_components=2, svd_solver="full").fit(fitted)
    return model.transform(fitted), model.transform(moved) if len(moved) else moved[:, :2]


def _tsne(
    fitted: Points, moved: Points, settings: MapSettings, seed: int | None
) -> tuple[Points, Points]:
    model = TSNE(perplexity=settings.perplexity, init="pca", max_iter=500, random_state=seed)
    return model.fit_transform(fitted), moved[:, :2]


def _umap(
    fitted: Points, moved: Points, settings: MapSettings, seed: int | None
) -> tuple[Points, Points]:
    umap = fit_umap(fitted, settings, seed)
    return umap.flat, place_umap(umap, moved)
