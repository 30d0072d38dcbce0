"""Full-reference and order metrics on 8-bit outputs, one image at a time.

Every function rounds its images to the 8-bit grid first: a file on a disk holds 8 bits, and a score
of values that no file can hold would flatter the method.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.transform import resize
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from lacr_lib.errors import LacrError

Image = NDArray[np.uint8] | NDArray[np.floating]
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5
LOE_SIDE = 50
LOE_PIXELS = 20_000  # a strip has more at that side, and time grows with their square
LUMA = np.array([0.299, 0.587, 0.114])  # Rec. 601, what OpenCV's grey is made of


def eight_bit(image: Image) -> NDArray[np.float64]:
    """The image as a file would hold it: clipped to [0, 1] and rounded to the 256 levels.

    Shapes: (H, W, 3), uint8 or float in [0, 1] -> the same, float64 in [0, 1].
    Errors: another shape, another type, no pixels, a value that is not finite, floats in [0, 255].
    """
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3:
        raise LacrError(f"metrics need (H, W, 3) images, got {array.shape}: convert it to RGB")
    if not array.size:
        raise LacrError(f"an image of shape {array.shape} has no pixels")
    if array.dtype == np.uint8:
        return array.astype(np.float64) / 255
    if not np.issubdtype(array.dtype, np.floating):
        raise LacrError(f"metrics need uint8 or float in [0, 1], got {array.dtype}: convert it")
    if not np.isfinite(array).all():
        raise LacrError("the image holds values that are not finite: look at what made it")
    if array.mean() > 2:
        raise LacrError("a float image has values in [0, 1], not up to 255: divide by 255")
    return np.rint(np.clip(array.astype(np.float64), 0, 1) * 255) / 255


def psnr(a: Image, b: Image) -> float:
    """Peak signal-to-noise ratio of two images; peak 1, so 10 log10(1 / mean squared error).

    Shapes: (H, W, 3) each. Unit: dB; infinite for equal images.
    Source: torchmetrics, checked against scikit-image in the tests.
    """
    first, second = (_tensor(image) for image in _pair(a, b))
    return float(peak_signal_noise_ratio(first, second, data_range=1.0))


def ssim(a: Image, b: Image) -> float:
    """Structural similarity: Gaussian window 11 x 11, sigma 1.5, mean over colours and pixels.

    Shapes: (H, W, 3) each, sides >= 11. Range: -1 to 1, 1 for equal images. Only windows that lie
    wholly inside the frame count, as in the authors' code and in scikit-image.
    Source: Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 2004; torchmetrics.
    """
    # float32: 10 times faster than float64, and 2e-6 away from it on a photograph
    first, second = (_tensor(image).float() for image in _pair(a, b))
    if min(first.shape[-2:]) < SSIM_WINDOW:
        raise LacrError(f"SSIM needs sides of {SSIM_WINDOW} pixels or more: use a larger image")
    _, windows = structural_similarity_index_measure(
        first, second, sigma=SSIM_SIGMA, data_range=1.0, return_full_image=True
    )  # (1, 3, H, W)
    # torchmetrics mirrors the frame at its border, and its releases differ in whether they count
    # those windows (0.002 on a photograph): cutting them here makes all of them agree
    edge = SSIM_WINDOW // 2
    return float(windows[..., edge:-edge, edge:-edge].mean())


def gt_mean(output: Image, reference: Image) -> NDArray[np.float64]:
    """The output scaled to the reference's mean luma: the kinder, *labelled* protocol.

    It lends the method one number that it could not know, so its scores are never mixed with
    plain ones. Shapes: (H, W, 3) each -> the same, float64 in [0, 1]; a black output stays black.
    Source: the evaluation code of KinD (Zhang et al. 2019), as later papers repeat it.
    """
    values, target = _pair(output, reference)
    mean = float((values @ LUMA).mean())
    if mean == 0:
        return values
    return np.clip(values * (float((target @ LUMA).mean()) / mean), 0, 1)


def ciede2000(a: Image, b: Image) -> float:
    """Mean colour difference over pixels; about 1 is just noticeable side by side, 10 is plain.

    Shapes: (H, W, 3) each, sRGB. Unit: CIEDE2000 Delta E.
    Source: Sharma, Wu & Dalal 2005; scikit-image.
    """
    first, second = _pair(a, b)
    difference = deltaE_ciede2000(rgb2lab(first), rgb2lab(second))
    return float(difference.mean())


def chroma_ratio(a: Image, b: Image) -> float:
    """Mean chroma of a over mean chroma of b: below 1 washed out, above 1 too colourful.

    Shapes: (H, W, 3) each, sRGB. Chroma is sqrt(a*^2 + b*^2) of CIELAB. A grey b gives NaN.
    """
    first, second = _pair(a, b)
    reference = float(_chroma(second))
    return float(_chroma(first)) / reference if reference > 0.01 else math.nan


def loe(enhanced: Image, low: Image) -> float:
    """Lightness order error: for how many other pixels a pixel's order of lightness is reversed.

    Shapes: (H, W, 3) each. Unit: pixels, mean over the image, after both are reduced to a shorter
    side of 50 and to 20,000 pixels in all. In theory 0 for any strictly rising tone curve; reducing
    and rounding leave some tens of pixels, and hundreds where 8 bits keep few levels apart, as in a
    very dark photograph. No reference photograph is needed.
    Source: Wang, Zheng, Hu & Li, IEEE TIP 2013 (NPE), equations 1 to 4.
    """
    after, before = _pair(enhanced, low)
    light_after, light_before = _small_lightness(after), _small_lightness(before)
    changed = 0
    for start in range(0, light_after.size, 1024):  # in parts: all pairs at once may be gigabytes
        part = slice(start, start + 1024)
        order_after = light_after[part, None] >= light_after[None, :]
        order_before = light_before[part, None] >= light_before[None, :]
        changed += int(np.count_nonzero(order_after != order_before))
    return changed / light_after.size


def _pair(a: Image, b: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = eight_bit(a), eight_bit(b)
    if first.shape != second.shape:
        raise LacrError(
            f"images of {first.shape[:2]} and {second.shape[:2]} cannot be compared: "
            "give an output of the reference's size"
        )
    return first, second


def _tensor(image: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].contiguous()  # (1, 3, H, W)


def _chroma(image: NDArray[np.float64]) -> float:
    lab = rgb2lab(image)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def _small_lightness(image: NDArray[np.float64]) -> NDArray[np.float64]:
    light = image.max(axis=2)
    height, width = light.shape
    scale = min(LOE_SIDE / min(height, width), (LOE_PIXELS / (height * width)) ** 0.5)
    if scale < 1:
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        light = resize(light, size, anti_aliasing=True)
        light = np.rint(light * 255) / 255
    return np.asarray(light.ravel())
