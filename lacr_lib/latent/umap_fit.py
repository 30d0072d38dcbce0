"""UMAP of few points or of very many, and further points placed into it.

Three things cost time on many points: the search for neighbours, the starting positions and the
epochs of the layout. The search runs on all cores and is still the same for the same seed; the
start is PCA; the layout, of half the usual epochs, runs on one core, as a seed demands.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacr_lib.latent.map_settings import MapSettings

Points = NDArray[np.float32]
MANY = 4096  # points; below, UMAP compares all pairs
EPOCHS, EPOCHS_OF_MANY = 200, 100
BLOCK = 50_000  # points placed at once
SEARCH: dict[str, Any] = {"n_trees": 8, "max_candidates": 30}  # of the neighbours of many points


def fit_umap(points: Points, settings: MapSettings, seed: int | None) -> Any:
    """A fitted `umap.UMAP` of points (N, Z); seed None: all cores, another map each time."""
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
        return model.fit(points)


def place_umap(model: Any, points: Points, block: int = BLOCK) -> Points:
    """Places further points (M, Z) into a fitted UMAP, a block at a time: (M, 2).

    Each point goes to the neighbours it has among the *fitted* points and moves no other, so the
    blocks change nothing but the memory needed.
    """
    with warnings.catch_warnings():
        hush_umap()
        parts = [
            model.transform(np.asarray(points[start : start + block]))
            for start in range(0, len(points), block)
        ]
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)


def neighbours(points: Points, k: int, seed: int | None) -> tuple[Any, Any, Any]:
    """The k nearest of many points, approximately, on all cores: indices, distances, the index.

    Source: nearest-neighbour descent, Dong, Moses & Li 2011, of pynndescent.
    """
    from pynndescent import NNDescent

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
