"""Flat maps of a latent space: PCA, t-SNE and UMAP, each with how far it can be trusted.

The maps are fitted on clear and low latents only. Enhanced ones are *transformed* into the finished
map where the method can do that, so that the map cannot be bent to show the wish; t-SNE cannot, and
says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

from lacr_lib.errors import LacrError

Points = NDArray[np.float32]
METHODS = ("PCA", "t-SNE", "UMAP")
TRUST_NEIGHBOURS = 15
FEWEST = 8  # points
TRUST_SAMPLE = 2000  # rows that trust is measured on, drawn with a fixed seed
UMAP_SETTINGS: dict[str, Any] = {"n_neighbors": 15, "min_dist": 0.1, "init": "pca", "n_epochs": 200}
FILM_SETTINGS: dict[str, Any] = {"n_neighbors": 15, "min_dist": 0.1, "n_epochs": 60}


class LatentMap(NamedTuple):
    """A flat map: fitted (N, 2), moved (M, 2), without units; 0..1 trustworthiness, continuity.

    transformed: the moved points took no part in fitting the map.
    """

    method: str
    fitted: Points
    moved: Points
    transformed: bool
    trustworthiness: float
    continuity: float


def latent_map(
    method: str, fitted: Points, moved: Points | None = None, seed: int = 0
) -> LatentMap:
    """A flat map of the fitted latents (N, Z), with further ones (M, Z) placed into it.

    method: one of METHODS; their parameters are fixed in this file. t-SNE has no way to place a new
    point: there, and only there, the moved points are fitted along.
    Errors: an unknown method, fewer than 8 points. PCA is exact; UMAP differs between machines.
    """
    if method not in METHODS:
        raise LacrError(f"no map {method!r}: choose from {', '.join(METHODS)}")
    if len(fitted) < FEWEST:
        raise LacrError(f"a map of {len(fitted)} points shows nothing: give at least {FEWEST}")
    others = fitted[:0] if moved is None else moved
    draw = {"PCA": _pca, "t-SNE": _tsne, "UMAP": _umap}[method]
    flat, placed = draw(fitted, others, seed)
    trust, continuity = map_quality(fitted, flat)
    return LatentMap(method, flat, placed, method != "t-SNE", trust, continuity)


def map_quality(latents: Points, flat: Points) -> tuple[float, float]:
    """Trustworthiness and continuity of a map at 15 neighbours, on at most 2,000 of its points.

    Trustworthiness falls when the map invents neighbours, continuity when it tears real ones apart;
    1 is best. Source: Venna & Kaski 2001; continuity is trustworthiness with the spaces exchanged.
    """
    rows = np.random.default_rng(0).permutation(len(latents))[:TRUST_SAMPLE]
    k = min(TRUST_NEIGHBOURS, (len(rows) - 1) // 2)
    a, b = latents[rows], flat[rows]
    trust, continuity = trustworthiness(a, b, n_neighbors=k), trustworthiness(b, a, n_neighbors=k)
    return float(trust), float(continuity)


def film_maps(
    snapshots: Sequence[Points], anchor: NDArray[np.bool_], seed: int = 0
) -> NDArray[np.float32]:
    """One map for each snapshot of the same latents, laid over each other: (T, N, Z) -> (T, N, 2).

    AlignedUMAP ties each point to itself in the next snapshot; then every map is turned, scaled and
    shifted so that the anchor points (N,), the clear ones, lie as in the last. What moves is the
    rest.
    Source: AlignedUMAP of umap-learn; Procrustes alignment, Schoenemann 1966.
    """
    if len(snapshots) < 2:
        raise LacrError(f"a film needs at least two snapshots, {len(snapshots)} given")
    with warnings.catch_warnings():
        _hush_umap()
        from umap import AlignedUMAP

        same = {i: i for i in range(len(snapshots[0]))}
        film = AlignedUMAP(random_state=seed, **FILM_SETTINGS)
        film.fit([np.asarray(s) for s in snapshots], relations=[same] * (len(snapshots) - 1))
    maps = [np.asarray(m, np.float32) for m in film.embeddings_]
    return np.stack([procrustes(flat, maps[-1], anchor) for flat in maps])


def procrustes(flat: Points, target: Points, anchor: NDArray[np.bool_]) -> Points:
    """Turns, scales and shifts a map (N, 2) so that its anchor points fit the target's best."""
    a, b = flat[anchor], target[anchor]
    centre, goal = a.mean(axis=0), b.mean(axis=0)
    u, singular, vt = np.linalg.svd((a - centre).T @ (b - goal))
    scale = singular.sum() / max(float(np.square(a - centre).sum()), 1e-12)
    return np.asarray((flat - centre) @ (u @ vt) * scale + goal, np.float32)


def _pca(fitted: Points, moved: Points, seed: int) -> tuple[Points, Points]:
    model = PCA(n_components=2, svd_solver="full").fit(fitted)
    return model.transform(fitted), model.transform(moved) if len(moved) else moved[:, :2]


def _tsne(fitted: Points, moved: Points, seed: int) -> tuple[Points, Points]:
    everything = np.concatenate([fitted, moved])
    perplexity = min(30.0, (len(everything) - 1) / 4)
    model = TSNE(perplexity=perplexity, init="pca", max_iter=500, random_state=seed)
    flat = model.fit_transform(everything)
    return flat[: len(fitted)], flat[len(fitted) :]


def _umap(fitted: Points, moved: Points, seed: int) -> tuple[Points, Points]:
    with warnings.catch_warnings():
        _hush_umap()
        from umap import UMAP  # slow at first: it compiles itself

        settings = {**UMAP_SETTINGS, "n_neighbors": min(TRUST_NEIGHBOURS, len(fitted) - 1)}
        model = UMAP(random_state=seed, n_jobs=1, **settings).fit(fitted)
        placed = model.transform(moved) if len(moved) else moved[:, :2]
    return model.embedding_, placed


def _hush_umap() -> None:
    """A fixed seed makes UMAP run on one core, which it reports each time; we want just that."""
    warnings.filterwarnings("ignore", message="n_jobs value")
    warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
