"""Codes drawn, mixed and exchanged, on a model whose brightness is known by formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lacr_lib.errors import LacrError
from lacr_lib.latent.decode import (
    Request,
    exchange_light,
    exchanged_request,
    interpolate,
    posterior_draws,
)
from lacr_lib.latent.encode import as_batch
from lacr_lib.latent.light_axis import LightAxis, walked_gain
from lacr_lib.models.vae import Encoding


class Lamp(torch.nn.Module):
    """Its code is each region's mean; it adds the code to the photograph, region by region."""

    def __init__(self, sigma: float = 0.0) -> None:
        super().__init__()
        self.sigma = torch.nn.Parameter(torch.tensor(sigma))

    def encode(self, x: torch.Tensor) -> Encoding:
        mu = torch.nn.functional.avg_pool2d(x, 8)
        return Encoding(mu, (2 * torch.log(self.sigma + 1e-9)).expand_as(mu), [])

    def decode(self, z: torch.Tensor, x: torch.Tensor, skips: list[torch.Tensor]) -> torch.Tensor:
        return x + torch.nn.functional.interpolate(z, scale_factor=8)

    def gain(self, z: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        assert (z.shape[2] * 8, z.shape[3] * 8) == size
        return torch.nn.functional.interpolate(z, size) ** 2  # a mean code is no mean gain


def photo(level: float, seed: int = 0, size: tuple[int, int] = (32, 48)) -> np.ndarray:
    texture = np.random.default_rng(seed).uniform(0.5, 1.5, (*size, 3))
    return np.round(255 * level * texture).astype(np.uint8)


def test_draws_spread_as_their_posterior_does():
    draws = posterior_draws(Lamp(0.02), photo(0.2), draws=400)
    assert draws.images.shape == (400, 32, 48, 3) and draws.deviation.shape == (32, 48)
    weights = np.array([0.299, 0.587, 0.114])  # luma of three independent draws
    expected = 0.02 * np.sqrt((weights**2).sum())
    assert draws.deviation.mean() == pytest.approx(expected, rel=0.05)


def test_a_certain_posterior_has_no_spread_and_draws_repeat():
    assert posterior_draws(Lamp(0.0), photo(0.2)).deviation.max() < 1e-6
    one, two = (posterior_draws(Lamp(0.1), photo(0.2), draws=3, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.images, two.images)
    with pytest.raises(LacrError, match="at least two draws"):
        posterior_draws(Lamp(), photo(0.2), draws=1)


def test_interpolation_begins_at_home_and_ends_with_the_others_code():
    dark, bright = photo(0.1), photo(0.4)
    images = interpolate(Lamp(), dark, bright, (0.0, 0.5, 1.0))
    x, other = as_batch(dark, Lamp()), as_batch(bright, Lamp())
    for image, t in zip(images, (0.0, 0.5, 1.0), strict=True):
        code = (1 - t) * Lamp().encode(x).mu + t * Lamp().encode(other).mu
        expected = Lamp().decode(code, x, [])[0].permute(1, 2, 0).detach().numpy()
        np.testing.assert_allclose(image, expected, atol=1e-6)
    with pytest.raises(LacrError, match="one size"):
        interpolate(Lamp(), dark, photo(0.4, size=(32, 32)))


def test_exchanged_light_has_the_others_mean_and_its_own_pattern():
    a, b = photo(0.1, seed=1), photo(0.3, seed=2, size=(64, 40))
    image = exchange_light(Lamp(), a, b)
    own = interpolate(Lamp(), a, a, (0.0,))[0]
    shift = image - own
    expected = b.mean(axis=(0, 1)) / 255 - a.mean(axis=(0, 1)) / 255
    np.testing.assert_allclose(shift, np.broadcast_to(expected, shift.shape), atol=1e-5)
    np.testing.assert_allclose(exchange_light(Lamp(), a, a), own, atol=1e-6)


def test_the_gain_along_a_walk_by_hand():
    axis = LightAxis(np.array([0.6, 0.8, 0.0]), low=1.0, clear=1.5, share=1.0)
    code = Lamp().encode(as_batch(photo(0.2), Lamp())).mu
    move = torch.tensor([0.3, 0.4, 0.0]).view(1, 3, 1, 1)  # a whole way: 0.5 along the axis
    expected = [float(((code + t * move) ** 2).mean()) for t in (-0.5, 0.0, 1.0)]
    gains = walked_gain(Lamp(), photo(0.2), axis, (-0.5, 0.0, 1.0))
    np.testing.assert_allclose(gains, expected, rtol=1e-5)


def test_request_of_an_exchange_by_hand():
    a, b = photo(0.1, seed=1), photo(0.3, seed=2, size=(64, 40))
    request = exchanged_request(Lamp(), a, b)
    codes = [Lamp().encode(as_batch(p, Lamp())).mu for p in (a, b)]
    shifted = codes[0] - codes[0].mean((2, 3), keepdim=True) + codes[1].mean((2, 3), keepdim=True)
    expected = [float((code**2).mean()) for code in (codes[0], shifted, codes[1])]
    assert request == pytest.approx(expected, abs=1e-6)
    assert 0.9 < request.carried < 1.0  # the others' pattern is not taken over
    assert Request(1.0, 1.5, 3.0).carried == 0.25
    assert np.isnan(Request(1.0, 1.0, 1.0).carried)
