"""An axis of numbers without a label is found, wherever it hides."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from lacr_lib.figures.labels import unlabelled


def labelled() -> Figure:
    figure, axis = plt.subplots()
    axis.plot([1, 2, 3])
    axis.set(xlabel="step", ylabel="loss")
    return figure


def no_x(figure: Figure) -> None:
    figure.axes[0].set_xlabel("")


def no_y(figure: Figure) -> None:
    figure.axes[0].set_ylabel("")


def powers(figure: Figure) -> None:
    figure.axes[0].set_yscale("log")
    figure.axes[0].set_ylabel("")


def another_panel(figure: Figure) -> None:
    figure.add_axes((0.9, 0.1, 0.1, 0.3)).set_ylabel("only one of two")


@pytest.mark.parametrize("breach", [no_x, no_y, powers, another_panel])
def test_an_axis_without_a_label_is_found(breach: Callable[[Figure], None]) -> None:
    figure = labelled()
    assert unlabelled(figure) == []
    breach(figure)
    assert len(unlabelled(figure)) == 1
    plt.close(figure)


def test_a_colour_bar_needs_a_label_too() -> None:
    figure, axis = plt.subplots()
    bar = figure.colorbar(axis.imshow([[0, 1]]), ax=axis)
    axis.set_axis_off()
    assert len(unlabelled(figure)) == 1
    bar.set_label("light (share)")
    assert unlabelled(figure) == []


def test_names_hidden_ticks_and_shared_labels_will_do() -> None:
    figure, (left, right) = plt.subplots(1, 2, sharey=True)
    left.barh(["retinex", "gamma"], [1, 2])
    right.set_xticks([])
    left.set_xlabel("PSNR (dB)")
    assert unlabelled(figure) == []
    other, _ = plt.subplots(2, 1)
    assert len(unlabelled(other)) == 4
    other.supxlabel("z")
    other.supylabel("density")
    assert unlabelled(other) == []
