"""Pictures get smaller, and look the same."""

from __future__ import annotations

import base64
import io

import nbformat
import numpy as np
import pytest
from PIL import Image

from lacr_lib.teaching.pictures import shrink_pictures, shrink_png


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.fixture
def plot() -> np.ndarray:
    """Few colours, as a plot has."""
    image = np.full((120, 160, 3), 255, np.uint8)
    image[20:40] = (0, 114, 178)
    image[:, 80:84] = (213, 94, 0)
    return image


@pytest.fixture
def photograph() -> np.ndarray:
    """Far more than 256 colours, none of which may be lost."""
    return np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)


def test_a_plot_keeps_every_pixel_and_gets_smaller(plot: np.ndarray) -> None:
    smaller = shrink_png(png(plot))
    assert len(smaller) < len(png(plot))
    np.testing.assert_array_equal(pixels(smaller), plot)


def test_colours_that_256_cannot_stand_for_are_kept(photograph: np.ndarray) -> None:
    np.testing.assert_array_equal(pixels(shrink_png(png(photograph))), photograph)


def test_a_transparent_picture_gets_white_paper() -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    np.testing.assert_array_equal(pixels(shrink_png(png(clear))), np.full((8, 8, 3), 255))


def test_the_size_given_is_that_of_the_file(plot: np.ndarray, tmp_path) -> None:
    data = {"image/png": base64.b64encode(png(plot)).decode(), "text/plain": "<Figure>"}
    cell = nbformat.v4.new_code_cell("plot()", outputs=[
        nbformat.v4.new_output("display_data", data)
    ])  # fmt: skip
    page = nbformat.v4.new_notebook(cells=[cell])
    size = shrink_pictures(page)
    nbformat.write(page, tmp_path / "page.ipynb")
    assert abs(size - (tmp_path / "page.ipynb").stat().st_size) <= 1  # the last line's end
