"""RCAM, the Region-CAlibrated Module: local and global light relations of image regions."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacr_lib.models.blocks import (
    FeedForward,
    GlobalStatistic,
    PixelNorm,
    PointWise,
    depthwise,
    near_zero,
)

HEAD_CHANNELS = 16


class RcamAttention(NamedTuple):
    """weights (B, heads, h*w, tokens), each row sums to 1; gate (B, C, h, w) in (0, 1)."""

    weights: Tensor
    gate: Tensor


def region_tokens(x: Tensor, grids: tuple[int, ...]) -> Tensor:
    """Average a map over the cells of several grids: one token for each region of each size.

    Shapes: x (B, C, h, w) -> (B, sum of g*g, C); grids in the order given, cells row by row.
    """
    pools = [F.adaptive_avg_pool2d(x, grid).flatten(2) for grid in grids]  # each (B, C, g*g)
    return torch.cat(pools, dim=2).transpose(1, 2)


class RCAM(nn.Module):
    """Half the channels ask region tokens (global), half convolve (local), a gate calibrates both.

    Paper: "local and global illumination relations among image regions", of "diverse region
    sizes and shapes". Ours: everything else, after the region-calibrated block of LRCR-Net
    (Wu et al. 2023).
    Each pixel attends to 1 + 4 + 16 + 64 region tokens, so the cost is linear in pixels.
    Shapes: (B, C, h, w) -> same; with return_attention=True also RcamAttention.
    Raises ValueError when `channels` is odd.
    """

    def __init__(self, channels: int, token_grids: tuple[int, ...] = (1, 2, 4, 8)) -> None:
        super().__init__()
        if channels < 2 or channels % 2:
            raise ValueError(f"RCAM splits its channels in halves: {channels} is not even")
        half = channels // 2
        self.token_grids = tuple(token_grids)
        self.heads = max(1, half // HEAD_CHANNELS) if half % HEAD_CHANNELS == 0 else 1
        self.norm = PixelNorm(channels)
        self.tokens = GlobalStatistic()
        self.grid_embedding = nn.Parameter(torch.zeros(len(self.token_grids), half))
        self.query = PointWise(half, half)
        self.key_value = nn.Linear(half, 2 * half)
        self.local = nn.Sequential(depthwise(half, 3), nn.GELU(), PointWise(half, half))
        self.gate = PointWise(channels, channels)
        self.mix = near_zero(PointWise(channels, channels))
        self.feed_forward = nn.Sequential(PixelNorm(channels), FeedForward(channels, 2 * channels))

    def forward(
        self, x: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, RcamAttention]:
        global_half, local_half = self.norm(x).chunk(2, dim=1)
        query, key, value = self.attention_inputs(global_half)
        related = F.scaled_dot_product_attention(query, key, value)
        both = torch.cat([self.to_map(related, x.shape), self.local(local_half)], dim=1)
        gate = torch.sigmoid(self.gate(both))
        out: Tensor = x + self.mix(gate * both)
        out = out + self.feed_forward(out)
        if not return_attention:
            return out
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        return out, RcamAttention(scores.softmax(dim=-1), gate)

    def attention_inputs(self, global_half: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of all pixels, keys and values of all region tokens.

        Shapes: (B, C/2, h, w) -> (B, heads, h*w, d), (B, heads, tokens, d), (B, heads, tokens, d).
        """
        batch = global_half.shape[0]
        tokens = self.tokens(lambda: region_tokens(global_half, self.token_grids))
        # which grid a token is of: a length that is known, so that compile does not stop here
        grids = [i for i, grid in enumerate(self.token_grids) for _ in range(grid * grid)]
        of_grid = torch.tensor(grids, device=tokens.device)
        tokens = tokens + self.grid_embedding.index_select(0, of_grid)
        key, value = self.key_value(tokens).chunk(2, dim=-1)
        query = self.query(global_half).permute(0, 2, 3, 1).reshape(batch, -1, key.shape[-1])
        query, key, value = (
            part.reshape(batch, part.shape[1], self.heads, -1).transpose(1, 2)
            for part in (query, key, value)
        )
        return query, key, value

    @staticmethod
    def to_map(related: Tensor, shape: torch.Size) -> Tensor:
        """(B, heads, h*w, d) -> (B, heads*d, h, w)."""
        batch, _, height, width = shape
        return related.transpose(1, 2).reshape(batch, height, width, -1).permute(0, 3, 1, 2)
