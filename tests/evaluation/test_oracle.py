"""The best smooth gain and the best curve find what was done, and nothing beats them."""

import numpy as np
import pytest
import torch

from lacr_lib.evaluation.oracle import best_curve, best_light
from lacr_lib.models.light import relight


@pytest.fixture
def photograph():
    torch.manual_seed(0)
    return torch.rand(1, 3, 64, 64) * 0.5


@pytest.mark.parametrize(("acted", "other"), [("odds", "product"), ("product", "odds")])
def test_it_finds_the_light_that_acted(photograph, acted, other):
    slope = torch.linspace(0.4, 1.0, 64).expand(1, 3, 64, 64)
    clear = relight(photograph, slope, acted)
    error = {
        light: (best_light(photograph, clear, light, cell=16) - clear).abs().mean().item()
        for light in (acted, other)
    }
    assert error[acted] < 0.01 and error[acted] < 0.25 * error[other]


def test_it_leaves_gradients_and_the_caller_alone(photograph):
    with torch.no_grad():
        lit = best_light(photograph, photograph.flip(3), cell=64, steps=2)
    assert lit.shape == photograph.shape and not lit.requires_grad


def test_each_image_and_channel_has_its_own_gain():
    torch.manual_seed(0)
    x = torch.rand(2, 3, 32, 32) * 0.5
    clear = relight(x, torch.linspace(0.2, 1.2, 6).view(2, 3, 1, 1).expand_as(x))
    assert (best_light(x, clear) - clear).abs().mean() < 0.01


def test_the_gain_changes_from_cell_to_cell_and_not_within():
    torch.manual_seed(0)
    x = torch.rand(1, 3, 32, 128) * 0.5
    wave = torch.sin(torch.linspace(0, 6.3, 128)).expand_as(x)
    clear = relight(x, 0.5 + 0.5 * wave)
    assert (best_light(x, clear, cell=16) - clear).abs().mean() < 0.01
    apart = (x.flip(3) - x).abs().mean()  # fine texture: no smooth gain makes it
    assert (best_light(x, x.flip(3), cell=16) - x.flip(3)).abs().mean() > 0.5 * apart


def test_the_gain_keeps_the_models_range():
    black = torch.zeros(1, 3, 32, 32)
    lit = best_light(black, black + 1)
    torch.testing.assert_close(lit, relight(black, torch.full_like(black, 4.0)))


def test_the_best_light_holds_no_graph():
    x = torch.rand(1, 3, 32, 32)
    assert not best_light(x, x.flip(3), steps=2).requires_grad


def test_it_is_the_absolute_error_that_is_least():
    """A fifth of the reference is spoilt: a mean absolute error lets it be, a squared one not."""
    x = torch.full((1, 3, 40, 40), 0.3)
    clear = relight(x, torch.ones_like(x))
    spoilt = clear.clone()
    spoilt[..., ::5] = 0.0
    lit = best_light(x, spoilt, cell=40, steps=200)
    assert (lit - clear).abs().max() < 0.02


def test_the_best_curve_undoes_any_curve_of_a_channel():
    rng = np.random.default_rng(0)
    clear = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    dark = np.stack([255 - clear[..., 0], clear[..., 1], clear[..., 2] ^ 0x55], axis=2)
    assert (best_curve(dark, clear) == clear).all()


def test_no_curve_errs_less_than_the_best():
    """Against noise, where it is a mean, and against the curves next to it."""
    rng = np.random.default_rng(0)
    dark = rng.integers(0, 8, (60, 60, 3), dtype=np.uint8)
    clear = np.clip(20.0 * dark + rng.normal(0, 20, dark.shape), 0, 255).astype(np.uint8)
    lit = best_curve(dark, clear).astype(float)
    for value in range(8):
        seen = clear[..., 1][dark[..., 1] == value]
        assert abs(lit[..., 1][dark[..., 1] == value] - seen.mean()).max() <= 0.5
    error = np.square(lit - clear).mean()
    for change in (-2, 2):
        assert np.square(lit + change - clear).mean() > error


def test_a_curve_sees_no_place():
    """Two halves of one value and two references: the best single answer is their mean."""
    dark = np.full((4, 10, 3), 9, np.uint8)
    clear = np.full_like(dark, 100)
    clear[:, 5:] = 200
    assert (best_curve(dark, clear) == 150).all()
