"""What a flat map is asked for: the settings that change the picture, and rows it can place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError

Points = NDArray[np.float32]
FEWEST = 8  # points of a map


@dataclass(frozen=True)
class MapSettings:
    """What t-SNE (perplexity) and UMAP (the rest) are asked for; PCA has no settings.

    n_neighbors: how many neighbours of each point are kept together. min_dist: how near they may
    be drawn, against a spread of 1. epochs: of the layout, None: 200, from 4,096 points on 100.
    perplexity: roughly, the number of neighbours that t-SNE keeps together.
    Errors: a value out of range.
    Source: McInnes, Healy & Melville 2018; van der Maaten & Hinton 2008.
    """

    n_neighbors: int = 15
    min_dist: float = 0.1
    epochs: int | None = None
    perplexity: float = 30.0

    def __post_init__(self) -> None:
        if self.n_neighbors < 2:
            raise LacrError(f"UMAP needs n_neighbors of at least 2, not {self.n_neighbors}")
        if not 0 <= self.min_dist <= 1:
            raise LacrError(f"UMAP's min_dist lies between 0 and 1, not at {self.min_dist}")
        if self.epochs is not None and self.epochs < 3:  # a third of them places further points
            raise LacrError(f"UMAP needs at least 3 epochs, not {self.epochs}")
        if not self.perplexity >= 1:
            raise LacrError(f"t-SNE needs a perplexity of at least 1, not {self.perplexity}")

    def fitting(self, count: int) -> MapSettings:
        """The settings in effect for so many points: none has more neighbours than others exist."""
        return replace(
            self,
            n_neighbors=min(self.n_neighbors, count - 1),
            perplexity=min(self.perplexity, (count - 1) / 4),
        )


def check_rows(*tables: Points) -> None:
    """One line for what the methods would answer with a traceback."""
    if any(points.ndim != 2 or points.shape[1] != tables[0].shape[1] for points in tables):
        shapes = " and ".join(str(points.shape) for points in tables)
        raise LacrError(f"a map is drawn of rows of one width, (N, Z): got {shapes}")
    if not all(np.isfinite(points).all() for points in tables):
        raise LacrError("latents that are not finite have no place on a map: leave such rows out")
