"""What could a perfect answer do? Light or a tone curve, fitted to one photograph's reference."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lacr_lib.evaluation.registration import in_the_light_of
from lacr_lib.models.config import Light
from lacr_lib.models.light import relight
from lacr_lib.models.vae import LOG_GAIN_RANGE


def best_light(
    x_l: Tensor, x_c: Tensor, light: Light = "odds", cell: int = 32, steps: int = 60
) -> Tensor:
    """The dark photograph under the smooth gain that brings it nearest to its clear reference.

    One gain a cell and channel, bilinear between cells, fitted to this photograph by Adam on the
    mean absolute error: no method can know it, and none with such a gain errs less on average (but
    for what `steps` leave undone; its PSNR or SSIM may be a little higher). Compares ways for light
    to act, whatever network predicts it.
    Shapes: x_l, x_c (B, 3, H, W) in [0, 1], sides of at least `cell` -> (B, 3, H, W).
    """
    height, width = x_l.shape[2:]
    cells = (max(1, height // cell), max(1, width // cell))
    coarse = torch.zeros(x_l.shape[0], 3, *cells, device=x_l.device, requires_grad=True)
    optimizer = torch.optim.Adam([coarse], lr=0.1)

    def lit() -> Tensor:
        gain = F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
        return relight(x_l, gain.clamp(*LOG_GAIN_RANGE), light)

    with torch.enable_grad():
        for _ in range(steps):
            error = (lit() - x_c).abs().mean()
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
    return lit().detach()


def best_curve(low: NDArray[np.uint8], clear: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The dark photograph under the tone curves that bring it nearest to its clear reference.

    Each of the 256 values of a channel becomes the mean of what the reference shows at its pixels:
    of all functions of a pixel's own value the one with the least squared error. No method can know
    it; whatever is farther from the reference than this needs more than brightness.
    Shapes: low, clear (H, W, 3) uint8 -> (H, W, 3) uint8.
    """
    pairs = zip(np.moveaxis(clear, 2, 0), np.moveaxis(low, 2, 0), strict=True)
    channels = [np.rint(in_the_light_of(bright, dark)).astype(np.uint8) for bright, dark in pairs]
    return np.stack(channels, axis=2)
