"""Maps between sizes: padded to whole regions, upsampled, without their coarse part."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lacr_lib.models.config import REGION


def pad_to_regions(x: Tensor) -> Tensor:
    """Reflect-pad right and bottom: (B, 3, H, W) -> (B, 3, 8 ceil(H/8), 8 ceil(W/8))."""
    bottom, right = (-side % REGION for side in x.shape[2:])
    return F.pad(x, (0, right, 0, bottom), mode="reflect") if bottom or right else x


def without_local_mean(residual: Tensor) -> Tensor:
    """Take the mean of each region away, smoothly: detail stays, light does not pass.

    Shapes: (B, C, H, W), sides multiples of 8 -> same.
    """
    means = F.avg_pool2d(residual, REGION)
    return residual - F.interpolate(
        means, scale_factor=REGION, mode="bilinear", align_corners=False
    )


def resize(x: Tensor, size: torch.Size) -> Tensor:
    """Bilinear upsampling to (h, w); nothing to do when the size is already right."""
    if x.shape[2:] == size:
        return x
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
