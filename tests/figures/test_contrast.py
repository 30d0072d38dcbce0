"""The pictures of the contrast show the field, the weights and the steps that they were given."""

from __future__ import annotations

import numpy as np
import torch

from lacr_lib.figures import contrast as figures
from lacr_lib.figures.style import ROLES

CLEAR, LOW = torch.tensor([0.5, 0.5]), torch.tensor([[-0.5, -0.5], [0.0, -0.5]])


def bowl(points):
    return (points - CLEAR).square().sum(1)


def test_planes_draw_one_panel_a_form_and_walk_downhill():
    starts = torch.tensor([[-0.9, 0.9], [0.9, -0.2]])
    figure = figures.contrast_planes({"a": bowl, "b": lambda p: -bowl(p)}, CLEAR, LOW, starts, 20)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    for axis, sign in zip(figure.axes, (1, -1), strict=True):
        assert "latent" in axis.get_xlabel()
        paths = [line for line in axis.lines if len(line.get_xdata()) == 21]
        assert len(paths) == 2
        for line in paths:
            values = bowl(torch.tensor(np.stack(line.get_data(), 1)))
            assert (sign * values[-1] < sign * values[0]).all()
        arrows = axis.collections[-1]
        to_clear = CLEAR.numpy() - np.stack([arrows.X, arrows.Y], 1)
        assert (sign * (to_clear * np.stack([arrows.U, arrows.V], 1)).sum(1) >= 0).all()
    assert figure.axes[0].get_ylabel()


def test_descent_takes_steps_of_one_length():
    path = figures.descend(bowl, torch.tensor([[-1.0, -1.0]]), steps=10, rate=0.05)
    assert path.shape == (11, 1, 2)
    torch.testing.assert_close((path[1:] - path[:-1]).norm(dim=2), torch.full((10, 1), 0.05))


def test_gradient_sizes_name_every_form_and_use_the_scales_asked_for():
    x = np.geomspace(0.1, 1, 5)
    panels = {"way": (x, {"ratio": x, "bounded": x}), "gap": (x, {"ratio": x})}
    figure = figures.gradient_sizes(panels, log_x=["gap"])
    assert [axis.get_xscale() for axis in figure.axes] == ["linear", "log"]
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["ratio", "bounded"]
    assert "gradient" in figure.axes[0].get_ylabel()


def test_light_lost_shows_its_maps_with_bars():
    image, lost = np.zeros((16, 24, 3), np.float32), np.arange(6.0).reshape(2, 3)
    figure = figures.light_lost(image, image, lost, 2 * lost)
    maps = [axis.images[0].get_array() for axis in figure.axes[2:4]]
    np.testing.assert_array_equal(maps[0], lost)
    np.testing.assert_array_equal(maps[1], 2 * lost)
    assert [axis.get_ylabel() for axis in figure.axes[4:]] == [
        "light lost (1 = white)",
        "weight (mean 1)",
    ]


def test_step_response_in_per_cent_of_each_photograph():
    one = figures.Response("cup", [-0.1, -0.2], torch.tensor([0.01, 0.02]))
    figure = figures.step_response([0.5, 1.0], [one, one])
    for axis, role, values in zip(figure.axes, ("clear", "low"), ([-10, -20], [1, 2]), strict=True):
        drawn = [line for line in axis.lines if line.get_color() == ROLES[role]]
        assert len(drawn) == 2
        np.testing.assert_allclose(drawn[0].get_ydata(), values, rtol=1e-5)
        assert "%" in axis.get_ylabel() and "grey levels" in axis.get_xlabel()


def test_infonce_rises_with_the_distance_to_clear_and_is_sharp_when_cold() -> None:
    from lacr_lib.figures.contrast import infonce_curves

    figure = infonce_curves(temperatures=(0.05, 0.2, 0.8), negatives=(0.4, 0.8))
    axis = figure.axes[0]
    cold, warm = (np.asarray(axis.lines[i].get_ydata()) for i in (0, 2))
    assert (np.diff(cold) > 0).all() and cold[0] < 0.01 < warm[0] < np.log(3)
    assert "latent units" in axis.get_xlabel() and "nats" in axis.get_ylabel()
