"""The pictures of notebook 04 show the values that they were given, and refuse wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib import LacrError
from lacr_lib.figures import amsm as figures

NAMES, WINDOWS = ("small", "medium", "large"), (3, 5, 7)


def test_textures_share_one_scale_around_zero():
    rng = np.random.default_rng(0)
    clean, noisy = rng.normal(size=(2, 3, 8, 8))
    noisy[1, 2, 3] = -9.0
    figure = figures.textures(clean, noisy, NAMES)
    drawn = [axis.images[0] for axis in figure.axes[:6]]
    assert {image.get_clim() for image in drawn} == {(-9.0, 9.0)}
    np.testing.assert_allclose(drawn[4].get_array(), noisy[1])
    assert [axis.get_title() for axis in figure.axes[:3]] == list(NAMES)


def test_the_ring_is_at_the_smallest_error():
    lines = {"small": [1.0, 2.0, 3.0], "large": [3.0, 2.0, 2.5]}
    (axis,) = figures.window_errors(WINDOWS, {"quiet": lines}).axes
    rings = [line for line in axis.lines if line.get_markerfacecolor() == "none"]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in rings if len(line.get_xdata())]
    assert places == [(3, 1.0), (5, 2.0)]
    assert "pixels" in axis.get_xlabel() and "error" in axis.get_ylabel()


def test_descriptors_draw_a_line_an_image_in_the_colour_of_its_detail():
    values = np.arange(12.0).reshape(4, 3)
    figure = figures.descriptors(WINDOWS, {"a": values, "b": 2 * values}, [0, 1, 1, 2], NAMES)
    for axis, factor in zip(figure.axes, (1, 2), strict=True):
        lines = [line for line in axis.lines if len(line.get_xdata())]
        np.testing.assert_allclose([line.get_ydata() for line in lines], factor * values)
        orange, vermillion, purple = figures.DETAIL_COLOURS
        assert [line.get_color() for line in lines] == [orange, vermillion, vermillion, purple]
    legend = figure.axes[0].get_legend()
    assert legend and [text.get_text() for text in legend.get_texts()] == list(NAMES)


def test_bars_are_stacked_to_one_and_say_their_share():
    weights = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.0, 0.04, 0.96]])
    (axis,) = figures.selection({"x": weights}, NAMES, WINDOWS).axes
    heights = np.array([patch.get_height() for patch in axis.patches]).reshape(3, 3)
    np.testing.assert_allclose(heights, weights.T)
    tops = [patch.get_y() + patch.get_height() for patch in axis.patches[-3:]]
    np.testing.assert_allclose(tops, 1.0)
    assert [text.get_text() for text in axis.texts] == [
        "0.50",
        "0.20",
        "0.30",
        "0.30",
        "0.20",
        "0.50",
        "0.96",
    ]


def test_weights_that_are_no_shares_are_refused():
    turned = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]).T
    with pytest.raises(LacrError, match="sum to 1"):
        figures.selection({"x": turned}, NAMES, WINDOWS)


def test_widths_have_their_intervals():
    widths = {"one": [(2.0, 1.5, 2.25)] * 3, "three": [(4.0, 3.0, 6.0)] * 3}
    (axis,) = figures.field_width(widths, NAMES).axes
    for container, (mean, low, high) in zip(
        axis.containers, ((2, 1.5, 2.25), (4, 3, 6)), strict=True
    ):
        np.testing.assert_allclose(container.lines[0].get_ydata(), mean)
        np.testing.assert_allclose([s[:, 1] for s in container.lines[2][0].get_segments()],
                                   [(low, high)] * 3)  # fmt: skip
    assert "pixels" in axis.get_ylabel()


def test_boxes_lie_around_the_middle_of_the_field():
    field = np.full((16, 16), 1 / 256)
    figure = figures.stage_fields({"windows": [field, field], "all": [field] * 2},
                                  {"windows": [2, 8], "all": [4, 8]})  # fmt: skip
    boxes = [axis.patches[0].get_bbox().extents for axis in figure.axes[:4]]
    np.testing.assert_allclose(boxes[0], [5.5, 5.5, 9.5, 9.5])  # pixels 6 to 9 of 0 to 15
    np.testing.assert_allclose(boxes[1], [-0.5, -0.5, 15.5, 15.5])
    np.testing.assert_allclose(boxes[2], [3.5, 3.5, 11.5, 11.5])
    assert [axis.get_title() for axis in figure.axes[:2]] == ["stage 1", "stage 2"]
