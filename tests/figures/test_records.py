import matplotlib

matplotlib.use("Agg")

import pytest

from lacr_lib.figures.records import score_spread, shift_cost


def records():
    scores = {"lacr-vae": [20.0, 22.0, 24.0], "gamma": [15.0, 16.0, 17.0]}
    return {
        name: {"per_image": [{"psnr": value} for value in values]}
        for name, values in scores.items()
    }


def test_every_photograph_has_a_dot_in_the_row_of_its_method():
    axis = score_spread(records()).axes[0]
    dots = [c.get_offsets() for c in axis.collections if len(c.get_offsets())]
    found = {label.get_text(): None for label in axis.get_yticklabels()}
    assert list(found) == ["lacr-vae", "gamma"]
    assert sorted(x for rows in dots for x, _ in rows) == [15.0, 16.0, 17.0, 20.0, 22.0, 24.0]


def test_axes_have_labels_with_units():
    axis = score_spread(records()).axes[0]
    assert axis.get_xlabel() == "PSNR (dB)"
    assert axis.get_ylabel() == "method"


def test_the_cost_of_a_shift_is_drawn_for_the_references_that_were_moved():
    figure = shift_cost([0.0, 0.0, 0.3, 3.0], [0.8, 0.7, 0.6, 0.5], [0.8, 0.7, 0.62, 0.8])
    counted, moved = figure.axes
    assert [bar.get_height() for bar in counted.patches] == [2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    (dots,) = (line for line in moved.lines if line.get_marker() == "o")
    assert dots.get_xydata().tolist() == [[0.3, pytest.approx(0.02)], [3.0, pytest.approx(0.3)]]
    assert moved.get_ylim()[1] > 0.3


def test_a_set_in_register_has_a_figure_too():
    assert shift_cost([0.0, 0.0], [0.8, 0.7], [0.8, 0.7]).axes[1].get_ylim() == (-0.02, 0.05)
