"""Each fault, put in on purpose, is the one that is named."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib.evaluation.metrics import LUMA
from lacr_lib.evaluation.repair import repairs


def photo() -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:64, 0:80] / 12
    waves = np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=2)
    return np.clip(0.4 + 0.2 * waves + 0.03 * rng.normal(size=(64, 80, 1)), 0, 1)


FAULTS = {
    "brightness": lambda clear, rng: 0.6 * clear,
    "colour": lambda clear, rng: 0.3 * clear + 0.7 * (clear @ LUMA)[..., None],
    "detail": lambda clear, rng: clear + 0.1 * rng.normal(size=clear.shape[:2])[..., None],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_that_was_made_is_named(fault: str) -> None:
    clear = photo()
    found = repairs(FAULTS[fault](clear, np.random.default_rng(1)), clear)
    assert found.main_fault == fault
    others = [gain for name, gain in found._asdict().items() if name != fault]
    assert getattr(found, fault) > 3 + max(others)
