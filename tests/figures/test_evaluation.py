"""The figures of notebook 06: the numbers that go in are the numbers that are drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import rc_context

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.evaluation.speed import Cost
from lacr_lib.figures import evaluation as figures
from lacr_lib.figures.style import use_style


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with rc_context():
        use_style()
        yield


def test_number_grids_write_every_number() -> None:
    figure = figures.number_grids({"before": [[1, 2], [3, 4]], "after": [[5, 6], [7, 8]]})
    assert [text.get_text() for axis in figure.axes for text in axis.texts] == list("12345678")
    dark, light = figure.axes[0].texts[0], figure.axes[0].texts[3]
    assert (dark.get_color(), light.get_color()) == ("white", "black")


def test_term_maps_share_one_scale() -> None:
    photo, one, half = np.zeros((8, 12, 3), np.uint8), np.ones((4, 8)), np.full((4, 8), 0.5)
    figure = figures.term_maps({"a": (photo, one, half), "b": (photo, half, one)}, list("xyz"))
    maps = [figure.axes[i].images[0] for i in (1, 2, 4, 5)]
    assert {image.get_clim() for image in maps} == {(0, 1)}
    assert [axis.get_title() for axis in figure.axes[:3]] == ["x", "y", "z"]
    assert "(" in figure.axes[-1].get_ylabel()


def test_protocols_draw_both_scores_and_their_gap() -> None:
    axis = figures.protocols({"ours": (18.0, 22.5), "theirs": (20.0, 21.0)}).axes[0]
    plain, lent = (np.asarray(points.get_offsets()) for points in axis.collections)
    assert plain.tolist() == [[18, 0], [20, 1]] and lent.tolist() == [[22.5, 0], [21, 1]]
    assert [text.get_text() for text in axis.texts] == ["+4.5", "+1.0"]
    assert axis.get_ylim()[0] > axis.get_ylim()[1], "the first method stands on top"
    assert "dB" in axis.get_xlabel()


def test_score_intervals_draw_the_interval_of_each_method() -> None:
    scores = {"psnr": {"gamma": Interval(17, 16, 18), "lacr-vae": Interval(20, 19, 22)}}
    axis = figures.score_intervals(scores).axes[0]
    lines = [line.get_xdata() for line in axis.lines]
    assert [list(line) for line in lines] == [[16, 18], [17], [19, 22], [20]]
    assert axis.get_xlabel() == "PSNR (dB)"


def test_coverage_draws_the_share_that_each_kind_of_interval_held() -> None:
    axis = figures.coverage({3: {"a": 0.75, "b": 0.76}, 20: {"a": 0.93, "b": 0.95}}).axes[0]
    assert [list(line.get_ydata()) for line in axis.lines[:2]] == [[75, 93], [76, 95]]
    assert [list(line.get_xdata()) for line in axis.lines[:2]] == [[3, 20]] * 2
    assert axis.lines[2].get_ydata()[0] == 95 and "%" in axis.get_ylabel()


def test_exposure_curves_run_in_stops_and_are_named_in_the_order_of_their_ends() -> None:
    curves = {"gamma": [10, 12], "lacr-vae": [10.1, 12.05], "clahe": [11, 9]}
    axis = figures.exposure_curves(curves, [1 / 16, 1 / 2]).axes[0]
    assert all(list(line.get_xdata()) == [-4, -1] for line in axis.lines)
    names = [text.get_text() for text in axis.get_legend().get_texts()]
    assert names == ["lacr-vae", "gamma", "clahe"]
    assert "stops" in axis.get_xlabel()


def test_paired_differences_put_each_image_at_its_scene() -> None:
    result = Interval(0.5, -0.5, 1.5)
    axis = figures.paired_differences([1, 2, -1], ["a", "a", "b"], result).axes[0]
    points = axis.lines[-1]
    assert np.rint(points.get_xdata()).tolist() == [0, 0, 1]
    assert points.get_ydata().tolist() == [1, 2, -1]
    assert axis.patches[0].get_y() == -0.5 and axis.patches[0].get_height() == 2
    assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b"]
    assert "lowest to highest scene" in axis.get_legend_handles_labels()[1]
    many = figures.paired_differences(range(6), list("abcdef"), result).axes[0]
    assert "95 % interval of the mean" in many.get_legend_handles_labels()[1]


def test_cost_bars_are_ratios_of_the_reference() -> None:
    costs = {"gamma": Cost(0.01, 2_000_000), "lacr-vae": Cost(0.5, 40_000_000)}
    time, memory = figures.cost_bars(costs, "gamma").axes
    assert [text.get_text() for text in time.texts] == ["1", "50"]
    assert [text.get_text() for text in memory.texts] == ["2", "40"]
    ends = [bar.get_x() + bar.get_width() for bar in time.patches]
    assert ends == pytest.approx([1, 50]) and time.get_xscale() == "log"


def test_slope_lines_tell_the_slope_of_each_scene() -> None:
    from lacr_lib.figures.evaluation import slope_lines

    figure = slope_lines([10.0, 5.0, 12.0, 3.0], [-3.0, -1.0, -2.0, -2.0], ["a", "b", "a", "b"])
    axis = figure.axes[0]
    labels = axis.get_legend_handles_labels()[1]
    assert labels == ["a: 2.00 dB a stop", "b: 2.00 dB a stop"]
    assert "stops" in axis.get_xlabel() and "dB" in axis.get_ylabel()
