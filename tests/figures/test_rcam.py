"""Attention is drawn where its tokens lie; the other pictures of notebook 03 show their values."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lacr_lib import LacrError
from lacr_lib.figures import rcam as figures
from lacr_lib.figures.style import ROLES
from lacr_lib.models.rcam import region_tokens


@pytest.mark.parametrize("size", [(16, 24), (7, 10)])
def test_an_attention_map_weighs_pixels_as_the_tokens_do(size):
    grids = (1, 2, 4)
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(21))
    seen = figures.attention_map(weights, grids, size)
    assert seen.mean() == pytest.approx(1)
    # attention over the tokens of an image is the mean of the image under the map
    image = rng.random(size)
    tokens = region_tokens(torch.from_numpy(image)[None, None], grids).flatten().numpy()
    assert (seen * image).mean() == pytest.approx(weights @ tokens)


def test_even_attention_is_one_everywhere():
    np.testing.assert_allclose(figures.attention_map(np.full(16, 1 / 16), (4,), (8, 12)), 1)


def test_weights_of_another_grid_are_refused():
    with pytest.raises(LacrError, match="20 weights do not fit"):
        figures.attention_map(np.full(20, 1 / 20), (4, 1), (8, 8))


def test_a_patch_is_the_framed_part_in_file_values():
    picture = np.linspace(0, 1, 81).reshape(9, 9)
    figure = figures.same_patch({"a": picture}, {"a": -picture}, mark=(4, 5), half=1)
    patch = figure.axes[1]
    np.testing.assert_array_equal(patch.images[0].get_array(), picture[3:6, 4:7])
    assert [int(text.get_text()) for text in patch.texts] == [
        round(value * 255) for value in picture[3:6, 4:7].ravel()
    ]


def test_tokens_are_drawn_as_pictures_on_the_scale_of_the_map():
    picture, tokens = np.arange(16.0).reshape(4, 4), np.array([2.5, 4.5, 10.5, 12.5])
    figure = figures.token_row(picture, {2: tokens}, "light")
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), tokens.reshape(2, 2))
    assert figure.axes[1].images[0].get_clim() == (0, 15)


def test_a_cross_marks_the_pixel_that_asks_in_image_coordinates():
    image, attention = np.zeros((16, 32, 3), np.float32), np.ones((4, 8))
    figure = figures.attention_over([(image, [attention])], [[(1, 6)]], ["image", "asks"])
    for axis in figure.axes[:2]:
        assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in axis.lines][-1] == (
            25.5,
            5.5,
        )


def test_curtain_dots_and_the_line_of_a_perfect_guess():
    true, guessed = np.array([0.5, 2.0]), np.array([0.4, 1.0])
    (axis,) = figures.curtain({"net": (true, guessed)}, "guess (stops)").axes
    np.testing.assert_allclose(axis.lines[0].get_data(), [[0, 2], [0, 2]])
    np.testing.assert_allclose(axis.lines[1].get_data(), [true, guessed])


def test_gate_bars_are_means_and_lines_hold_ninety_per_cent():
    gate = np.stack([np.linspace(0, 1, 101), np.full(101, 0.25)]).reshape(2, 1, 101)
    (axis,) = figures.gate_channels(gate).axes
    assert [patch.get_height() for patch in axis.patches] == pytest.approx([0.5, 0.25])
    np.testing.assert_allclose(axis.collections[0].get_segments()[0][:, 1], [0.05, 0.95])


def test_costs_stand_on_logarithmic_axes():
    pixels = np.array([64, 256])
    figure = figures.costs(pixels, {"all": pixels**2}, {"all": [0.1, 0.4]})
    assert [axis.get_xscale() + axis.get_yscale() for axis in figure.axes] == ["loglog"] * 2
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), pixels**2)


def test_stages_show_each_photograph_and_the_mean():
    asked = np.arange(12.0).reshape(3, 2, 2)
    (axis,) = figures.asked_by_stage(asked).axes
    for which, role in enumerate(("low", "clear")):
        dots = [
            line for line in axis.lines if line.get_color() == ROLES[role] and len(line.get_xdata())
        ]
        np.testing.assert_allclose([line.get_ydata() for line in dots], asked[:, :, which])
    means = [
        line.get_ydata()
        for line in axis.lines
        if line.get_color() == "black" and len(line.get_xdata())
    ]
    np.testing.assert_allclose(means, asked.mean(axis=0).T)


def test_curtain_bars_keep_tokens_and_the_rest_apart():
    (axis,) = figures.curtain_bars([[3.0, 1.0], [2.0, -1.0]], ["one_two", "three"]).axes
    assert [patch.get_height() for patch in axis.patches] == [3.0, 2.0, 1.0, -1.0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["one\ntwo", "three"]
