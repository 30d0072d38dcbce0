"""Principal directions on codes laid out by hand, and what a move reaches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lacr_lib.errors import LacrError
from lacr_lib.latent.directions import Directions, principal_directions
from lacr_lib.latent.light_axis import LightAxis
from lacr_lib.latent.steer import (
    Handle,
    Region,
    SteeredPhoto,
    code_handles,
    luma_at,
    window,
)
from lacr_lib.models.vae import Encoding

LIGHT = LightAxis(np.array([1.0, 0.0, 0.0]), low=0.0, clear=4.0, share=1.0)


def _codes(n: int = 4000) -> np.ndarray:
    """Wide in light (9), then along (0, 3, -4) / 5 (2), then across (0.5)."""
    a, b, c = np.random.default_rng(0).normal(size=(3, n))
    second, third = np.array([0, 0.6, -0.8]), np.array([0, 0.8, 0.6])
    codes = 9 * np.outer(a, [1, 0, 0]) + 2 * np.outer(b, second) + 0.5 * np.outer(c, third)
    return (codes + 7).astype(np.float32)


def test_directions_are_the_widest_ones_with_their_deviation_and_a_fixed_sign():
    found = principal_directions(_codes(), 3)
    np.testing.assert_allclose(found.deviation, [9, 2, 0.5], rtol=0.03)
    np.testing.assert_allclose(found.vectors[0], [1, 0, 0], atol=0.02)
    np.testing.assert_allclose(found.vectors[1], [0, -0.6, 0.8], atol=0.02)  # 0.8 is the largest
    assert found.share.sum() == pytest.approx(1) and found.share[0] > 0.9
    mirrored = principal_directions(-_codes(), 3)
    np.testing.assert_allclose(mirrored.vectors, found.vectors, atol=1e-6)


def test_without_the_light_the_directions_are_across_it():
    found = principal_directions(_codes(), 2, without=LIGHT)
    np.testing.assert_allclose(found.vectors @ LIGHT.direction, 0, atol=1e-9)
    np.testing.assert_allclose(found.deviation, [2, 0.5], rtol=0.03)
    assert found.share.sum() < 0.1  # of all that varies, light included


@pytest.mark.parametrize(("rows", "count", "without"), [(9, 4, None), (9, 3, LIGHT), (2, 2, None)])
def test_more_directions_than_there_are_is_an_error(rows, count, without):
    with pytest.raises(LacrError, match=f"no {count} principal directions"):
        principal_directions(_codes(rows), count, without)


def test_windows():
    here = Region(2, 5)
    alone, bell, whole = (
        window((6, 8), here, reach) for reach in ("region", "neighbourhood", "photograph")
    )
    assert alone.sum() == 1 and alone[2, 5] == 1 and (whole == 1).all()
    assert bell[2, 5] == 1 and bell[2, 2] == pytest.approx(np.exp(-0.5))  # three regions away
    assert (bell < 1).sum() == 47 and bell.min() > 0
    with pytest.raises(LacrError, match="no Region"):
        window((6, 8), Region(6, 0), "region")
    with pytest.raises(LacrError, match="no reach"):
        window((6, 8), here, "all")


class Additive(torch.nn.Module):
    """Adds its code to the picture, region by region; counts its decodings."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.decoded = 0

    def encode(self, x: torch.Tensor) -> Encoding:
        mu = 0 * torch.nn.functional.avg_pool2d(x, 8)
        return Encoding(mu, mu, [])

    def decode(self, z: torch.Tensor, x: torch.Tensor, skips: list[torch.Tensor]) -> torch.Tensor:
        self.decoded += 1
        return x + torch.nn.functional.interpolate(z, scale_factor=8)


def test_a_move_is_the_sum_of_its_handles_in_their_units_within_the_window():
    model, photo = Additive(), np.full((32, 48, 3), 51, np.uint8)
    directions = Directions(np.array([[0, 0, 1.0]]), np.array([0.1]), np.array([0.5]))
    axis = LIGHT._replace(low=0.0, clear=0.2)
    steered = SteeredPhoto(model, photo, code_handles(axis, directions))
    image = steered.image({"light axis": 0.5, "direction 1": -1.0}, Region(1, 2), "region").copy()
    np.testing.assert_allclose(image[8:16, 16:24], np.tile([0.3, 0.2, 0.1], (8, 8, 1)), atol=1e-6)
    image[8:16, 16:24] = 0.2
    np.testing.assert_allclose(image, 0.2, atol=1e-6)
    assert steered.middle == Region(2, 3)


def test_what_is_known_is_not_decoded_again():
    model, photo = Additive(), np.full((32, 48, 3), 51, np.uint8)
    handles = {"red": Handle(np.array([0.1, 0, 0]), "parts", -1, 1)}
    steered = SteeredPhoto(model, photo, handles)
    for region, reach in ((Region(0, 0), "region"), (Region(3, 1), "photograph")):
        steered.image({"red": -0.0}, region, reach)
    assert model.decoded == 1  # nothing is moved, wherever
    for region in (Region(0, 0), Region(3, 1)):
        steered.image({"red": 0.5}, region, "photograph")
    assert model.decoded == 2  # all regions are moved, whichever is marked
    steered.image({"red": 0.5}, Region(3, 1), "region")
    assert model.decoded == 3
    with pytest.raises(LacrError, match="no handle 'blue'"):
        steered.image({"blue": 1.0}, Region(0, 0))


def test_luma_of_a_region_and_of_all():
    image = np.zeros((16, 24, 3), np.float32)
    image[8:16, 16:24] = 0.6
    assert luma_at(image, Region(1, 2)) == pytest.approx(0.6)
    assert luma_at(image, Region(0, 2)) == 0
    assert luma_at(image) == pytest.approx(0.1)


def test_a_direction_in_which_nothing_varies_has_no_deviation():
    codes = np.outer(np.random.default_rng(0).normal(size=50), [1.0, 2, 3])
    found = principal_directions(codes, 3)
    np.testing.assert_allclose(found.deviation[1:], 0, atol=1e-6)


class Own(Additive):
    """Its code is the mean of each region, its picture the photograph and the code."""

    def encode(self, x):
        mu = torch.nn.functional.avg_pool2d(x, 8)
        return Encoding(mu, mu, [])


def test_at_rest_the_own_code_is_decoded_and_the_picture_cannot_be_changed():
    handles = {"red": Handle(np.array([0.1, 0, 0]), "parts", -1, 1)}
    steered = SteeredPhoto(Own(), np.full((32, 48, 3), 51, np.uint8), handles)
    image = steered.image({}, Region(0, 0))
    np.testing.assert_allclose(image, 0.4, atol=1e-6)  # 0.2 and its own 0.2
    with pytest.raises(ValueError, match="read-only"):
        image[0] = 0


def test_a_region_before_the_first_is_outside_too():
    for region in (Region(-1, 0), Region(0, -1)):
        with pytest.raises(LacrError, match="no Region"):
            window((6, 8), region, "region")


def test_handles_reach_half_a_way_beyond_both_ends_and_three_deviations():
    directions = Directions(np.array([[0, 0, 1.0]]), np.array([0.1]), np.array([0.5]))
    found = code_handles(LIGHT, directions)
    assert [(h.start, h.stop) for h in found.values()] == [(-0.5, 1.5), (-3, 3)]
