"""A large photograph, stage by stage: each stage of the model runs over the whole map in parts.

A tile that goes through the whole model needs a margin as wide as the whole model reaches, 376
pixels by default, and most of its work is then margin. One stage reaches 14 cells only. What is
kept between the stages are their maps, which the decoder needs anyway: the skips.
Global statistics must be given (replayed): a part knows nothing of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from lacr_lib.inference.windows import Window, windows
from lacr_lib.models.config import REGION, ModelConfig
from lacr_lib.models.sizes import pad_to_regions
from lacr_lib.models.vae import GAIN_BLOCKS, LacrVae

ENTRIES = 2**23  # of a map that is computed at once, 4 bytes each; about 15 such maps live together
SPATIAL_KERNEL = 7  # of AMSM's spatial attention
OnPart = Callable[[float], None]  # share that is done, up to 1


def stage_reach(config: ModelConfig) -> int:
    """How far, in cells of its own map, a cell can change the output of a stage.

    The sum of all kernel radii, and one cell for the strided convolution before it.
    """
    amsm = max(config.kernel_sizes) // 2 + SPATIAL_KERNEL // 2 if config.amsm else 1
    return 1 + 2 * amsm + 1  # RCAM's local half (or the plain block) is 3 x 3


def decoder_reach(config: ModelConfig) -> int:
    """How far, in pixels, a latent or a skip can change the enhanced image."""
    gain = (GAIN_BLOCKS + 2) * REGION  # 3 x 3 at 1/8 size, then bilinear upsampling
    detail = 1 + sum(2 * stride for stride in config.strides)  # a 3 x 3 block and one upsampling
    detail += 2 * REGION  # the mean of a region, and its bilinear upsampling
    return max(gain, detail)


def bytes_of_maps(config: ModelConfig) -> float:
    """What is kept between the stages, for each pixel of the photograph."""
    kept = sum(w / s**2 for w, s in zip(config.widths, config.strides, strict=True))
    return 4 * (kept + 2 * config.latent_channels / REGION**2)


def run_in_stages(
    model: LacrVae,
    x: Tensor,
    finish: Callable[[Tensor], Tensor],
    entries: int = ENTRIES,
    on_part: OnPart | None = None,
) -> Tensor:
    """What `model(x, sample=False).enhanced` gives, under replayed statistics, in little memory.

    x: (1, 3, H, W), H, W >= 16, float32 in [0, 1] or uint8. finish: makes of an enhanced part,
    float32, what is kept of it, of x's type. entries: of a map at once, at least 2^14.
    """
    encoder, config = model.encoder, model.config
    padded = pad_to_regions(x)
    plans = _plans(config, (padded.shape[2], padded.shape[3]), entries)
    total, done = sum(map(len, plans)), 0

    def count() -> None:
        nonlocal done
        done += 1
        if on_part:
            on_part(done / total)

    maps = [padded]
    for index, plan in enumerate(plans[:-1]):
        maps.append(_run_stage(partial(encoder.stage, index), maps[-1], plan, count))
    mu, _ = encoder.posterior_of(maps.pop())
    out = torch.empty_like(x)
    for window in plans[-1]:
        skips = [window_of(skip, window, padded) for skip in maps[1:]]
        part = model.decode(window_of(mu, window, padded), as_float(window.cut(x)), skips)
        window.put(out, finish(part))
        count()
    return out


def as_float(x: Tensor) -> Tensor:
    """Pixels as the model takes them: uint8 / 255, float32 as it is."""
    return x / 255 if x.dtype == torch.uint8 else x


def window_of(x: Tensor, window: Window, image: Tensor) -> Tensor:
    """The cells of a coarser map below a window of the padded image."""
    stride = image.shape[-1] // x.shape[-1]
    rows, columns = (slice(s.start // stride, s.stop // stride) for s in window.run)
    return x[..., rows, columns]


def _plans(config: ModelConfig, size: tuple[int, int], entries: int) -> list[list[Window]]:
    """The windows of each stage, in its cells, and of the decoder, in pixels."""
    plans = []
    for width, stride in zip(config.widths, config.strides, strict=True):
        side = math.isqrt(entries // width)
        plans.append(windows((size[0] // stride, size[1] // stride), side, stage_reach(config), 1))
    side = math.isqrt(entries // config.widths[0]) * config.strides[0]
    return [*plans, windows(size, side, decoder_reach(config))]


def _run_stage(
    stage: Callable[[Tensor], Tensor], x: Tensor, plan: list[Window], count: Callable[[], None]
) -> Tensor:
    """A stage over a whole map (1, C, h, w) -> (1, C', h', w'), channels last."""
    height, width = (max(window.kept[axis].stop for window in plan) for axis in (0, 1))
    finer = x.shape[-1] // width
    out = None
    for window in plan:
        part = stage(as_float(window.cut(x, finer)))
        if out is None:
            shape = (1, part.shape[1], height, width)
            out = torch.empty(shape, device=part.device, memory_format=torch.channels_last)
        window.put(out, part)
        count()
    assert out is not None  # a plan has at least one window
    return out
