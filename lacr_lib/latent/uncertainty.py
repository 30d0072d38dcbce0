"""Is the posterior wider where light was lost? Draws against the light that a region lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import Interval, interval
from lacr_lib.latent.decode import Draws, Photo, posterior_draws
from lacr_lib.latent.encode import as_batch, region_luma, region_means

if TYPE_CHECKING:
    from lacr_lib.models.vae import LacrVae


class RegionSpread(NamedTuple):
    """What the draws of one photograph do in each of its regions; maps (h, w) of luma, 0..1.

    deviation: over the draws; luma: of their mean; lost: clear minus low, negative where low is
    brighter.
    """

    deviation: NDArray[np.float64]
    luma: NDArray[np.float64]
    lost: NDArray[np.float64]

    @property
    def spearman(self) -> float:
        """Rank correlation of deviation and lost light over the regions; 1: wider where more lost.

        NaN where all regions are alike in one of the two.
        """
        return rank_correlation(self.deviation, self.lost)

    @property
    def spearman_relative(self) -> float:
        """The same of deviation over luma: what is bright varies more only because it is bright."""
        return rank_correlation(self.deviation / np.maximum(self.luma, 1 / 255), self.lost)


def region_spread(
    model: LacrVae, low: Photo, clear: Photo, draws: Draws | None = None, seed: int = 0
) -> RegionSpread:
    """Draws of a low-light photograph (H, W, 3), region by region, beside the light it lacks.

    draws: those of `posterior_draws` (None: 16 are made). Errors: photographs of different size.
    """
    if low.shape != clear.shape:
        raise LacrError(f"low and clear have one size, not {low.shape} and {clear.shape}")
    draws = posterior_draws(model, low, seed=seed) if draws is None else draws
    mean = torch.from_numpy(draws.images.mean(axis=0)).permute(2, 0, 1)[None]
    lumas = [
        region_luma(image.cpu()).numpy().astype(np.float64)
        for image in (mean, as_batch(clear, model), as_batch(low, model))
    ]
    deviation = torch.from_numpy(draws.deviation)[None, None]
    regions = region_means(deviation)[0, 0].numpy()
    return RegionSpread(regions, lumas[0], lumas[1] - lumas[2])


def spread_where_lost(
    spreads: Mapping[str, RegionSpread], relative: bool = False, seed: int = 0
) -> Interval:
    """Mean over scenes of the rank correlation within each photograph, and its 95 % interval.

    spreads: scene -> one photograph of it. Within photographs, so that a dark scene and a bright
    one are never compared; scenes without a correlation are left out.
    Errors: fewer than two scenes with one.
    """
    found = {
        scene: spread.spearman_relative if relative else spread.spearman
        for scene, spread in spreads.items()
    }
    kept = {scene: value for scene, value in found.items() if np.isfinite(value)}
    if len(kept) < 2:
        raise LacrError("an interval over scenes needs at least two scenes: give more photographs")
    return interval(list(kept.values()), list(kept), seed)


def rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Spearman correlation of two maps of one shape; NaN where one of them is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(spearmanr(a.ravel(), b.ravel()).statistic)
