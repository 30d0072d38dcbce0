"""Panels that notebooks share draw the values that they were given, on one scale."""

from __future__ import annotations

import numpy as np

from lacr_lib.figures import panels


def test_maps_in_a_row_share_one_scale_and_their_marks():
    maps = {"one": np.array([[0.0, 1.0], [2.0, 3.0]]), "two": np.array([[-4.0, 1.0], [0.0, 2.0]])}
    figure = panels.map_row(maps, "stops", marks=[(1, 0)])
    for axis, (name, values) in zip(figure.axes[:2], maps.items(), strict=True):
        (drawn,) = axis.images
        np.testing.assert_array_equal(drawn.get_array(), values)
        assert drawn.get_clim() == (-4, 3)
        assert axis.get_title() == name
        assert (axis.lines[0].get_xdata(), axis.lines[0].get_ydata()) == ([0], [1])
    assert figure.axes[2].get_ylabel() == "stops"


def test_limits_that_are_given_win():
    figure = panels.map_row({"one": np.zeros((2, 2))}, "stops", limits=(-1, 5))
    assert figure.axes[0].images[0].get_clim() == (-1, 5)


def test_a_map_covers_its_photograph_whatever_its_size():
    photo = np.zeros((20, 30, 3), np.float32)
    figure = panels.photo_maps([photo], [np.arange(6.0).reshape(2, 3)], ["photo", "map"], "light")
    assert figure.axes[1].images[0].get_extent() == [-0.5, 29.5, 19.5, -0.5]
    assert [axis.get_title() for axis in figure.axes[:2]] == ["photo", "map"]


def test_bars_have_their_intervals_trainings_and_reference_lines():
    errors = {"a": (2.0, 1.5, 2.75), "b": (1.0, 0.5, 1.25)}
    (axis,) = panels.error_bars(errors, {"a": [1.9, 2.1]}, "error (stops)", {"even": 3.0}, 1).axes
    assert [patch.get_height() for patch in axis.patches] == [2.0, 1.0]
    spans = [
        bar.lines[2][0].get_segments()[0][:, 1] for bar in axis.containers if hasattr(bar, "lines")
    ]
    np.testing.assert_allclose(spans, [(1.5, 2.75), (0.5, 1.25)])
    rings = [line.get_ydata() for line in axis.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(rings[0], [1.9, 2.1])
    assert [3.0, 3.0] in [list(line.get_ydata()) for line in axis.lines]
    assert [text.get_text() for text in axis.texts] == ["2.0", "1.0", "even"]
    assert axis.get_ylabel() == "error (stops)"
