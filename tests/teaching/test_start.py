"""setup() puts a notebook into a known state."""

from __future__ import annotations

import random

import matplotlib
import numpy as np
import pytest
import torch

from lacr_lib.teaching import setup


def draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


@pytest.fixture(autouse=True)
def keep_style(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("TQDM_DISABLE", "1")
    with matplotlib.rc_context():
        yield


def test_the_same_seed_gives_the_same_draws_of_every_generator() -> None:
    setup(3)
    first = draws()
    setup(3)
    assert draws() == first
    setup(4)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


def test_the_device_is_the_best_there_is() -> None:
    assert setup(0).type == ("cuda" if torch.cuda.is_available() else "cpu")
