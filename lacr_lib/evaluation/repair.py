"""What is wrong with an output: lend it one thing from the reference, and see what that buys."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2ycbcr, ycbcr2rgb
from skimage.filters import gaussian

from lacr_lib.evaluation.metrics import Image, eight_bit, gt_mean, psnr

DETAIL = 2.0  # pixels: what a Gaussian of this sigma takes away is called detail


class Repairs(NamedTuple):
    """What each loan buys, in dB of PSNR; the largest names the main fault."""

    brightness: float
    colour: float
    detail: float

    @property
    def main_fault(self) -> str:
        """The name of the largest gain: "brightness", "colour" or "detail"."""
        return max(self._asdict().items(), key=lambda item: item[1])[0]


def repairs(output: Image, clear: Image) -> Repairs:
    """PSNR gained when an output borrows one property of its reference, the others left alone.

    brightness: scaled to the reference's mean luma; colour: the reference's Cb and Cr with the
    output's luma; detail: the reference's fine structure (noise against texture) on the output's
    broad light and colour. Shapes: (H, W, 3) each. Unit: dB; the three gains do not add up.
    A diagnosis of ours, no metric of the literature.
    """
    values, target = eight_bit(output), eight_bit(clear)
    before = psnr(values, target)
    return Repairs(
        brightness=psnr(gt_mean(values, target), target) - before,
        colour=psnr(_with_colour(values, target), target) - before,
        detail=psnr(_with_detail(values, target), target) - before,
    )


def _with_colour(values: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    mixed = rgb2ycbcr(target)
    mixed[..., 0] = rgb2ycbcr(values)[..., 0]
    return np.asarray(np.clip(ycbcr2rgb(mixed), 0, 1))


def _with_detail(values: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(_broad(values) + target - _broad(target), 0, 1)


def _broad(values: NDArray[np.float64]) -> NDArray[np.float64]:
    smooth = gaussian(values, DETAIL, channel_axis=2)
    return np.asarray(smooth)
