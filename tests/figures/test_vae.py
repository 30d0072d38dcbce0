"""The pictures of notebook 02 show the values that they were given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from lacr_lib import LacrError
from lacr_lib.figures import vae as figures


def test_a_mosaic_is_read_row_by_row():
    images = np.arange(6.0, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    table = figures.mosaic(images, columns=3)
    assert table.shape == (5, 11)
    np.testing.assert_array_equal(table[::3, ::4], [[0, 1, 2], [3, 4, 5]])
    assert (table[2] == 1).all() and (table[:, 3] == 1).all()
    assert figures.mosaic(images, columns=3, gap=0).shape == (4, 9)


def test_a_mosaic_with_a_hole_is_refused():
    with pytest.raises(LacrError, match="do not fill rows of 4"):
        figures.mosaic(np.zeros((6, 2, 2)), columns=4)


def test_estimates_stand_above_one_axis_with_the_truth():
    values = np.random.default_rng(0).normal(3, 1, 500)
    figure = figures.gradient_estimates({"a": values, "b": 0.1 * values}, truth=3.0)
    for axis, factor in zip(figure.axes, (1, 0.1), strict=True):
        assert list(axis.lines[0].get_xdata()) == [3.0, 3.0]
        assert f"mean {factor * values.mean():.2f}" in axis.get_title(loc="left")
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()


def test_the_cost_of_an_entry_is_the_kl_to_the_prior():
    left, right = figures.kl_cost().axes
    for axis, posterior in (
        (left, lambda x: Normal(x, torch.ones(()))),
        (right, lambda x: Normal(torch.zeros(()), x)),
    ):
        x, y = (torch.as_tensor(each) for each in axis.lines[0].get_data())
        prior = Normal(torch.zeros((), dtype=x.dtype), torch.ones((), dtype=x.dtype))
        torch.testing.assert_close(y, kl_divergence(posterior(x), prior))


def test_level_lines_of_the_elbo_pass_through_its_beta():
    rate, distortion = [0.4, 0.2, 0.1], [0.01, 0.02, 0.05]
    plane, units = figures.rate_distortion((1 / 4, 1, 4), rate, distortion, [8, 4, 2], 8, 0.3).axes
    x, y = plane.lines[1].get_data()
    assert np.interp(0.2, x, y) == pytest.approx(0.02)
    assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(-0.3)
    assert [text.get_text() for text in plane.texts] == ["1/4", "1", "4"]
    assert [patch.get_height() for patch in units.patches] == [8, 4, 2]


def test_a_history_is_a_running_mean_at_the_middle_of_its_window():
    history = [{"kl": float(step)} for step in range(20)]
    (axis,) = figures.kl_history({"run": history}, window=5).axes
    steps, kl = axis.lines[0].get_data()
    np.testing.assert_allclose(kl, steps - 1)  # record k is of step k + 1
    assert len(kl) == 16


def test_swaps_have_a_bar_a_model_with_its_interval():
    drops = {"a": {"zeros": (2.0, 1.0, 2.5)}, "b": {"zeros": (-0.5, -1.0, 0.25)}}
    (axis,) = figures.swap_costs(drops).axes
    assert [patch.get_height() for patch in axis.patches] == [2.0, -0.5]
    spans = [
        bar.lines[2][0].get_segments()[0][:, 1] for bar in axis.containers if hasattr(bar, "lines")
    ]
    np.testing.assert_allclose(spans, [(1.0, 2.5), (-1.0, 0.25)])


def test_a_change_is_drawn_and_framed_where_its_region_lies():
    before = np.zeros((32, 48, 3), np.float32)
    after = before.copy()
    after[8:16, 24:32, 0] = 0.6
    figure = figures.region_change(before, after, row=1, column=3)
    change = figure.axes[2].images[0].get_array()
    np.testing.assert_allclose(change[8:16, 24:32], 0.2, rtol=1e-6)
    assert change.sum() == pytest.approx(64 * 0.2)
    for axis in figure.axes[:3]:
        np.testing.assert_allclose(axis.patches[-1].get_bbox().extents, [23.5, 7.5, 31.5, 15.5])


def test_reach_has_both_lines():
    distance, change, inside = np.arange(3.0), np.array([1, 0.5, 0]), np.array([0.6, 0.9, 1])
    (axis,) = figures.reach(distance, change, inside).axes
    np.testing.assert_allclose([line.get_ydata() for line in axis.lines], [change, inside])


@pytest.mark.parametrize("multiple, name", [(1 / 16, "1/16"), (1, "1"), (16, "16")])
def test_multiples_as_readers_write_them(multiple, name):
    assert figures.name_of(multiple) == name


def test_light_curves_show_each_gain_of_each_way():
    values = np.linspace(0, 1, 5)
    curves = {"a": {0.0: values, 1.0: 2 * values}, "b": {0.0: values, 1.0: values**0.5}}
    figure = figures.light_curves(values, curves)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    for axis, of_gain in zip(figure.axes, curves.values(), strict=True):
        drawn = {line.get_label(): line.get_ydata() for line in axis.lines}
        assert list(drawn) == ["g = 0", "g = 1"]
        np.testing.assert_array_equal(drawn["g = 1"], of_gain[1.0])
        assert axis.get_ylim()[1] > 1, "what is lost beyond white is seen"
