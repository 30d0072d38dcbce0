"""The picture of the ablation's differences."""

import pytest

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.figures.ablation import differences
from lacr_lib.figures.style import GREY, OKABE_ITO
from lacr_lib.results.ablation import Comparison


def test_each_run_has_its_mean_interval_and_spread():
    rows = [
        Comparison("a", "VAE", "psnr", Interval(0.5, 0.2, 0.8), 0.1, 3, 20),
        Comparison("b", "VAE", "psnr", Interval(0.1, -0.2, 0.4), 0.3, 3, 20),
    ]
    figure = differences(rows)
    (axis,) = figure.axes
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [0.5, 0.1]
    assert [dot.get_color() for dot in dots] == [OKABE_ITO["vermillion"], GREY]
    bars = [(bar.get_x(), bar.get_width()) for bar in axis.patches]
    assert bars == [pytest.approx((0.4, 0.2)), pytest.approx((-0.2, 0.6))]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert "PSNR (dB)" in axis.get_xlabel() and "'VAE'" in axis.get_xlabel()
    (legend,) = figure.legends
    told = [text.get_text() for text in legend.get_texts()]
    assert told[:3] == ["shown", "not shown", "95 % over scenes"]
    (legend,) = differences([row._replace(scenes=3) for row in rows]).legends
    assert legend.get_texts()[2].get_text() == "range of 3 scenes"
    left, right = axis.get_xlim()
    assert left < -0.2 and right > 0.8, "no bar touches the frame"
