"""Panels that several notebooks share: maps on one colour scale, bars with intervals, marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from lacr_lib.figures.images import as_array
from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH

COLOURS = tuple(OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple", "orange"))
LIGHT = "cividis"  # light fields look the same in every notebook

Place = tuple[float, float]  # row, column


def map_row(
    maps: Mapping[str, ArrayLike], label: str, limits: tuple[float, float] | None = None,
    marks: Sequence[Place] = (), cmap: str = LIGHT,
) -> Figure:  # fmt: skip
    """Maps (h, w) side by side on one colour scale, titled by their names; marks on each of them.

    label: of the colour bar, with its unit. limits: of the scale, the range of all maps by default.
    """
    arrays = [np.asarray(values, dtype=np.float64) for values in maps.values()]
    low, high = limits or (min(a.min() for a in arrays), max(a.max() for a in arrays))
    ratio = max(a.shape[0] / a.shape[1] for a in arrays)
    titles = max(name.count("\n") for name in maps) + 1
    cell = min((WIDTH - 0.9) / len(arrays), 2.6)
    figure, axes = plt.subplots(
        1, len(arrays), figsize=(cell * len(arrays) + 0.9, cell * ratio + 0.1 + 0.22 * titles),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for axis, title, values in zip(axes[0], maps, arrays, strict=True):
        drawn = draw_map(axis, values, low, high, cmap)
        axis.set_title(title, fontsize=11)
        for number, place in enumerate(marks):
            cross(axis, place, COLOURS[number % len(COLOURS)])
    colour_bar(figure, drawn, axes[0], label)
    return figure


def photo_maps(
    images: Sequence[ArrayLike], maps: Sequence[ArrayLike], titles: Sequence[str], label: str,
    cmap: str = LIGHT,
) -> Figure:  # fmt: skip
    """Photographs, each with a map of it beside it; the maps share one colour scale.

    images: (H, W, 3); maps: (h, w), any size; titles: one for each image and each map, in turn.
    """
    arrays = [np.asarray(each, dtype=np.float64) for each in maps]
    low, high = min(a.min() for a in arrays), max(a.max() for a in arrays)
    shown = [as_array(image) for image in images]
    ratio = max(image.shape[0] / image.shape[1] for image in shown)
    columns = 2 * len(shown)
    cell = min((WIDTH - 0.9) / columns, 2.6)
    figure, axes = plt.subplots(
        1, columns, figsize=(cell * columns + 0.9, cell * ratio + 0.4), layout="constrained"
    )
    for axis, image in zip(axes[::2], shown, strict=True):
        axis.imshow(image, cmap="gray", vmin=0, vmax=1)
        bare(axis)
    for axis, values, image in zip(axes[1::2], arrays, shown, strict=True):
        extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
        drawn = draw_map(axis, values, low, high, cmap)
        drawn.set_extent(extent)
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, fontsize=11)
    colour_bar(figure, drawn, axes, label)
    return figure


def error_bars(
    errors: Mapping[str, tuple[float, float, float]],
    trainings: Mapping[str, Sequence[float]],
    label: str,
    lines: Mapping[str, float] | None = None,
    digits: int = 2,
) -> Figure:
    """Mean error with its interval for each name, each training as a dot, other results as lines.

    errors: name -> (mean, low, high). label: of the vertical axis, with its unit.
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 3.6), layout="constrained")
    for place, (name, (mean, low, high)) in enumerate(errors.items()):
        axis.bar(place, mean, 0.55, color=COLOURS[place % len(COLOURS)], alpha=0.8)
        axis.errorbar(place, mean, [[mean - low], [high - mean]], color="black", capsize=4)
        dots = np.asarray(trainings.get(name, ()))
        beside = place + 0.14 + 0.06 * np.arange(len(dots))
        axis.plot(beside, dots, "o", color="white", markeredgecolor="black", markersize=4.5)
        axis.text(place - 0.08, mean, f"{mean:.{digits}f}", va="bottom", ha="right", fontsize=11)
    right = len(errors) - 0.55
    for name, value in (lines or {}).items():
        axis.axhline(value, color=GREY, linestyle="--", linewidth=1.2)
        axis.annotate(name, (right, value), (6, 0), textcoords="offset points", va="center",
                      color=GREY, fontsize=10)  # fmt: skip
    axis.set_xticks(range(len(errors)), list(errors))
    axis.set(ylabel=label, xlim=(-0.5, right))
    axis.grid(axis="x", visible=False)
    return figure


def draw_map(axis: Axes, values: ArrayLike, low: float, high: float, cmap: str) -> AxesImage:
    """One map without ticks; each value keeps its own square."""
    drawn = axis.imshow(np.asarray(values), cmap=cmap, vmin=low, vmax=high, interpolation="nearest")
    bare(axis)
    return drawn


def bare(axis: Axes) -> None:
    """No ticks, no grid, no frame: for pictures."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)


def colour_bar(
    figure: Figure, drawn: AxesImage, axes: Any, label: str, ticks: Sequence[float] = ()
) -> None:
    """A colour bar with a label, beside the axes, and these ticks or else a few round ones."""
    bar = figure.colorbar(drawn, ax=axes, shrink=0.85)
    bar.set_label(label, fontsize=10.5)
    if ticks:
        bar.set_ticks(list(ticks), labels=[f"{tick:g}" for tick in ticks])
    else:
        bar.locator = MaxNLocator(4, steps=[1, 2, 5, 10])


def cross(axis: Axes, place: Place, colour: str) -> None:
    """A cross at (row, column), readable on any ground."""
    for edge, width in (("white", 4.5), (colour, 2.2)):
        (mark,) = axis.plot(
            place[1], place[0], "x", color=edge, markersize=9, markeredgewidth=width
        )
        mark.set_clip_on(False)  # whole, at the border too


def frame(axis: Axes, place: Place, half: int) -> None:
    """A square of 2 * half + 1 pixels around (row, column), readable on any ground."""
    corner, side = (place[1] - half - 0.5, place[0] - half - 0.5), 2 * half + 1
    for edge, width in (("white", 3.0), (OKABE_ITO["vermillion"], 1.8)):
        axis.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=edge, linewidth=width))
