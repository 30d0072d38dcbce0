"""Figures of notebook 04: textures, windows and their errors, choices, receptive fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lacr_lib.errors import LacrError
from lacr_lib.figures.panels import COLOURS, bare, colour_bar, draw_map
from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH

# one colour a window, from narrow to wide, and one a detail, from small to large
WINDOW_COLOURS = (OKABE_ITO["sky"], OKABE_ITO["blue"], OKABE_ITO["black"])
DETAIL_COLOURS = (OKABE_ITO["orange"], OKABE_ITO["vermillion"], OKABE_ITO["purple"])


def textures(
    clean: Sequence[ArrayLike], noisy: Sequence[ArrayLike], names: Sequence[str]
) -> Figure:
    """Clean textures above, what the camera gives below; a column for each size of detail."""
    figure, axes = plt.subplots(
        2, len(names), figsize=(1.9 * len(names) + 0.9, 4.1), squeeze=False, layout="constrained"
    )
    reach = max(float(np.abs(np.asarray(each)).max()) for each in (*clean, *noisy))
    for column, name in enumerate(names):
        for row, images in zip(axes, (clean, noisy), strict=True):
            drawn = draw_map(row[column], images[column], -reach, reach, "gray")
        axes[0, column].set_title(name, fontsize=11)
    for row, label in zip(axes, ("the truth", "with noise"), strict=True):
        row[0].set_ylabel(label, fontsize=11)
    colour_bar(figure, drawn, axes, "value (1 = height of a spot)")
    return figure


def window_errors(
    windows: Sequence[int], panels: Mapping[str, Mapping[str, ArrayLike]]
) -> Figure:  # fmt: skip
    """Error of each window for each size of detail; the best window of each is marked.

    panels: title of the panel -> name of the detail -> errors (len(windows),).
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 3.5), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for (name, errors), colour in zip(lines.items(), DETAIL_COLOURS, strict=False):
            values = np.asarray(errors)
            best = int(values.argmin())
            axis.plot(windows, values, "o-", color=colour, label=name, markersize=4)
            axis.plot(windows[best], values[best], "o", color=colour, markersize=13,
                      markerfacecolor="none", markeredgewidth=2)  # fmt: skip
        axis.set_title(title)
        axis.set_xticks(windows, [f"{k} x {k}" for k in windows])
        axis.set_xlabel("window that is averaged (pixels)")
    axes[0, 0].set_ylabel("error (1 = height of a spot)")
    axes[0, 0].plot([], [], "o", color=GREY, markersize=13, markerfacecolor="none",
                    markeredgewidth=2, label="best window")  # fmt: skip
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    return figure


def descriptors(
    windows: Sequence[int], panels: Mapping[str, ArrayLike], which: ArrayLike, names: Sequence[str]
) -> Figure:
    """What a descriptor says about each image: a thin line an image, coloured by its detail.

    panels: name of the descriptor -> values (images, windows); which: (images,), index into names.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 3.2), sharey=True, squeeze=False, layout="constrained"
    )
    kinds = np.asarray(which)
    for axis, (title, values) in zip(axes[0], panels.items(), strict=True):
        lines = np.asarray(values)
        for kind, (name, colour) in enumerate(zip(names, DETAIL_COLOURS, strict=False)):
            axis.plot(windows, lines[kinds == kind].T, color=colour, alpha=0.35, linewidth=1)
            axis.plot([], [], color=colour, label=name)
        axis.set_title(title)
        axis.set_xticks(windows, [f"{k} x {k}" for k in windows])
        axis.set_xlabel("window (pixels)")
    axes[0, 0].set_ylabel("descriptor\n(1 = height of a spot)")
    axes[0, 0].legend()
    return figure


def selection(
    panels: Mapping[str, ArrayLike], names: Sequence[str], windows: Sequence[int]
) -> Figure:
    """Which window is chosen for which detail: stacked weights, a bar for each size of detail.

    panels: title -> mean branch weights (details, windows), each row summing to 1.
    Errors: LacrError when a row does not sum to 1.
    """
    shares = {title: np.asarray(values, dtype=np.float64) for title, values in panels.items()}
    if not all(np.allclose(rows.sum(axis=1), 1, atol=1e-3) for rows in shares.values()):
        raise LacrError("branch weights sum to 1 over the windows: pass (details, windows)")
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 3.3), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, (title, weights) in zip(axes[0], shares.items(), strict=True):
        floor = np.zeros(len(names))
        for window, share, colour in zip(windows, weights.T, WINDOW_COLOURS, strict=False):
            axis.bar(names, share, 0.6, bottom=floor, color=colour, label=f"{window} x {window}")
            for place, (low, part) in enumerate(zip(floor, share, strict=True)):
                if part > 0.07:
                    axis.text(place, low + part / 2, f"{part:.2f}", ha="center", va="center",
                              color="white", fontsize=10)  # fmt: skip
            floor = floor + share
        axis.set_title(title, fontsize=11)
        axis.grid(axis="x", visible=False)
        axis.tick_params(axis="x", labelsize=10)
    axes[0, 0].set_ylabel("branch weight")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="window")
    return figure


def field_width(
    widths: Mapping[str, Sequence[tuple[float, float, float]]], names: Sequence[str]
) -> Figure:
    """Measured width of what a network looks through, for each size of detail, with intervals.

    widths: network -> (mean, low, high) for each detail, in pixels.
    """
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, 3.2), layout="constrained")
    for shift, ((name, values), colour) in enumerate(zip(widths.items(), COLOURS, strict=False)):
        mean, low, high = np.array([tuple(value) for value in values]).T
        places = np.arange(len(names)) + 0.08 * (shift - (len(widths) - 1) / 2)
        axis.errorbar(places, mean, [mean - low, high - mean], marker="o", capsize=4,
                      color=colour, label=name)  # fmt: skip
    axis.set_xticks(range(len(names)), names)
    axis.set(ylabel="width of the receptive\nfield (pixels)")
    axis.legend()
    return figure


def stage_fields(
    rows: Mapping[str, Sequence[ArrayLike]], boxes: Mapping[str, Sequence[int]]
) -> Figure:
    """Receptive fields of encoder stages, a row a way of measuring, logarithmic colours.

    rows: title -> fields (h, w) that sum to 1. boxes: title -> for each field half the side, in
    pixels, of the square around its middle that holds 90 % of it.
    """
    columns = len(next(iter(rows.values())))
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(WIDTH, (WIDTH - 0.9) / columns * len(rows) + 0.4),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for line, (title, fields) in zip(axes, rows.items(), strict=True):
        for axis, field, half in zip(line, fields, boxes[title], strict=True):
            values = np.maximum(np.asarray(field), 1e-8)
            drawn = axis.imshow(values, cmap="magma", norm=LogNorm(1e-7, 1e-2))
            bare(axis)
            top, left = (n / 2 - half - 0.5 for n in values.shape)  # -0.5: the edge of pixel 0
            axis.add_patch(Rectangle((left, top), 2 * half, 2 * half, fill=False,
                                     edgecolor=OKABE_ITO["sky"], linewidth=1.6))  # fmt: skip
        line[0].set_ylabel(title, fontsize=10.5)
    for number, axis in enumerate(axes[0]):
        axis.set_title(f"stage {number + 1}", fontsize=11)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8)
    bar.set_label("share of the gradient, a pixel")
    return figure
