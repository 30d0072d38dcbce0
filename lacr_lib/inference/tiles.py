"""Photographs of any size: global light from a reduced copy, the rest part by part.

Everything *global* in the model (region tokens, branch energies, skip statistics) of an image over
one megapixel comes, by definition, from one pass over a copy reduced to one megapixel. The rest is
convolution, whose reach is known, so a part with that much margin gives what the whole would give:
the same for any size of the parts. What fits in memory runs stage by stage (see stages.py); what
does not is first cut into tiles, whose margin is the reach of the whole model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacr_lib.errors import LacrError
from lacr_lib.inference.stages import (
    ENTRIES,
    OnPart,
    as_float,
    bytes_of_maps,
    decoder_reach,
    run_in_stages,
    stage_reach,
)
from lacr_lib.inference.windows import windows
from lacr_lib.models.blocks import GlobalStatistic
from lacr_lib.models.config import REGION, ModelConfig
from lacr_lib.models.vae import LacrVae

MEGAPIXEL = 1_000_000
SMALLEST_SIDE = 2 * REGION  # what the model takes; smaller images are padded
MEMORY = 2.0  # GB for the work on one photograph
LEAST_MEMORY = 1.0  # GB


def run_model(
    model: LacrVae, x: Tensor, memory: float = MEMORY, on_part: OnPart | None = None
) -> Tensor:
    """The model's enhanced images, of any size, within bounded memory.

    x: (B, 3, H, W), sRGB, float32 in [0, 1] or uint8, on the model's device -> same shape and
    type, clamped to [0, 1]. memory: GB that the work may take, besides the photographs and the
    libraries. on_part(share) is told how much of an image over one megapixel is done, up to 1.
    Raises LacrError for a result that is not finite or less memory than 1 GB.
    """
    height, width = x.shape[-2:]
    x = extended(x)
    pixels = x.shape[-2] * x.shape[-1]
    if pixels > MEGAPIXEL:
        side = tile_side(model.config, memory)
        images = [_run_large(model, image[None], side, ENTRIES, on_part) for image in x]
    else:
        together = max(1, MEGAPIXEL // pixels)
        images = [
            finish(model(as_float(part), sample=False).enhanced, x.dtype)
            for part in x.split(together)
        ]
    return torch.cat(images)[..., :height, :width]


def extended(x: Tensor) -> Tensor:
    """Sides under 16 pixels extended by their edge pixels: (B, C, H, W) -> (B, C, H', W')."""
    bottom, right = (max(0, SMALLEST_SIDE - side) for side in x.shape[-2:])
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def finish(enhanced: Tensor, kind: torch.dtype) -> Tensor:
    """What the model gives, as pixels: in [0, 1], or rounded to uint8. LacrError for NaN."""
    if not torch.isfinite(enhanced).all():
        raise LacrError("the model's output is not finite; its weights are damaged")
    enhanced = enhanced.clamp(0, 1)
    return enhanced.mul_(255).round_().to(kind) if kind == torch.uint8 else enhanced


def reach(config: ModelConfig) -> int:
    """How far, in pixels, an input pixel can change the output, global statistics held fixed.

    The sum of all kernel radii on the longest path, each times its stride; a multiple of 8.
    """
    encoder = 1 + sum(stride * stage_reach(config) for stride in config.strides)
    return REGION * math.ceil((encoder + decoder_reach(config)) / REGION)


def tile_side(config: ModelConfig, memory: float) -> int:
    """Longest side of a tile, in pixels, whose maps fit into some GB. LacrError: under 1 GB."""
    if not memory >= LEAST_MEMORY:
        raise LacrError(f"memory must be at least {LEAST_MEMORY} GB, not {memory}")
    for_maps = 1e9 * memory - 15 * 4 * ENTRIES  # a part's own maps
    return max(3 * reach(config), math.isqrt(int(for_maps / bytes_of_maps(config))))


def reduced(x: Tensor, pixels: int) -> Tensor:
    """A copy of about that many pixels, sides never under 16; (B, 3, H, W) -> (B, 3, h, w).

    Where one side is kept at 16, the other is shortened to what makes no more than a megapixel.
    """
    height, width = x.shape[-2:]
    scale = math.sqrt(pixels / (height * width))
    longest = MEGAPIXEL // SMALLEST_SIDE
    small = [min(max(SMALLEST_SIDE, round(side * scale)), longest) for side in (height, width)]
    channels = [  # one at a time: a float copy of all of a uint8 photograph would be large
        F.interpolate(as_float(c), size=small, mode="bilinear", align_corners=False, antialias=True)
        for c in x.split(1, dim=1)
    ]
    return torch.cat(channels, dim=1)


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


def _run_large(
    model: LacrVae, x: Tensor, side: int, entries: int, on_part: OnPart | None
) -> Tensor:
    """(1, 3, H, W) over one megapixel: record on the reduced copy, replay on each part."""

    def keep(enhanced: Tensor) -> Tensor:
        return finish(enhanced, x.dtype)

    tiles = windows((x.shape[2], x.shape[3]), side, reach(model.config))
    try:
        with global_statistics(model, "record"):
            model(reduced(x, MEGAPIXEL), sample=False)
        with global_statistics(model, "replay"):
            if len(tiles) == 1:
                return run_in_stages(model, x, keep, entries, on_part)
            out = torch.empty_like(x)
            for number, tile in enumerate(tiles):
                told = on_part and _of_all(on_part, number, len(tiles))
                tile.put(out, run_in_stages(model, tile.cut(x), keep, entries, told))
            return out
    finally:
        forget_statistics(model)


def _of_all(on_part: OnPart, number: int, tiles: int) -> OnPart:
    """The share of one tile that is done, told as a share of all tiles."""
    return lambda share: on_part((number + share) / tiles)
