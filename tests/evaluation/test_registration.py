import numpy as np
import pytest
from scipy import ndimage

from lacr_lib.data.camera import CameraSettings, darken
from lacr_lib.data.layouts import open_photoset
from lacr_lib.data.photographs import read_photograph
from lacr_lib.evaluation.registration import find_shift, shifted

FINE = 8  # the true picture has this many samples a pixel


def true_picture(name="flower", side=1280):
    """A photograph as the scene before the camera, much finer than the camera's pixels."""
    fine = ndimage.zoom(read_photograph(name)[:320, :320].astype(float), (4, 4, 1), order=3)
    return np.clip(fine[:side, :side], 0, 255)


def taken(fine, down=0, right=0, side=128):
    """A camera's picture of it: means over 8 x 8 samples, moved by eighths of a pixel."""
    start = 64
    rows = slice(start - down, start - down + side * FINE)
    columns = slice(start - right, start - right + side * FINE)
    cells = fine[rows, columns].reshape(side, FINE, side, FINE, 3)
    return np.rint(cells.mean(axis=(1, 3))).astype(np.uint8)


@pytest.fixture(scope="module")
def fine():
    return true_picture()


@pytest.mark.parametrize("eighths", [(4, 0), (0, -3), (2, 5), (-12, 20)])
@pytest.mark.parametrize(("stops", "tolerance"), [(0, 0.05), (3, 0.1)])
def test_a_shift_is_found_in_the_dark_and_under_noise(fine, eighths, stops, tolerance):
    low = taken(fine)
    if stops:
        rng = np.random.default_rng(0)
        dark = darken(low / np.float32(255), 2.0**-stops, CameraSettings(full_well=4000.0), rng)
        low = np.rint(dark * 255).astype(np.uint8)
    found = find_shift(low, taken(fine, *eighths))
    assert found == pytest.approx((-eighths[0] / FINE, -eighths[1] / FINE), abs=tolerance)


@pytest.mark.parametrize("side", [64, 96])
@pytest.mark.parametrize("eighths", [(2, 5), (-12, 20)])
def test_what_enters_at_one_border_and_leaves_at_the_other_does_not_pull(fine, side, eighths):
    """A Fourier transform takes both borders for neighbours; in a small picture much lies there."""
    found = find_shift(taken(fine, side=side), taken(fine, *eighths, side=side))
    assert found == pytest.approx((-eighths[0] / FINE, -eighths[1] / FINE), abs=0.1)


def test_a_photograph_lies_on_itself():
    low = taken(true_picture())
    assert find_shift(low, low) == (0.0, 0.0)


def test_the_rungs_of_a_synthetic_ladder_lie_where_they_should():
    for pair in open_photoset("embedded").pairs():
        assert find_shift(pair.low.read(), pair.clear.read()) == (0.0, 0.0), pair.name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0, 7, 255])
def test_a_photograph_without_detail_is_left_where_it_is(fine, value):
    clear = taken(fine, 4, 4)
    assert find_shift(np.full_like(clear, value), clear) == (0.0, 0.0)
    assert find_shift(clear, np.full_like(clear, value)) == (0.0, 0.0)


def test_another_scene_is_not_dragged_about(fine):
    other = taken(true_picture("china"))
    assert find_shift(taken(fine), other) == (0.0, 0.0)


def test_two_sizes_are_an_error(fine):
    with pytest.raises(ValueError, match=r"^two sizes: \(128, 128\) and \(96, 96\)$"):
        find_shift(taken(fine), taken(fine, side=96))


@pytest.mark.parametrize("eighths", [(4, 4), (-3, 1)])
def test_a_moved_photograph_is_what_the_camera_would_have_taken(fine, eighths):
    """And comes nearer to it than one moved the wrong way, or bilinearly."""
    truth = taken(fine, *eighths).astype(float)
    shift = (eighths[0] / FINE, eighths[1] / FINE)
    inside = slice(8, -8)

    def error(photo):
        return np.abs(photo.astype(float) - truth)[inside, inside].mean()

    moved = shifted(taken(fine), shift)
    bilinear = ndimage.shift(taken(fine).astype(float), (*shift, 0), order=1)
    assert error(moved) < 0.8 * error(bilinear)
    assert error(moved) < 0.4 * error(shifted(taken(fine), (-shift[0], -shift[1])))
    assert moved.dtype == np.uint8


@pytest.mark.parametrize("wrong", [np.float32(0.5), np.uint16(9)])
def test_another_type_is_an_error(fine, wrong):
    """Floats in [0, 1] would be rounded to black and white."""
    photo = taken(fine)
    other = np.full(photo.shape, wrong)
    for call in (
        lambda: shifted(other, (0.5, 0.0)),
        lambda: find_shift(other, photo),
        lambda: find_shift(photo, other),
        lambda: shifted(photo[..., 0], (0.5, 0.0)),
    ):
        with pytest.raises(ValueError, match=r"^expected a photograph \(H, W, 3\) uint8, got "):
            call()


def test_no_shift_is_no_copy(fine):
    photo = taken(fine)
    assert shifted(photo, (0.0, 0.0)) is photo


def test_values_do_not_wrap_around_white_and_black():
    edge = np.zeros((32, 32, 3), np.uint8)
    edge[:, 16:] = 255
    moved = shifted(edge, (0.0, 0.4)).astype(int)
    assert moved[:, :14].max() < 128 < moved[:, 19:].min()
