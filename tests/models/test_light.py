"""Light as a shift of log odds."""

import math

import pytest
import torch

from lacr_lib.models.light import PEDESTAL, log_odds, relight

VALUES = torch.linspace(0, 1, 101, dtype=torch.float64)


def test_no_gain_is_the_identity():
    assert torch.equal(relight(VALUES, torch.zeros(())), VALUES)


def test_it_is_the_formula():
    """Odds of the lifted value times e^g, written out for one value."""
    x, g = 0.2, 1.3
    y = (x + PEDESTAL) / (1 + 2 * PEDESTAL)
    odds = y / (1 - y) * math.exp(g)
    expected = odds / (1 + odds) * (1 + 2 * PEDESTAL) - PEDESTAL
    found = relight(torch.tensor(x, dtype=torch.float64), torch.tensor(g, dtype=torch.float64))
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_changes_of_light_add_up():
    twice = relight(relight(VALUES, torch.tensor(0.7)).clamp(0, 1), torch.tensor(0.4))
    inside = (relight(VALUES, torch.tensor(0.7)) <= 1) & (relight(VALUES, torch.tensor(0.7)) >= 0)
    once = relight(VALUES, torch.tensor(1.1))
    torch.testing.assert_close(twice[inside], once[inside])


def test_a_dark_value_is_multiplied_and_a_bright_one_saturates():
    gain = torch.tensor(math.log(3.0), dtype=torch.float64)
    dark = relight(torch.tensor(0.02, dtype=torch.float64), gain)
    assert (dark + PEDESTAL).item() == pytest.approx(3 * (0.02 + PEDESTAL), rel=0.06)
    bright = relight(torch.tensor(0.95, dtype=torch.float64), gain)
    assert 0.95 < bright.item() < 1.0
    assert relight(torch.zeros(1), torch.tensor(4.0)).item() > 0.3, "black can be lifted"


def test_order_is_kept_and_the_range_is_bounded():
    for gain in (-1.0, 0.5, 4.0):
        lit = relight(VALUES, torch.tensor(gain))
        assert (lit.diff() > 0).all()
        assert lit.min() >= -PEDESTAL and lit.max() <= 1 + PEDESTAL


def test_the_product_is_the_formula_and_leaves_the_range():
    gain = torch.tensor(1.2, dtype=torch.float64)
    torch.testing.assert_close(relight(VALUES, gain * 0, "product"), VALUES)
    lit = relight(VALUES, gain, "product")
    torch.testing.assert_close(lit, (VALUES + PEDESTAL) * math.exp(1.2) - PEDESTAL)
    assert lit.max() > 3 > 1.01 > relight(VALUES, gain).max()


def test_gradient_is_that_of_finite_differences():
    x = torch.rand(1, 3, 4, 4, dtype=torch.float64) * 0.9 + 0.05
    gain = torch.randn(1, 3, 4, 4, dtype=torch.float64)
    torch.autograd.gradcheck(relight, (x.requires_grad_(), gain.requires_grad_()))


def test_exposure_is_a_shift_of_log_odds_in_the_dark():
    dark = torch.tensor([0.05, 0.1], dtype=torch.float64)
    shifts = log_odds(dark) - log_odds(dark / 2)
    assert (shifts > 0.5).all() and abs(shifts[0] - shifts[1]) < 0.1
    assert log_odds(torch.tensor(-3.0)) == log_odds(torch.tensor(0.0))


def test_log_odds_of_black_and_white_are_finite():
    found = log_odds(torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0]))
    expected = torch.tensor([-4.6151, -4.6151, 0.0, 4.6151, 4.6151])  # log(0.01 / 1.01)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
