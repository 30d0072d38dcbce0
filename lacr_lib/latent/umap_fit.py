"""UMAP of few points or of very many, and further points placed into it.

Three things cost time on many points: the search for neighbours, the starting positions and the
epochs of the layout. The search runs on all cores, and on as many cores is the same for the same
seed; the start is PCA; the layout, of half the usual epochs, runs on one core, as a seed demands.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacr_lib.latent.map_settings import MapSettings

Points = NDArray[np.float32]
MANY = 4096  # points; below, UMAP compares all pairs
# 100,000 region latents of 155 scenes: trust 0.976 after 50 epochs, 0.982 after 100; with the
# defaults of umap-learn (200, spectral start) 0.980, for almost three times the work
EPOCHS, EPOCHS_OF_MANY = 200, 100
BLOCK = 50_000  # points placed at once
SEARCH: dict[str, Any] = {"n_trees": 8, "max_candidates": 30}  # of the neighbours of many points


class FittedUmap(NamedTuple):
    """model: `umap.UMAP`; flat (N, 2): its map; anchor (1, Z): the first point it was fitted on."""

    model: Any
    flat: Points
    anchor: Points


def fit_umap(points: Points, settings: MapSettings, seed: int | None) -> FittedUmap:
    """UMAP fitted on points (N, Z); seed None: all cores, another map each time."""
    with warnings.catch_warnings():
        hush_umap()
        from umap import UMAP  # slow at first: it compiles itself

        many = len(points) >= MANY
        known = {"precomputed_knn": neighbours(points, settings.n_neighbors, seed)} if many else {}
        model = UMAP(
            n_neighbors=settings.n_neighbors,
            min_dist=settings.min_dist,
            init="pca",
            n_epochs=settings.epochs or (EPOCHS_OF_MANY if many else EPOCHS),
            random_state=seed,
            n_jobs=-1 if seed is None else 1,
            **known,
        )
        model.fit(points)
    return FittedUmap(model, model.embedding_, points[:1])


def place_umap(umap: FittedUmap, points: Points, block: int = BLOCK) -> Points:
    """Places further points (M, Z) into a fitted UMAP, a block at a time: (M, 2).

    A point is drawn to the neighbours it has among the *fitted* points and moves no other. UMAP
    weighs its edges against the strongest of the block; the anchor, which coincides with a fitted
    point, travels with each block and makes that 1, so that a point's place does not depend on
    the company it is placed in.
    """
    parts = [np.zeros((0, 2), np.float32)]
    with warnings.catch_warnings():
        hush_umap()
        for start in range(0, len(points), block):
            some = np.concatenate([points[start : start + block], umap.anchor])
            parts.append(umap.model.transform(some)[:-1])
    return np.concatenate(parts)


def neighbours(points: Points, k: int, seed: int | None) -> tuple[Any, Any, Any]:
    """The k nearest of many points, approximately, on all cores: indices, distances, the index.

    The same for the same seed and number of cores; 6 in 100,000 entries differ between one and two.
    Source: nearest-neighbour descent, Dong, Moses & Li 2011, of pynndescent.
    """
    from pynndescent import NNDescent  # type: ignore[import-untyped]

    index = NNDescent(
        np.ascontiguousarray(points, np.float32),
        n_neighbors=k,
        random_state=seed,
        n_jobs=-1,
        parallel_batch_queries=True,
        **SEARCH,
    )
    return (*index.neighbor_graph, index)


def hush_umap() -> None:
    """A fixed seed makes UMAP run on one core, which it reports each time; we want just that."""
    warnings.filterwarnings("ignore", message="n_jobs value")
    warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
