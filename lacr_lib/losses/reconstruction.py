"""How far the enhanced image is from its reference: L1 and structural similarity."""

from __future__ import annotations

import torch
from torch import Tensor

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


def reconstruction_loss(x_e: Tensor, x_c: Tensor, ssim_weight: float) -> Tensor:
    """Mean absolute error + ssim_weight * (1 - SSIM), for each image [ours; no likelihood].

    Shapes: x_e, x_c (B, 3, H, W) in [0, 1] -> (B,). Always computed in float32.
    """
    with torch.autocast(x_e.device.type, enabled=False):
        x_e, x_c = x_e.float(), x_c.float()
        l1 = (x_e - x_c).abs().flatten(1).mean(dim=1)
        if ssim_weight == 0:
            return l1
        return l1 + ssim_weight * (1.0 - ssim(x_e, x_c))


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Structural similarity of each pair of images, data range 1, Gaussian window 11 / 1.5.

    Separable windows, "valid" borders: the training loss. Reported figures use torchmetrics.
    Shapes: (B, C, H, W) twice -> (B,), in [-1, 1]; H, W >= 11. Source: Wang et al. 2004.
    """
    stacked = torch.cat([x, y, x * x, y * y, x * y])
    mean_x, mean_y, xx, yy, xy = gaussian_blur(stacked).chunk(5)
    var_x, var_y, cov = xx - mean_x**2, yy - mean_y**2, xy - mean_x * mean_y
    light = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    structure = (2 * cov + C2) / (var_x + var_y + C2)
    return (light * structure).flatten(1).mean(dim=1)


def gaussian_blur(x: Tensor) -> Tensor:
    """Gaussian mean over an 11 x 11 window, no padding: (B, C, H, W) -> (B, C, H-10, W-10).

    As two products with a banded matrix: on the CPU eight times as fast, with its gradient, as a
    convolution of single planes.
    """
    height, width = x.shape[2:]
    return blur_matrix(height, x) @ x @ blur_matrix(width, x).T


def blur_matrix(size: int, like: Tensor) -> Tensor:
    """Row i holds the Gaussian window over entries i .. i+10: (size - 10, size)."""
    entry = torch.arange(size, device=like.device, dtype=like.dtype)
    offset = entry[None, :] - entry[: size - WINDOW + 1, None] - WINDOW // 2
    weight = torch.exp(-0.5 * (offset / SIGMA) ** 2) * (offset.abs() <= WINDOW // 2)
    return weight / weight.sum(dim=1, keepdim=True)
