"""Classical methods that any learned one has to beat: no training, a few lines each."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from skimage.exposure import equalize_adapthist, equalize_hist
from skimage.filters import gaussian

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.metrics import LUMA

Photo = NDArray[np.uint8]
Method = Callable[[Photo], Photo]
TARGET_MEAN = 0.45  # the mean of an ordinary well-exposed sRGB photograph


def identity(photo: Photo) -> Photo:
    """The photograph itself: what doing nothing scores."""
    return photo.copy()


def gamma(photo: Photo) -> Photo:
    """x^(1/2.2) for every photograph, however dark it is."""
    return _photo(_unit(photo) ** (1 / 2.2))


def auto_gamma(photo: Photo) -> Photo:
    """x^g with g = log 0.45 / log m: a pixel as bright as the photograph's mean m becomes 0.45.

    The mean of the result lies a little below 0.45 for a dark photograph, since x^g is concave.
    Solving for it exactly brightens more: higher PSNR on SICE, lower SSIM. All-black stays black.
    """
    values = _unit(photo)
    mean = min(max(float(values.mean()), 1e-4), 1 - 1e-4)
    return _photo(values ** (math.log(TARGET_MEAN) / math.log(mean)))


def histeq(photo: Photo) -> Photo:
    """Histogram equalisation of the luma; one gain for the three channels keeps the hue.

    Equalising the luma alone and leaving the colour differences as they are is the shorter form;
    it turns a dark photograph grey, since differences grow with the light.
    Source: scikit-image, equalize_hist; luma of Rec. 601.
    """
    values = _unit(photo)
    luma = np.maximum(values @ LUMA, 1 / 255)
    gain = equalize_hist(luma) / luma
    return _photo(values * gain[..., None])


def clahe(photo: Photo) -> Photo:
    """Contrast-limited adaptive histogram equalisation of the HSV value; hue and saturation stay.

    Source: Zuiderveld 1994; scikit-image, equalize_adapthist with its own defaults.
    """
    return _photo(equalize_adapthist(_unit(photo)))


def retinex(photo: Photo) -> Photo:
    """Divides the photograph by its own smooth illumination: reflectance, the Retinex model.

    The illumination is the brightest channel, smoothed by a guided filter so that it is smooth on
    surfaces and sharp at edges, and taken to the power 0.8. LIME solves an optimisation for that
    smoothing; the filter is our short stand-in, and no denoising follows.
    Source: model and exponent from Guo, Li & Ling, LIME, IEEE TIP 2017; the filter from
    He, Sun & Tang, IEEE TPAMI 2013.
    """
    values = _unit(photo)
    light = values.max(axis=2)
    smooth = np.clip(_self_guided(light, min(light.shape) / 64, 1e-3), 1 / 255, 1)
    return _photo(values / smooth[..., None] ** 0.8)


def _self_guided(light: NDArray[np.float64], sigma: float, edge: float) -> NDArray[np.float64]:
    """Guided filter with the image as its own guide: windows of variance << edge are averaged.

    Shapes: (H, W) -> (H, W). Units: sigma of the Gaussian windows in pixels (He et al. use square
    ones), edge in squared intensity.
    """

    def average(values: NDArray[np.float64]) -> NDArray[np.float64]:
        smooth = gaussian(values, sigma, mode="reflect")
        return np.asarray(smooth)

    mean = average(light)
    variance = np.maximum(average(light * light) - mean * mean, 0)
    slope = variance / (variance + edge)
    return average(slope) * light + average(mean - slope * mean)


def _unit(photo: Photo) -> NDArray[np.float64]:
    array = np.asarray(photo)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise LacrError(
            f"baselines need uint8 (H, W, 3), got {array.dtype} {array.shape}: convert it to RGB"
        )
    return array.astype(np.float64) / 255


def _photo(values: NDArray[np.float64]) -> Photo:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


BASELINES: dict[str, Method] = {
    "identity": identity,
    "gamma": gamma,
    "auto-gamma": auto_gamma,
    "histeq": histeq,
    "clahe": clahe,
    "retinex": retinex,
}
