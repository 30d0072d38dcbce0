"""AMSM, the Attention-guided Multi-Scale Module: which receptive field does a detail need?"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lacr_lib.models.blocks import FeedForward, GlobalStatistic, PixelNorm, depthwise


class AmsmAttention(NamedTuple):
    """branches (B, S, C), sums to 1 over the S branches; spatial (B, 1, h, w) in (0, 1)."""

    branches: Tensor
    spatial: Tensor


class AMSM(nn.Module):
    """Depth-wise branches of several kernel sizes, fused by attention over branches and over space.

    Paper: "multi-scale features that improve the representation capability", guided by attention.
    Ours: the rest, after selective-kernel networks (Li et al. 2019) for the softmax over branches
    and CBAM (Woo et al. 2018) for the spatial map. The branch attention sees the mean *absolute*
    response of each branch: the plain mean of a linear convolution is the image mean times the
    kernel's sum and says nothing about scale.
    Shapes: (B, C, h, w) -> same; with return_attention=True also AmsmAttention.
    """

    def __init__(self, channels: int, kernel_sizes: tuple[int, ...] = (3, 5, 7)) -> None:
        super().__init__()
        self.kernel_sizes = tuple(kernel_sizes)
        hidden = max(8, channels // 2)
        self.norm = PixelNorm(channels)
        self.branches = nn.ModuleList(depthwise(channels, kernel) for kernel in self.kernel_sizes)
        self.energy = GlobalStatistic()
        self.branch_attention = nn.Sequential(
            nn.Linear(len(self.kernel_sizes) * channels, hidden),
            nn.GELU(),
            nn.Linear(hidden, len(self.kernel_sizes) * channels),
        )
        self.spatial_attention = nn.Conv2d(2, 1, 7, padding=3)
        self.feed_forward = FeedForward(channels, 2 * channels)

    def forward(
        self, x: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, AmsmAttention]:
        normed = self.norm(x)
        responses = [branch(normed) for branch in self.branches]  # S maps (B, C, h, w)
        weights = self.branch_weights(responses)
        fused = sum(
            w[:, :, None, None] * r for w, r in zip(weights.unbind(1), responses, strict=True)
        )
        spatial = self.spatial_map(fused)
        out = x + self.feed_forward(spatial * fused)
        return (out, AmsmAttention(weights, spatial)) if return_attention else out

    def branch_weights(self, responses: list[Tensor]) -> Tensor:
        """Softmax over branches, for each image and channel: S maps (B, C, h, w) -> (B, S, C)."""
        energy = self.energy(
            lambda: torch.stack([r.abs().mean(dim=(2, 3)) for r in responses], dim=1)
        )
        scores: Tensor = self.branch_attention(energy.flatten(1)).view_as(energy)
        return scores.softmax(dim=1)

    def spatial_map(self, fused: Tensor) -> Tensor:
        """Where to look, from the channels' mean and maximum: (B, C, h, w) -> (B, 1, h, w)."""
        summary = torch.cat([fused.mean(1, keepdim=True), fused.amax(1, keepdim=True)], dim=1)
        return torch.sigmoid(self.spatial_attention(summary))
