"""The best smooth gain finds the light that was taken, and no other way of acting can."""

import pytest
import torch

from lacr_lib.evaluation.oracle import best_light
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
