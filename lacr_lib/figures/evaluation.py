"""Scores drawn: by protocol, with intervals, against exposure, difference by scene, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from lacr_lib.evaluation.bootstrap import ENOUGH, Interval
from lacr_lib.evaluation.speed import Cost
from lacr_lib.figures.images import as_array
from lacr_lib.figures.style import GREY, OKABE_ITO, ROLES, WIDTH, as_written

# colour and marker of a method, the same in every figure; others than these are drawn in grey
METHODS: dict[str, tuple[str, str]] = {
    "lacr-vae": (ROLES["enhanced"], "o"),
    "lacr-vae-no-lacr": (OKABE_ITO["black"], "D"),
    "identity": (ROLES["low"], "v"),
    "gamma": (OKABE_ITO["orange"], "s"),
    "auto-gamma": (OKABE_ITO["purple"], "P"),
    "histeq": (OKABE_ITO["sky"], "X"),
    "clahe": (GREY, "<"),
    "retinex": ("#882255", ">"),  # a ninth colour, for green is what is clear
}
LABELS = {"psnr": "PSNR (dB)", "ssim": "SSIM (no unit)", "ciede2000": "CIEDE2000 (Delta E)",
          "loe": "LOE (pixels)"}  # fmt: skip


def number_grids(grids: Mapping[str, ArrayLike], width: float = WIDTH) -> Figure:
    """Small matrices side by side, each number written into its grey cell.

    Shapes: (h, w) each, all alike. Grey runs from the smallest (dark) to the largest number.
    """
    arrays = {title: np.asarray(grid) for title, grid in grids.items()}
    rows, columns = next(iter(arrays.values())).shape
    height = width / len(arrays) * rows / columns + 0.5
    figure, axes = plt.subplots(1, len(arrays), figsize=(width, height), squeeze=False)
    for axis, (title, grid) in zip(axes[0], arrays.items(), strict=True):
        axis.imshow(grid, cmap="gray")
        middle = (grid.min() + grid.max()) / 2
        for (row, column), value in np.ndenumerate(grid):
            colour = "black" if value > middle else "white"
            axis.text(column, row, f"{value:g}", ha="center", va="center", color=colour, size=15)
        axis.set(title=title, xticks=[], yticks=[])
        axis.grid(False)
        axis.spines[:].set(visible=True, color=GREY)
    return figure


def term_maps(
    rows: Mapping[str, tuple[Any, ArrayLike, ArrayLike]],
    titles: Sequence[str],
    width: float = WIDTH,
) -> Figure:
    """An image a row with two maps of it, on one colour scale from 0 to 1.

    rows: name -> (image, first map (h, w), second map (h, w)); titles: of the three columns.
    """
    first = as_array(next(iter(rows.values()))[0])
    cell = (width - 1.1) / 3
    height = len(rows) * (cell * first.shape[0] / first.shape[1] + 0.08) + 0.35
    figure, axes = plt.subplots(len(rows), 3, figsize=(width, height), squeeze=False)
    for line, (name, (image, *maps)) in zip(axes, rows.items(), strict=True):
        line[0].imshow(as_array(image))
        line[0].set_ylabel(name, fontsize=11)
        for axis, values in zip(line[1:], maps, strict=True):
            drawn = axis.imshow(np.asarray(values), vmin=0, vmax=1, cmap="viridis")
        for axis in line:
            _bare(axis)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title)
    figure.colorbar(drawn, ax=axes[:, 1:], label="local value (1: alike)", shrink=0.7, pad=0.02)
    return figure


def protocols(
    scores: Mapping[str, tuple[float, float]], xlabel: str = "PSNR (dB)", title: str = ""
) -> Figure:
    """Two scores of each method joined by a line: plain, and GT-mean (lent the brightness).

    scores: name -> (plain, GT-mean), drawn from top to bottom in the given order.
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 1.1 + 0.42 * len(scores)))
    for row, (plain, lent) in enumerate(scores.values()):
        axis.plot([plain, lent], [row, row], color=GREY, lw=2, zorder=1)
        axis.annotate(
            f"{lent - plain:+.1f}", (max(plain, lent), row), (9, 0), textcoords="offset points",
            va="center", fontsize=10.5, color=GREY,
        )  # fmt: skip
    axis.margins(x=0.08)
    values = np.array(list(scores.values()))
    y = np.arange(len(values))
    axis.scatter(values[:, 0], y, s=70, color=OKABE_ITO["black"], label="plain", zorder=2)
    axis.scatter(
        values[:, 1], y, s=80, facecolor="white", edgecolor=OKABE_ITO["vermillion"], linewidth=2,
        label="GT-mean", zorder=2,
    )  # fmt: skip
    _names(axis, list(scores))
    axis.set(xlabel=xlabel, title=title)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.32 * 4 / (2 + len(scores))), ncols=2)
    return figure


def score_intervals(scores: Mapping[str, Mapping[str, Interval]]) -> Figure:
    """A panel for each metric: mean of each method with its interval over scenes.

    scores: metric -> method -> interval.
    """
    methods = list(next(iter(scores.values())))
    size = (WIDTH, 1.0 + 0.4 * len(methods))
    figure, axes = plt.subplots(1, len(scores), figsize=size, sharey=True, squeeze=False)
    for axis, (metric, intervals) in zip(axes[0], scores.items(), strict=True):
        for row, (name, (mean, low, high)) in enumerate(intervals.items()):
            colour, marker = METHODS.get(name, (GREY, "."))
            axis.plot([low, high], [row, row], color=colour, lw=2.5, solid_capstyle="butt")
            axis.plot(mean, row, marker=marker, color=colour, ms=9)
        axis.set_xlabel(LABELS.get(metric, metric))
        axis.xaxis.set_major_locator(MaxNLocator(5))
    _names(axes[0][0], methods)
    return figure


def coverage(held: Mapping[int, Mapping[str, float]], promised: float = 0.95) -> Figure:
    """How often intervals held the truth, against the number of scenes that they were made of.

    held: number of scenes -> percentiles of the interval -> share in [0, 1].
    """
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, 3.4))
    looks = ((OKABE_ITO["orange"], "s"), (OKABE_ITO["blue"], "o"))
    for name, (colour, marker) in zip(next(iter(held.values())), looks, strict=True):
        shares = [100 * each[name] for each in held.values()]
        axis.plot(list(held), shares, color=colour, marker=marker, label=name)
    axis.axhline(100 * promised, color="black", lw=1.2, ls="--", label="promised")
    axis.set(xscale="log", xlabel="scenes", ylabel="truth in the interval (%)", ylim=(70, 100))
    axis.set_xticks(list(held), [str(n) for n in held])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.legend(loc="lower right")
    return figure


def exposure_curves(
    curves: Mapping[str, ArrayLike], exposures: Sequence[float], ylabel: str = "PSNR (dB)"
) -> Figure:
    """A score of each method against the light that the photograph got, in stops below clear.

    curves: name -> (E,), in the order of `exposures`, which are fractions of the clear exposure.
    """
    stops = np.log2(exposures)
    figure, axis = plt.subplots(figsize=(WIDTH, 4.0))
    brightest = int(np.argmax(stops))
    order = sorted(curves, key=lambda name: float(np.asarray(curves[name])[brightest]))
    for name in reversed(order):  # so that the legend runs as the lines end, from top to bottom
        colour, marker = METHODS.get(name, (GREY, "."))
        width = 3.2 if name == "lacr-vae" else 1.8
        axis.plot(
            stops, np.asarray(curves[name]), color=colour, marker=marker, lw=width, label=name
        )
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axis.set(xlabel="exposure (stops relative to the clear photograph)", ylabel=ylabel)
    axis.set_xticks(np.unique(stops))
    return figure


def slope_lines(psnr: ArrayLike, stops: ArrayLike, scenes: Sequence[str]) -> Figure:
    """Scores of photographs against their light, and the line of each scene with its slope.

    Shapes: psnr (N,) dB, stops (N,) below the clear photograph, one scene name each.
    """
    y, x, names = np.asarray(psnr), np.asarray(stops), np.array(scenes)
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, 3.4))
    colours = [OKABE_ITO[name] for name in ("orange", "black", "purple", "sky")]
    for scene, colour, marker in zip(dict.fromkeys(scenes), colours, "soP^", strict=False):
        rows = names == scene
        line = np.polynomial.Polynomial.fit(x[rows], y[rows], 1)
        label = f"{scene}: {line.deriv()(0.0):.2f} dB a stop"
        ends = np.array([x[rows].min(), x[rows].max()])
        axis.plot(x[rows], y[rows], marker, color=colour)
        axis.plot(ends, line(ends), color=colour, lw=1.5, marker=marker, ms=0, label=label)
    axis.legend(handlelength=1.2)
    axis.set(xlabel="exposure (stops relative to the clear photograph)", ylabel="PSNR (dB)")
    return figure


def paired_differences(
    differences: ArrayLike, scenes: Sequence[str], result: Interval, unit: str = "dB"
) -> Figure:
    """Differences of two methods image by image, a column for each scene; band: the interval.

    Of fewer than `bootstrap.ENOUGH` scenes the band is named what it is then, their range.
    Shapes: differences (N,), one scene name each; result: mean and interval over scenes.
    """
    values, names = np.asarray(differences, dtype=float), list(dict.fromkeys(scenes))
    figure, axis = plt.subplots(figsize=(WIDTH, 3.4))
    columns = np.array([names.index(scene) for scene in scenes], dtype=float)
    for column in range(len(names)):  # spread the images of a scene side by side
        inside = np.flatnonzero(columns == column)
        columns[inside] += np.linspace(-0.25, 0.25, len(inside)) if len(inside) > 1 else 0
    enough = len(names) >= ENOUGH
    label = "95 % interval of the mean" if enough else "lowest to highest scene"
    axis.axhspan(result.low, result.high, color=OKABE_ITO["orange"], alpha=0.3, lw=0, label=label)
    axis.axhline(result.mean, color=OKABE_ITO["orange"], lw=2, label="mean")
    axis.axhline(0, color="black", lw=1.2, ls="--")
    axis.plot(columns, values, "o", color=OKABE_ITO["blue"], ms=5, alpha=0.8, label="one image")
    many = len(names) > 8
    labels = [as_written(name) for name in names]
    axis.set_xticks(range(len(names)), labels, rotation=90 if many else 0, size=9 if many else 11)
    axis.set(ylabel=f"difference ({unit})", xlabel="scene")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=3)
    return figure


def cost_bars(costs: Mapping[str, Cost], reference: str) -> Figure:
    """Time of each method as a multiple of the reference's, and its memory, both on log scales."""
    base = costs[reference].seconds
    panels = {
        f"time ({reference} = 1)": [cost.seconds / base for cost in costs.values()],
        "memory (MB at its peak)": [cost.peak_bytes / 1e6 for cost in costs.values()],
    }
    size = (WIDTH, 1.0 + 0.36 * len(costs))
    figure, axes = plt.subplots(1, 2, figsize=size, sharey=True)
    for axis, (label, values) in zip(axes, panels.items(), strict=True):
        colours = [METHODS.get(name, (GREY, ""))[0] for name in costs]
        left = min(values) / 2  # bars on a log scale need a common start
        axis.barh(range(len(costs)), np.array(values) - left, left=left, color=colours)
        for row, value in enumerate(values):
            axis.text(
                value * 1.1, row, f"{value:.2g}" if value < 10 else f"{value:.0f}", va="center"
            )
        axis.set(xscale="log", xlabel=label, xlim=(left, max(values) * 4))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.grid(axis="y", visible=False)
    _names(axes[0], list(costs))
    return figure


def _names(axis: Axes, names: Sequence[str]) -> None:
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)  # first name on top
    axis.grid(axis="y", visible=False)


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
