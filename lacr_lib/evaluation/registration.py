"""Sub-pixel registration: is the clear photograph the same view as the dark one?

Frames of an exposure ladder are taken one after the other: a tripod gives, wind blows. Against a
reference that lies half a pixel off, a perfect enhancement loses, and a blur may win.
Source of the method: phase correlation with upsampled Fourier transforms (Guizar-Sicairos et al.
2008), by scikit-image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from lacr_lib.errors import LacrError

Photo = NDArray[np.uint8]  # (H, W, 3), sRGB
Shift = tuple[float, float]  # down and right, pixels

NO_SHIFT: Shift = (0.0, 0.0)
STEPS_PER_PIXEL = 50  # resolution of a found shift
PASSES = 2  # the light of the second one is read off pictures that lie on each other already
BAND = (1.0, 4.0)  # pixels: noise is finer, light is coarser; what lies between has edges
LEAST = 0.15  # pixels; noise alone moves the darkest synthetic frames by 0.13
MOST = 16.0  # pixels; more is no unsteady tripod: the match has failed
LEAST_CONTRAST = 0.5  # grey levels; a flatter picture has nothing to hold on to
LEAST_CORRELATION = 0.5  # of the bands, once they lie on each other; real pairs have 0.77 and more


def find_shift(low: Photo, clear: Photo) -> Shift:
    """By how many pixels, down and right, `clear` must move to lie over `low`.

    low, clear: (H, W, 3) uint8, of one size; of under 96 pixels a side a shift of several pixels
    may come out wrong by one. Returns (0, 0) where the shift found is under 0.15
    pixels or over 16, or where the two do not look alike once they lie on each other.
    Raises LacrError for two sizes, or anything but uint8.
    """
    _check(low)
    _check(clear)
    if low.shape != clear.shape:
        raise LacrError(f"two sizes: {low.shape[:2]} and {clear.shape[:2]}")
    dark, bright = _grey(low), _grey(clear)
    window = np.outer(np.hanning(dark.shape[0]), np.hanning(dark.shape[1]))
    found, moved = np.zeros(2), bright
    for _ in range(PASSES):
        still, moving = _edges(in_the_light_of(moved, dark)), _edges(moved)
        if min(np.abs(still).max(), np.abs(moving).max()) < LEAST_CONTRAST:
            return NO_SHIFT
        step, _, _ = phase_cross_correlation(
            still * window, moving * window, upsample_factor=STEPS_PER_PIXEL, normalization=None
        )
        found = found + step
        if np.hypot(*found) > MOST:
            return NO_SHIFT
        moved = ndimage.shift(bright, found, order=3, mode="mirror")
    alike = _correlation(_edges(in_the_light_of(moved, dark)), _edges(moved), window)
    if np.hypot(*found) < LEAST or alike < LEAST_CORRELATION:
        return NO_SHIFT
    return round(float(found[0]), 2), round(float(found[1]), 2)


def shifted(photo: Photo, shift: Shift) -> Photo:
    """Move a photograph down and right by fractions of a pixel; (0, 0) returns it as it is.

    Shapes: (H, W, 3) uint8 -> same. Splines of order 5, borders mirrored.
    Raises LacrError for anything else.
    """
    _check(photo)
    if shift == NO_SHIFT:
        return photo
    channels = np.moveaxis(photo.astype(np.float32), 2, 0)
    moved = [ndimage.shift(channel, shift, order=5, mode="mirror") for channel in channels]
    rounded: Photo = np.clip(np.rint(np.stack(moved, axis=2)), 0, 255).astype(np.uint8)
    return rounded


def in_the_light_of(clear: NDArray[np.float64], low: NDArray[np.float64]) -> NDArray[np.float64]:
    """`low` with each value replaced by what `clear` shows there on average.

    Shapes: (H, W) each, 0 to 255, values of `low` rounded. Of all functions of a pixel's own value
    the one with the least squared error.
    """
    values = np.rint(low).astype(np.intp).ravel()
    count = np.bincount(values, minlength=256)
    mean = np.bincount(values, clear.ravel(), minlength=256) / np.maximum(count, 1)
    toned: NDArray[np.float64] = mean[values].reshape(low.shape)
    return toned


def _check(photo: Photo) -> None:
    """Values of another type mean another range, in which every number above would be wrong."""
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise LacrError(
            f"expected a photograph (H, W, 3) uint8, got {photo.shape} {photo.dtype.name}"
        )


def _grey(photo: Photo) -> NDArray[np.float64]:
    """Mean of the channels: (H, W, 3) -> (H, W), 0 to 255."""
    grey: NDArray[np.float64] = photo.mean(axis=2)
    return grey


def _edges(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """The band of detail that the match goes by: (H, W) -> same, mean near 0."""
    fine, coarse = (ndimage.gaussian_filter(image, sigma) for sigma in BAND)
    band: NDArray[np.float64] = fine - coarse
    return band


def _correlation(
    a: NDArray[np.float64], b: NDArray[np.float64], window: NDArray[np.float64]
) -> float:
    """Of two bands, 1 for the same; those of flat images have none."""
    return float((a * b * window).sum() / np.sqrt((a * a * window).sum() * (b * b * window).sum()))
