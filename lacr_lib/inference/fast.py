"""The fast setting: light and detail of a smaller copy, applied to the photograph itself.

The light is smooth, and the detail that the model adds is small: both are computed on a copy of
half the size, at most one megapixel, and upsampled; only the relighting is done at full size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lacr_lib.inference.stages import as_float
from lacr_lib.inference.tiles import MEGAPIXEL, extended, finish, reduced
from lacr_lib.models.light import relight
from lacr_lib.models.vae import LacrVae

BAND = 2**21  # pixels that are relit at once


def run_fast(model: LacrVae, x: Tensor) -> Tensor:
    """Enhanced images of any size, for a fraction of the work of `run_model`.

    x: (B, 3, H, W), sRGB, float32 in [0, 1] or uint8, on the model's device -> same shape and
    type, clamped to [0, 1]. Raises LacrError for a result that is not finite.
    """
    height, width = x.shape[-2:]
    images = [_run_one(model, image[None]) for image in extended(x)]
    return torch.cat(images)[..., :height, :width]


def _run_one(model: LacrVae, x: Tensor) -> Tensor:
    height, width = x.shape[-2:]
    small = reduced(x, min(MEGAPIXEL, height * width // 4))
    mu, _, skips = model.encode(small)
    parts = model.light_and_detail(mu, skips, (small.shape[2], small.shape[3]))
    both = torch.cat(parts, dim=1)  # (1, 6, h, w)
    out = torch.empty_like(x)
    band = max(1, BAND // width)
    for top in range(0, height, band):
        rows = slice(top, min(top + band, height))
        gain, detail = stretched(both, (height, width), rows).chunk(2, dim=1)
        lit = relight(as_float(x[..., rows, :]), gain, model.config.light)
        out[..., rows, :] = finish(lit + detail, x.dtype)
    return out


def stretched(x: Tensor, size: tuple[int, int], rows: slice) -> Tensor:
    """Some rows of the bilinear upsampling of a map to `size`: (B, C, h, w) -> (B, C, rows, W).

    As `F.interpolate(..., align_corners=False)`, without the memory for the whole.
    """
    height, width = size
    y = torch.arange(rows.start, rows.stop, device=x.device, dtype=x.dtype)
    y = ((y + 0.5) * (x.shape[2] / height) - 0.5).clamp(0, x.shape[2] - 1)
    above = y.floor().long()
    below = (above + 1).clamp_max(x.shape[2] - 1)
    share = (y - above)[:, None]
    lines = torch.lerp(x[:, :, above], x[:, :, below], share)
    return F.interpolate(lines, (len(y), width), mode="bilinear", align_corners=False)
