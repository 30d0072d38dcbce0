"""The settings of flat maps that change the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lacr_lib.errors import LacrError


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
        if self.epochs is not None and self.epochs < 1:
            raise LacrError(f"UMAP needs at least one epoch, not {self.epochs}")
        if not self.perplexity >= 1:
            raise LacrError(f"t-SNE needs a perplexity of at least 1, not {self.perplexity}")

    def fitting(self, count: int) -> MapSettings:
        """The settings in effect for so many points: none has more neighbours than others exist."""
        return replace(
            self,
            n_neighbors=min(self.n_neighbors, count - 1),
            perplexity=min(self.perplexity, (count - 1) / 4),
        )
