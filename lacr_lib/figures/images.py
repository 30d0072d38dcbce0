"""Photographs side by side: rows, grids, enlarged details, mean luma under each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.figures.style import OKABE_ITO, WIDTH

LUMA = np.array([0.299, 0.587, 0.114])  # Rec. 601
TITLE_INCHES = 0.32
CAPTION_INCHES = 0.28


class Box(NamedTuple):
    """A part of an image, in pixels."""

    top: int
    left: int
    height: int
    width: int


def as_array(image: Any) -> NDArray[np.float32]:
    """Any picture of the course as float32 in [0, 1], (H, W, 3) or (H, W).

    Shapes: arrays (H, W, 3), (H, W), uint8 or float; tensors (3, H, W), (1, H, W), (1, 3, H, W);
    PIL images. Values outside [0, 1] are clipped, as a screen would.
    Errors: another shape.
    """
    if hasattr(image, "detach"):  # a tensor; this file does without importing torch
        array = image.detach().cpu().float().numpy()
        array = array[0] if array.ndim == 4 and array.shape[0] == 1 else array
        if array.ndim == 3 and array.shape[0] in (1, 3):
            array = np.moveaxis(array, 0, -1)
    else:
        array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise LacrError(f"cannot draw an image of shape {array.shape}: give (H, W, 3) or (H, W)")
    scale = 255 if array.dtype == np.uint8 else 1
    return np.asarray(np.clip(array.astype(np.float32) / scale, 0, 1))


def mean_luma(image: Any) -> float:
    """Mean luma of the sRGB values, Rec. 601, in [0, 1]."""
    array = as_array(image)
    return float((array @ LUMA).mean() if array.ndim == 3 else array.mean())


def crop(image: Any, box: Box) -> NDArray[np.float32]:
    """The part of the image inside the box. Errors: a box that leaves the image."""
    array, box = as_array(image), Box(*box)
    bottom, right = box.top + box.height, box.left + box.width
    if min(box) < 0 or bottom > array.shape[0] or right > array.shape[1]:
        raise LacrError(f"{box} leaves an image of {array.shape[:2]}: choose a smaller box")
    return array[box.top : bottom, box.left : right]


def show_row(
    images: Sequence[Any],
    titles: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    luma: bool = False,
    width: float = WIDTH,
) -> Figure:
    """Images in one row at equal height, each with a title above and a caption below.

    With `luma=True` and no captions, the caption is the mean luma in [0, 1]. In a notebook, end the
    line with a semicolon: the figure shows itself. Unit of width: inches.
    """
    return show_grid(
        [images], column_titles=titles, captions=[captions] if captions else None,
        luma=luma, width=width,
    )  # fmt: skip


def show_grid(
    rows: Sequence[Sequence[Any]],
    row_titles: Sequence[str] | None = None,
    column_titles: Sequence[str] | None = None,
    captions: Sequence[Sequence[str]] | None = None,
    luma: bool = False,
    width: float = WIDTH,
) -> Figure:
    """A table of images: methods across, photographs down, say.

    Each row is as high as its widest-needed image, so landscape and portrait rows may be mixed; the
    images of one row should have one shape. Unit of width: inches.
    Errors: no image, or rows of different lengths.
    """
    arrays = [[as_array(image) for image in row] for row in rows]
    if not arrays or not arrays[0] or any(len(row) != len(arrays[0]) for row in arrays):
        raise LacrError("a grid needs rows with the same number of images, one at least")
    if captions is None and luma:
        captions = [[f"luma {mean_luma(image):.2f}" for image in row] for row in arrays]
    captions = captions or [[""] * len(row) for row in arrays]
    lines = [max(len(text.splitlines()) for text in row) for row in captions]
    figure, axes = _image_axes(arrays, width, bool(row_titles), lines)
    for i, row in enumerate(arrays):
        for j, image in enumerate(row):
            _draw(axes[i][j], image)
            axes[i][j].set_xlabel(captions[i][j], fontsize=10.5, labelpad=3)
        if row_titles:
            axes[i][0].set_ylabel(row_titles[i], fontsize=11)
    for j, title in enumerate(column_titles or ()):
        axes[0][j].set_title(title, fontsize=11.5, pad=4)
    return figure


def show_zoom(
    images: Sequence[Any],
    box: Box,
    titles: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    width: float = WIDTH,
) -> Figure:
    """Whole images above, the same enlarged detail of each below; a frame says where it is.

    Box and images in pixels, all images of one shape. Unit of width: inches.
    """
    box = Box(*box)
    details = [crop(image, box) for image in images]
    blank = [""] * len(details)
    figure = show_grid(
        [images, details], column_titles=titles, captions=[blank, captions or blank], width=width
    )
    for axis in figure.axes[: len(details)]:
        corner = (box.left - 0.5, box.top - 0.5)
        for colour, line in (("white", 3.0), (OKABE_ITO["vermillion"], 1.6)):
            axis.add_patch(
                Rectangle(corner, box.width, box.height, fill=False, edgecolor=colour, lw=line)
            )
    return figure


def _image_axes(
    arrays: list[list[NDArray[np.float32]]], width: float, row_titles: bool, lines: list[int]
) -> tuple[Figure, list[list[Axes]]]:
    """Axes whose heights fit the images, so that no white bands stand between them."""
    columns = len(arrays[0])
    cell = (width - (0.35 if row_titles else 0)) / columns
    ratios = [max(image.shape[0] / image.shape[1] for image in row) for row in arrays]
    below = sum(CAPTION_INCHES * 0.8 * count for count in lines)
    height = sum(cell * ratio for ratio in ratios) + below + TITLE_INCHES
    figure, axes = plt.subplots(
        len(arrays), columns, figsize=(width, height), squeeze=False, layout="constrained",
        gridspec_kw={"height_ratios": ratios},
    )  # fmt: skip
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.01)  # type: ignore[union-attr, call-arg]
    return figure, [list(row) for row in axes]


def _draw(axis: Axes, image: NDArray[np.float32]) -> None:
    axis.imshow(image, vmin=0, vmax=1, cmap="gray" if image.ndim == 2 else None)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
