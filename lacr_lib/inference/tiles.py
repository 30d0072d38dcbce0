"""Photographs of any size: global light from a reduced copy, the rest in overlapping tiles.

Everything *global* in the model (region tokens, branch energies, skip statistics) of an image over
one megapixel comes, by definition, from one pass over a copy reduced to one megapixel. The rest is
convolution, whose reach is known, so a tile with that much overlap gives what the whole would give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacr_lib.models.blocks import GlobalStatistic
from lacr_lib.models.config import REGION, ModelConfig
from lacr_lib.models.vae import GAIN_BLOCKS, LacrVae

MEGAPIXEL = 1_000_000
SMALLEST_SIDE = 2 * REGION  # what the model takes; smaller images are padded
TILE = 1536  # longest side of a tile with its overlap, pixels: about 1 GB at 16 base channels
SPATIAL_KERNEL = 7  # of AMSM's spatial attention


def run_model(model: LacrVae, x: Tensor, tile: int = TILE) -> Tensor:
    """The model's enhanced images, of any size, within bounded memory.

    x: (B, 3, H, W), float32, sRGB, [0, 1], on the model's device -> same shape, not clamped.
    tile: longest side of one pass over a large image, in pixels, overlap included.
    """
    height, width = x.shape[-2:]
    if height * width > MEGAPIXEL:
        return torch.cat([_run_large(model, image[None], tile) for image in x])
    together = max(1, MEGAPIXEL // (height * width))
    parts = [x[first : first + together] for first in range(0, len(x), together)]
    return torch.cat([_run_small(model, part) for part in parts])


def reach(config: ModelConfig) -> int:
    """How far, in pixels, an input pixel can change the output, global statistics held fixed.

    The sum of all kernel radii on the longest path, each times its stride; a multiple of 8.
    """
    amsm = max(config.kernel_sizes) // 2 + SPATIAL_KERNEL // 2 if config.amsm else 1
    stage = 1 + 2 * amsm  # RCAM's local half (or the plain block) is 3 x 3
    encoder = 1 + sum(stride * (stage + 1) for stride in config.strides)  # + 1: alignment of downs
    gain = (GAIN_BLOCKS + 2) * REGION  # 3 x 3 at 1/8 size, then bilinear upsampling
    decoder = 1 + sum(2 * stride for stride in config.strides)  # a 3 x 3 block and one upsampling
    decoder += 2 * REGION  # the mean of a region, and its bilinear upsampling
    return REGION * math.ceil((encoder + max(gain, decoder)) / REGION)


def reduced(x: Tensor, pixels: int) -> Tensor:
    """A copy of about that many pixels, sides never under 16; (B, 3, H, W) -> (B, 3, h, w)."""
    height, width = x.shape[-2:]
    scale = math.sqrt(pixels / (height * width))
    small = [max(SMALLEST_SIDE, round(side * scale)) for side in (height, width)]
    return F.interpolate(x, size=small, mode="bilinear", align_corners=False, antialias=True)


@contextmanager
def global_statistics(model: nn.Module, mode: str) -> Iterator[None]:
    """Within the block, global statistics are recorded or replayed; after it, live again."""
    statistics = [module for module in model.modules() if isinstance(module, GlobalStatistic)]
    for statistic in statistics:
        statistic.mode = mode
    try:
        yield
    finally:
        for statistic in statistics:
            statistic.mode = "live"


def forget_statistics(model: nn.Module) -> None:
    """Drop what was recorded; it belongs to one image."""
    for module in model.modules():
        if isinstance(module, GlobalStatistic):
            module.stored = None


def _run_large(model: LacrVae, x: Tensor, tile: int) -> Tensor:
    """(1, 3, H, W) over one megapixel: record on the reduced copy, replay on each tile."""
    try:
        with global_statistics(model, "record"):
            model(reduced(x, MEGAPIXEL), sample=False)
        with global_statistics(model, "replay"):
            return _in_tiles(partial(_run_small, model), x, tile, reach(model.config))
    finally:
        forget_statistics(model)


def _in_tiles(run: Callable[[Tensor], Tensor], x: Tensor, tile: int, overlap: int) -> Tensor:
    """Run on overlapping tiles and keep of each the part that no cut edge can have reached."""
    out = torch.empty_like(x)
    height, width = x.shape[-2:]
    for top, bottom in _cuts(height, tile, overlap):
        for left, right in _cuts(width, tile, overlap):
            up, back = min(top, overlap), min(left, overlap)  # none at the image's edges
            part = run(x[..., top - up : bottom + overlap, left - back : right + overlap])
            kept = part[..., up : up + bottom - top, back : back + right - left]
            out[..., top:bottom, left:right] = kept
    return out


def _cuts(side: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """Ranges that cover a side, as even as multiples of 8 allow (region cells must coincide)."""
    if side <= tile:
        return [(0, side)]
    core = max(REGION, tile - 2 * overlap)
    step = REGION * math.ceil(side / math.ceil(side / core) / REGION)
    return [(start, min(start + step, side)) for start in range(0, side, step)]


def _run_small(model: LacrVae, x: Tensor) -> Tensor:
    """One pass; sides under 16 pixels are extended by their edge pixels and cut back."""
    height, width = x.shape[-2:]
    bottom, right = (max(0, SMALLEST_SIDE - side) for side in (height, width))
    if bottom or right:
        x = F.pad(x, (0, right, 0, bottom), mode="replicate")
    enhanced: Tensor = model(x, sample=False).enhanced
    return enhanced[..., :height, :width]
