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


def page_with(image: np.ndarray) -> nbformat.NotebookNode:
    data = {"image/png": base64.b64encode(png(image)).decode(), "text/plain": "<Figure>"}
    output = nbformat.v4.new_output("display_data", data)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("plot()", outputs=[output])])


def shown(page: nbformat.NotebookNode) -> dict[str, np.ndarray]:
    data = page.cells[0].outputs[0].data
    return {kind: pixels(base64.b64decode(text)) for kind, text in data.items() if "image" in kind}


@pytest.fixture
def sky() -> np.ndarray:
    """Smooth in three colours, as a sky in the evening, with a little grain."""
    y, x = np.mgrid[0:160, 0:240] / 240
    channels = np.stack([200 * y + 40 * x, 90 + 120 * x * y, 230 - 150 * y], axis=2)
    grain = np.random.default_rng(0).integers(0, 3, channels.shape)
    return (channels + grain).astype(np.uint8)


def test_a_sky_gets_smaller_and_no_stairs(sky: np.ndarray) -> None:
    page = page_with(sky)
    shrink_pictures(page)
    (kind, after), *more = shown(page).items()
    assert kind == "image/jpeg" and not more, "no second copy"
    assert np.abs(after.astype(int) - sky).max() <= 12
    rows = after.astype(float).mean(axis=1)
    assert np.abs(np.diff(rows, axis=0)).max() < 2, "256 colours go down in stairs"


def test_a_plot_stays_a_png_to_the_last_pixel(plot: np.ndarray) -> None:
    page = page_with(plot)
    shrink_pictures(page)
    ((kind, after),) = shown(page).items()
    assert kind == "image/png"
    np.testing.assert_array_equal(after, plot)


def test_a_few_pixels_of_another_colour_count_however_good_the_mean() -> None:
    """As the dots of a legend beside photographs: 256 colours reach 29 dB and miss some by far."""
    y, x = np.mgrid[0:160, 0:240] / 240
    hues = np.stack([255 * x, 380 * y, 255 * (1 - x) * (1 - y)], axis=2)
    grain = np.random.default_rng(0).normal(0, 20, hues.shape)
    image = np.clip(hues + grain, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(pixels(shrink_png(png(image), 29.0)), image)


def test_a_page_over_the_limit_gets_coarser_pictures(sky: np.ndarray) -> None:
    sizes = {limit: shrink_pictures(page_with(sky), limit) for limit in (10**7, 0)}
    assert sizes[0] < sizes[10**7]
