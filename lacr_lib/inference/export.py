"""A model as an ONNX file, for programs without Python: any height and width, one pass.

Two steps of the model ask the image for its size and are written here in a way that ONNX can keep
open: the padding to whole regions, and the region tokens, whose cells depend on the size.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor, nn

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import beside
from lacr_lib.models import rcam
from lacr_lib.models.config import REGION
from lacr_lib.models.mode import evaluation_mode
from lacr_lib.models.vae import LacrVae

NEEDS = ("onnx", "onnxscript")
INPUT, OUTPUT = "low", "enhanced"
EXAMPLE = (72, 104)  # size that the model is traced with; no part of it stays in the file


def export_onnx(model: LacrVae, path: str | Path) -> None:
    """Write a model to an ONNX file, whole or not at all.

    Input `low` (1, 3, H, W), sRGB, float32 in [0, 1], H, W >= 16; output `enhanced`, same shape,
    clamped to [0, 1]: what `model(x)` gives in one pass. `enhance` differs from that over one
    megapixel, where it takes the global light from a reduced copy, and so bounds memory.
    The model may be in training, and on any device.
    Raises LacrError where the extra `export` is not installed.
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise LacrError(f"{missing[0]} is not installed; pip install 'lacr-vae[export]' brings it")
    wrapped = OnePass(model)
    example = torch.rand(1, 3, *EXAMPLE, device=next(model.parameters()).device)
    sizes = {2: torch.export.Dim("height", min=16), 3: torch.export.Dim("width", min=16)}
    with evaluation_mode(wrapped), open_sizes(), beside(path) as part, unsaid():
        program = torch.onnx.export(
            wrapped, (example,), dynamo=True, verbose=False,
            input_names=[INPUT], output_names=[OUTPUT], dynamic_shapes=(sizes,),
        )  # fmt: skip
        assert program is not None  # it is None without dynamo only
        for node in program.model.graph.all_nodes():
            node.metadata_props.clear()  # lines of source with the paths of this machine
        program.save(part)


class OnePass(nn.Module):
    """What is exported: pad, encode, decode the posterior mean, cut, clamp."""

    def __init__(self, model: LacrVae) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """(1, 3, H, W) -> same shape."""
        padded = reflected(x)
        code = self.model.encoder(padded)
        enhanced = self.model.decode(code.mu, padded, code.skips)
        return enhanced[..., : x.shape[2], : x.shape[3]].clamp(0.0, 1.0)


def reflected(x: Tensor) -> Tensor:
    """`pad_to_regions` by index, whatever the size: (B, 3, H, W) -> (B, 3, H', W')."""
    for axis in (2, 3):
        length = x.shape[axis]
        place = torch.arange((length + REGION - 1) // REGION * REGION, device=x.device)
        place = torch.where(place < length, place, 2 * (length - 1) - place)
        x = x.index_select(axis, place)
    return x


def region_tokens(x: Tensor, grids: tuple[int, ...]) -> Tensor:
    """`rcam.region_tokens` as matrix products: (B, C, h, w) -> (B, sum of g*g, C)."""
    pools = []
    for grid in grids:
        rows, columns = (cell_means(x.shape[axis], grid, x) for axis in (2, 3))
        pools.append((rows @ x @ columns.transpose(0, 1)).flatten(2))
    return torch.cat(pools, dim=2).transpose(1, 2)


def cell_means(length: int, grid: int, like: Tensor) -> Tensor:
    """Weights (grid, length) that average a line over the cells of an adaptive pooling."""
    cell = torch.arange(grid, device=like.device)[:, None]
    start, stop = cell * length // grid, ((cell + 1) * length + grid - 1) // grid
    place = torch.arange(length, device=like.device)[None]
    inside = ((place >= start) & (place < stop)).to(like.dtype)
    return inside / (stop - start).to(like.dtype)


@contextmanager
def unsaid() -> Iterator[None]:
    """The exporter's warnings, which are about its own insides, are not passed on."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def open_sizes() -> Iterator[None]:
    """RCAM pools by matrices inside the block: the same values, for any size."""
    with patch.object(rcam, "region_tokens", region_tokens):
        yield
