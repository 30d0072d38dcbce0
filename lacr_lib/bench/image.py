"""One photograph of 600 x 400 pixels on one CPU thread, against a plain stack of convolutions."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from statistics import median

import numpy as np
import torch
from torch import nn

from lacr_lib.bench.row import Row
from lacr_lib.bench.timing import one_thread, ratio, turns
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.load import load_model

SIZE = (400, 600)
REPEATS = 11
LIMIT, FAST_LIMIT = 2.0, 0.6


def plain_stack() -> nn.Sequential:
    """Seven 3 x 3 convolutions with 32 channels at full size: the shape of Zero-DCE's network.

    Source: Guo et al., CVPR 2020; without its skips and its curve.
    """
    widths = (3, *[32] * 7)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers).eval()


def measure(repeats: int = REPEATS) -> list[Row]:
    """`enhance` of a uint8 array, whole and fast, as multiples of the stack's forward pass.

    The stack runs in both memory layouts, and the faster of the two is the yardstick.
    """
    photo = np.random.default_rng(0).integers(0, 90, (*SIZE, 3), dtype=np.uint8)
    x = torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1)[None].contiguous()
    stack, stack_last = plain_stack(), plain_stack()
    stack_last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x_last = x.to(memory_format=torch.channels_last)
    model = load_model("lacr-vae")
    with one_thread(), torch.inference_mode():
        seconds = turns(
            {
                "stack": partial(stack, x),
                "stack_channels_last": partial(stack_last, x_last),
                "lacr_vae": partial(enhance, model, photo),
                "fast": partial(enhance, model, photo, fast=True),
            },
            repeats,
        )
    stacks = ("stack", "stack_channels_last")
    faster = min(stacks, key=lambda name: median(seconds[name]))
    rows = []
    for key, name, limit in (("lacr_vae", "image", LIMIT), ("fast", "fast", FAST_LIMIT)):
        value = ratio(seconds[key], seconds[faster])
        details = {
            "yardstick": faster,
            "repeats": repeats,
            "seconds": {each: median(values) for each, values in seconds.items()},
            "over_default_layout": ratio(seconds[key], seconds["stack"]),
        }
        what = f"one 600x400 photograph, CPU, 1 thread{', `fast`' if key == 'fast' else ''}, over "
        what += "seven 3x3 convolutions of 32 channels"
        rows.append(Row(name, what, f"<= {limit}", value, value <= limit, details=details))
    return rows
