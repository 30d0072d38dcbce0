"""Checks of notebook 04: the width of a field, an average with holes, a mixture as one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lacr_lib.data.images import Array
from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOWS = (3, 5, 7)
WIDEST = max(WINDOWS)


def effective_width(answer: Answer) -> Hint:
    """04-width: side of the smallest centred square that holds a share of a field."""
    side, shares = 15, (0.3, 0.9)
    rows, columns = np.indices((side, side)) - side // 2
    values = 7 * np.exp(-((rows / 2.6) ** 2 + ((columns - 1) / 3.2) ** 2))
    field = torch.tensor(values, dtype=torch.float32)
    found = [answer(field, share) for share in shares]
    if shape_of(found) != (2,):
        return f"one number, the side in pixels; this has shape {shape_of(found[0])}"

    def width(distance: Array, content: Array, total: float) -> Array:
        inside = [content[distance <= r].sum() for r in range(side // 2)]
        return 2 * np.searchsorted(inside, np.array(shares) * total) + 1

    square, circle = np.maximum(abs(rows), abs(columns)), np.hypot(rows, columns)
    right = width(square, values, values.sum())
    even = np.ones_like(values)
    if close(found, right):
        return None
    for mistake, hint in (
        ((right - 1) / 2, "pixels from the middle to one side; the width is the whole side"),
        ((right + 1) / 2, "pixels from the middle to one side; the width is twice that, less one"),
        (right - 1, "two halves and the middle pixel: the side is odd"),
        (right - 2, "one ring too small: the square holds less than the share"),
        (width(square, values, 1), "the field need not sum to 1: take a share of its sum"),
        (width(circle, values, values.sum()), "that is a circle; take a square"),
        (right + 2, "one ring too large: a smaller square holds the share, too"),
        (width(square, even, even.sum()), "that counts pixels; count what the field has in them"),
    ):
        if close(found, mistake):
            return hint
    return "let a square grow ring by ring from the middle pixel, until it holds the share"


def with_holes(x: Tensor, dilation: int) -> Tensor:
    """Mean of 9 pixels that lie `dilation` apart; the picture continues like a tile."""
    kernel = torch.full((1, 1, 3, 3), 1 / 9, dtype=x.dtype)
    return F.conv2d(F.pad(x, [dilation] * 4, mode="circular"), kernel, dilation=dilation)


def average_with_holes(answer: Answer) -> Hint:
    """04-holes: the mean of nine pixels that lie apart."""
    x = torch.rand(2, 1, 12, 16, generator=torch.Generator().manual_seed(6)) + 1
    found, dilation = answer(x, 3), 3
    right = with_holes(x, dilation)
    if shape_of(found) != right.shape:
        return f"the picture keeps its size, {tuple(x.shape)}; this is {shape_of(found)}"
    if close(found, right):
        return None
    shifts = [x.roll(move, (2, 3)) for move in ((0, 0), (3, 0), (-3, 0), (0, 3), (0, -3))]
    kernel = torch.full((1, 1, 3, 3), 1 / 9)
    zeros = F.conv2d(x, kernel, padding=dilation, dilation=dilation)
    edges = F.conv2d(F.pad(x, [3] * 4, mode="replicate"), kernel, dilation=dilation)
    filled = F.avg_pool2d(F.pad(x, [3] * 4, mode="circular"), WIDEST, stride=1)
    for mistake, hint in (
        (9 * right, "that is the sum of nine pixels; the mean is wanted"),
        (
            zeros,
            "zeros come in from outside; the picture continues on the other side, as in average",
        ),
        (edges, "edge pixels are repeated; the picture continues on the other side, as in average"),
        (filled, "that is the full 7 x 7 window; only nine of its 49 pixels count"),
        (torch.stack(shifts).mean(0), "the four diagonal neighbours are missing"),
        (with_holes(x, dilation + 1), "a pixel too far: neighbours lie `dilation` pixels apart"),
        (with_holes(x, dilation - 1), "a pixel too near: neighbours lie `dilation` pixels apart"),
        (with_holes(x, 1), "that is the plain 3 x 3 window: dilation is not used"),
    ):
        if close(found, mistake):
            return hint
    return "the pixel itself and its eight neighbours, `dilation` rows and columns away; their mean"


def boxes(scale: Sequence[float] = WINDOWS, corner: bool = False) -> Tensor:
    """Each window as a picture (3, 7, 7): 1 / scale^2 inside it, 0 outside."""
    pictures = torch.zeros(len(WINDOWS), WIDEST, WIDEST)
    for picture, window, size in zip(pictures, WINDOWS, scale, strict=True):
        start = 0 if corner else (WIDEST - window) // 2
        picture[start : start + window, start : start + window] = 1 / size**2
    return pictures


def mixture_as_kernel(answer: Answer) -> Hint:
    """04-mixture: one kernel that does what a mixture of three averages does."""
    weights = torch.tensor([0.5, 0.3, 0.2])
    found = answer(weights)
    if shape_of(found) != (WIDEST, WIDEST):
        return f"the widest window is 7 x 7, so is the kernel; this is {shape_of(found)}"

    def mixed(pictures: Tensor, shares: Tensor = weights) -> Tensor:
        return torch.einsum("k,kij->ij", shares, pictures)

    if close(found, mixed(boxes())):
        return None
    for mistake, hint in (
        (mixed(boxes((1, 1, 1))), "a mean over k x k pixels gives each of them 1 / k²"),
        (
            mixed(boxes([k**0.5 for k in WINDOWS])),
            "k x k pixels share the weight: 1 / k², not 1 / k",
        ),
        (mixed(boxes(corner=True)), "all windows have the same middle pixel"),
        (mixed(boxes(), torch.full((3,), 1 / 3)), "the weights are not used"),
        (
            mixed(boxes(), weights.flip(0)),
            "the weights are those of 3 x 3, 5 x 5, 7 x 7, in this order",
        ),
        (mixed(boxes(), torch.ones(3)), "three averages added up; each counts with its weight"),
    ):
        if close(found, mistake):
            return hint
    return "start with 7 x 7 zeros; each window adds its weight / k² to each of its pixels"


def show_kernels() -> Figure:
    """Kernels of three mixtures."""
    from lacr_lib.figures.panels import map_row

    mixtures = ((1, 0, 0), (0.2, 0.3, 0.5), (0, 0, 1))
    titles = ["weights " + ", ".join(f"{w:g}" for w in mixture) for mixture in mixtures]
    kernels = [torch.einsum("k,kij->ij", torch.tensor(w).float(), boxes()) for w in mixtures]
    return map_row(dict(zip(titles, kernels, strict=True)), "weight of a pixel (sum 1)")


EXERCISES = {
    "04-width": Exercise(effective_width),
    "04-holes": Exercise(average_with_holes),
    "04-mixture": Exercise(mixture_as_kernel, show_kernels),
}
