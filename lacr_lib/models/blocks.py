"""Small parts shared by RCAM, AMSM and the autoencoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PixelNorm(nn.Module):
    """LayerNorm over the channels of each pixel; shape-preserving on (B, C, h, w).

    It uses no statistic over space, so a crop, a frame and a tile of the same pixels are treated
    alike; BatchNorm would carry the training crops' brightness into a dark photograph.
    Source: Ba et al. 2016; per pixel as in ConvNeXt (Liu et al. 2022).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)  # (B, h, w, C): a view when x is channels_last
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias).permute(0, 3, 1, 2)


class GlobalStatistic(nn.Module):
    """The one door through which a statistic over the whole image enters a module.

    Live, it returns what it is asked to compute. A photograph over one megapixel is seen twice:
    once reduced, `mode = "record"`, and once in full or in tiles, `mode = "replay"`, so that every
    tile knows the same global light. The stored value is no weight and is never saved.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mode = "live"
        self.stored: Tensor | None = None

    def forward(self, compute: Callable[[], Tensor]) -> Tensor:
        if self.mode == "replay" and self.stored is not None:
            return self.stored
        value = compute()
        if self.mode == "record":
            self.stored = value.detach()
        return value


class PointWise(nn.Linear):
    """A 1 x 1 convolution, written as the matrix product it is: (B, C, h, w) -> (B, C', h, w).

    Channels_last in, channels_last out, and no copy between; on the CPU faster than Conv2d.
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class FeedForward(nn.Sequential):
    """Point-wise expansion, GELU, point-wise projection that starts near zero; shape-preserving."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__(
            PointWise(channels, hidden), nn.GELU(), near_zero(PointWise(hidden, channels))
        )


class PlainBlock(nn.Module):
    """Depth-wise residual block, x + FFN(DW3x3(norm(x))): what stands in for a module that is off.

    Shapes: (B, C, h, w) -> same. `parameters_like` picks the hidden width whose parameter count is
    nearest to that of another module.
    """

    def __init__(self, channels: int, hidden: int | None = None) -> None:
        super().__init__()
        self.norm = PixelNorm(channels)
        self.depthwise = depthwise(channels, 3)
        self.feed_forward = FeedForward(channels, hidden or 2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.feed_forward(self.depthwise(self.norm(x)))
        return x + residual

    @classmethod
    def parameters_like(cls, module: nn.Module, channels: int) -> PlainBlock:
        fixed = count_parameters(cls(channels, 1)) - (2 * channels + 1)
        hidden = round((count_parameters(module) - fixed) / (2 * channels + 1))
        return cls(channels, max(1, hidden))


def depthwise(channels: int, kernel: int) -> nn.Conv2d:
    """Depth-wise convolution, size-preserving; dilated ones overflow under bfloat16 on CPUs."""
    return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)


def near_zero(layer: PointWise) -> PointWise:
    """Shrink a branch's last layer so that a residual block starts close to the identity."""
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer


def count_parameters(module: nn.Module) -> int:
    """Number of trainable numbers in a module."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
