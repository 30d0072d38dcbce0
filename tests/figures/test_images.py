"""Rows, grids and details: what is drawn, not how pretty it is."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from lacr_lib.errors import LacrError
from lacr_lib.figures.images import Box, as_array, crop, mean_luma, show_grid, show_row, show_zoom
from lacr_lib.figures.style import MARKERS, ROLES, use_style

PHOTO = np.random.default_rng(0).integers(0, 256, size=(24, 36, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _closed():  # type: ignore[no-untyped-def]
    with matplotlib.rc_context():
        yield


def test_every_kind_of_picture_is_understood() -> None:
    expected = (PHOTO / 255).astype(np.float32)
    tensor = torch.from_numpy(expected).permute(2, 0, 1)
    for picture in (PHOTO, expected, Image.fromarray(PHOTO), tensor, tensor[None]):
        assert as_array(picture) == pytest.approx(expected, abs=1e-6)
    assert as_array(tensor[:1]).shape == (24, 36) == as_array(PHOTO[..., :1]).shape
    assert as_array(expected * 3 - 1).min() == 0 and as_array(expected * 3 - 1).max() == 1
    with pytest.raises(LacrError, match="shape"):
        as_array(np.zeros((3, 4, 5, 6)))


def test_mean_luma_uses_the_rec_601_weights() -> None:
    green = np.zeros((8, 8, 3), np.uint8)
    green[..., 1] = 255
    assert mean_luma(green) == pytest.approx(0.587)
    assert mean_luma(np.full((8, 8), 0.25)) == pytest.approx(0.25)


def test_a_row_draws_its_images_titles_and_luma() -> None:
    figure = show_row([PHOTO, PHOTO // 2], ["clear", "low"], luma=True)
    assert [axis.get_title() for axis in figure.axes] == ["clear", "low"]
    assert figure.axes[1].get_xlabel() == f"luma {mean_luma(PHOTO // 2):.2f}"
    drawn = np.asarray(figure.axes[0].images[0].get_array())
    assert drawn == pytest.approx(PHOTO / 255, abs=1e-6)


def test_grey_maps_are_drawn_on_a_fixed_scale() -> None:
    image = show_row([np.full((8, 8), 0.5)]).axes[0].images[0]
    assert image.get_clim() == (0, 1) and image.get_cmap().name == "gray"


def test_a_grid_names_rows_and_columns_and_fits_its_images() -> None:
    tall = np.zeros((60, 20, 3), np.uint8)
    figure = show_grid([[PHOTO, PHOTO], [tall, tall]], ["a", "b"], ["x", "y"], width=6)
    assert len(figure.axes) == 4
    assert figure.axes[2].get_ylabel() == "b" and figure.axes[1].get_title() == "y"
    assert figure.get_size_inches()[0] == pytest.approx(6)
    with pytest.raises(LacrError, match="same number"):
        show_grid([[PHOTO, PHOTO], [PHOTO]])


def test_a_zoom_shows_the_box_of_every_image() -> None:
    box = Box(top=4, left=6, height=10, width=12)
    figure = show_zoom([PHOTO, PHOTO // 2], box, ["clear", "low"])
    detail = np.asarray(figure.axes[3].images[0].get_array())
    assert detail == pytest.approx(PHOTO[4:14, 6:18] // 2 / 255, abs=1e-6)
    corner = figure.axes[0].patches[-1].get_xy()
    assert corner == (5.5, 3.5), "the frame lies between pixels"
    with pytest.raises(LacrError, match="leaves"):
        crop(PHOTO, Box(20, 0, 10, 10))


def test_the_style_can_be_read_on_a_slide_and_roles_differ() -> None:
    use_style()
    sizes = [plt.rcParams[f"{k}.labelsize"] for k in ("axes", "xtick", "ytick")]
    assert min(*sizes, plt.rcParams["legend.fontsize"]) >= 11
    assert len(set(ROLES.values())) == len(set(MARKERS.values())) == 3
    assert ROLES.keys() == MARKERS.keys() == {"low", "enhanced", "clear"}
