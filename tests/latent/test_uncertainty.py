"""Spread against lost light, on a model whose posterior is known by formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lacr_lib.errors import LacrError
from lacr_lib.latent.decode import Draws
from lacr_lib.latent.uncertainty import RegionSpread, region_spread, spread_where_lost
from lacr_lib.models.vae import Encoding


class Doubtful(torch.nn.Module):
    """Its posterior is as wide as a region is dark; what is drawn is added to the photograph."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def encode(self, x: torch.Tensor) -> Encoding:
        mu = 0 * torch.nn.functional.avg_pool2d(x, 8)
        sigma = 0.1 * (1 - torch.nn.functional.avg_pool2d(x, 8)) ** 4
        return Encoding(mu, 2 * torch.log(sigma), [])

    def decode(self, z: torch.Tensor, x: torch.Tensor, skips: list[torch.Tensor]) -> torch.Tensor:
        return 0.5 + torch.nn.functional.interpolate(z, scale_factor=8)


def _photo(levels: np.ndarray) -> np.ndarray:
    regions = np.kron(levels, np.ones((8, 8)))[..., None].repeat(3, axis=2)
    return np.round(255 * regions).astype(np.uint8)


LEVELS = np.linspace(0.02, 0.7, 24).reshape(4, 6)


def test_a_posterior_that_is_wide_in_the_dark_spreads_where_light_was_lost():
    low, clear = _photo(LEVELS), _photo(np.full((4, 6), 0.8))
    spread = region_spread(Doubtful(), low, clear)
    np.testing.assert_allclose(spread.lost, 0.8 - LEVELS, atol=0.003)
    np.testing.assert_allclose(spread.luma, 0.5, atol=0.06)
    assert spread.deviation.shape == (4, 6) and spread.spearman > 0.8
    other_way = region_spread(Doubtful(), low, _photo(2 * LEVELS.clip(max=0.5)))
    assert other_way.spearman < -0.5  # most light is lost where much is left
    with pytest.raises(LacrError, match="one size"):
        region_spread(Doubtful(), low, clear[:16])


def _by_hand(deviation: list[float], luma: list[float]) -> RegionSpread:
    lost = np.arange(1.0, 5.0).reshape(2, 2)
    return RegionSpread(np.reshape(deviation, (2, 2)), np.reshape(luma, (2, 2)), lost)


def test_the_interval_is_that_of_the_correlations_within_the_photographs():
    ones = [1.0] * 4
    up, down = _by_hand([1, 2, 3, 4], ones), _by_hand([4, 3, 2, 1], ones)
    flat = _by_hand(ones, ones)  # has no correlation: left out
    mean, low, high = spread_where_lost({"a": up, "b": up, "c": up, "d": down, "e": flat})
    assert mean == pytest.approx(0.5) and low < 0.5 < high == pytest.approx(1)
    assert np.isnan(flat.spearman)
    with pytest.raises(LacrError, match="two scenes"):
        spread_where_lost({"a": up, "e": flat})


def test_relative_spread_takes_the_brightness_out():
    by_brightness = _by_hand([1, 2, 3, 4], [0.1, 0.25, 0.5, 0.9])  # less than in proportion
    assert by_brightness.spearman == pytest.approx(1)
    assert by_brightness.spearman_relative == pytest.approx(-1)
    both = {"a": by_brightness, "b": by_brightness}
    assert spread_where_lost(both, relative=True).mean == pytest.approx(-1)


def test_the_maps_are_those_of_the_regions_also_where_a_side_is_no_multiple_of_8():
    photo = np.zeros((16, 44, 3), np.uint8)
    photo[:, 40:] = 255  # the last column of regions: half as wide, and wholly white
    images = np.zeros((2, 16, 44, 3), np.float32)
    deviation = photo[..., 0] / 255.0
    spread = region_spread(Doubtful(), 0 * photo, photo, Draws(images, deviation))
    expected = np.tile([0, 0, 0, 0, 0, 1.0], (2, 1))
    np.testing.assert_allclose(spread.deviation, expected, atol=1e-6)
    np.testing.assert_allclose(spread.lost, expected, atol=1e-6)
