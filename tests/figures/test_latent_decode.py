"""The figures of decoded codes: each draws what it was given, with names and units."""

from __future__ import annotations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.figures.latent_decode import (
    interpolation_strip,
    light_exchange,
    posterior_spread,
    probe_scatter,
    steered_grid,
)
from lacr_lib.latent.decode import Draws
from lacr_lib.latent.probe import Probe
from lacr_lib.latent.steer import Region
from lacr_lib.latent.uncertainty import RegionSpread

RNG = np.random.default_rng(0)


def _texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def _grey(level: float, size: tuple[int, int] = (32, 48)) -> np.ndarray:
    return np.full((*size, 3), level)


def test_interpolation_tells_the_luma_of_each_step():
    figure = interpolation_strip(np.stack([_grey(v) for v in (0.5, 0.3, 0.1)]), (0.0, 0.5, 1.0))
    text = _texts(figure)
    assert len(figure.axes) == 3 and "t = 0.5" in text
    assert all(word in text for word in ("luma 0.50", "luma 0.10", "its own code", "clear one's"))


def test_exchange_shows_both_photographs_with_both_lights():
    rows = {"cup": (_grey(0.1), _grey(0.5), _grey(0.3)), "cat": (_grey(0.2, (32, 32)),) * 3}
    figure = light_exchange(rows)
    text = _texts(figure)
    assert len(figure.axes) == 6
    assert all(w in text for w in ("cup", "cat", "with the other's light", "luma 0.30"))


@pytest.mark.parametrize("region", [Region(0, 0), Region(3, 5)])
def test_steered_details_hold_the_framed_region(region):
    picture = _grey(0.2)
    picture[region.row * 8 :, region.col * 8 :][:8, :8] = 0.9
    figure = steered_grid(
        picture, {"light axis": [(-0.5, picture, 0.9), (1.0, picture, 0.9)]}, region
    )
    assert "+1, luma 0.90" in _texts(figure) and "mean ways from low to clear" in _texts(figure)
    for axis in figure.axes:
        left, top = (round(v + 0.5) for v in axis.patches[0].get_xy())
        shown = axis.images[0].get_array()
        assert (shown[top : top + 8, left : left + 8] > 0.8).all()
        assert (shown > 0.8).sum() == 8 * 8 * 3


def _spread(sign: float) -> RegionSpread:
    lost = RNG.uniform(0, 0.5, (4, 6))
    return RegionSpread(0.01 + sign * 0.01 * lost, np.full((4, 6), 0.4), lost)


def test_spread_is_told_in_grey_levels_with_its_correlation():
    draws = Draws(RNG.uniform(size=(3, 32, 48, 3)).astype("f4"), np.full((32, 48), 2 / 255))
    figure = posterior_spread(
        _grey(0.1), draws, {"a": _spread(1), "b": _spread(1), "c": _spread(-1)}
    )
    text = _texts(figure)
    assert "luma, grey levels" in text and "clear - low (grey levels)" in text
    assert "this photograph: rank correlation +1.00" in text and "+0.33 [-1.00, +1.00]" in text
    maps = [image for axis in figure.findobj(plt.Axes) for image in axis.images]
    assert any(np.allclose(image.get_array(), 2) for image in maps)
    alone = _texts(posterior_spread(_grey(0.1), draws, {"a": _spread(1)}))
    assert "[" not in alone  # one scene has no interval


def test_probe_scatter_has_a_dot_for_each_photograph_and_the_interval():
    true = np.array([-3.0, -1.0, 0.0, -2.0, 0.0])
    scene = np.array(["a", "a", "a", "b", "b"])
    figure = probe_scatter(Probe(Interval(0.91, 0.8, 0.95), true + 0.1, true, scene))
    text = _texts(figure)
    assert "0.91 [0.80, 0.95], 2 held-out scenes" in text and "stops, 0 = clear" in text
    dots = [line for line in figure.axes[0].lines if line.get_label() in ("low", "clear")]
    assert sorted(len(line.get_xdata()) for line in dots) == [2, 3]
