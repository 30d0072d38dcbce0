"""Figures are drawn without a screen, tell what their axes show, and are closed after each test."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

from lacr_lib.figures.labels import unlabelled


@pytest.fixture(autouse=True)
def labelled_figures() -> Iterator[None]:
    """Fails a test that leaves a figure with an axis of numbers that says not of what."""
    yield
    figures = [plt.figure(number) for number in plt.get_fignums()]
    found = [line for figure in figures for line in unlabelled(figure)]
    plt.close("all")
    assert found == []
