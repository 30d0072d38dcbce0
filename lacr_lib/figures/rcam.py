"""Figures of notebook 03: region tokens, what a pixel attends to, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lacr_lib.errors import LacrError
from lacr_lib.figures.images import as_array
from lacr_lib.figures.panels import COLOURS, LIGHT, bare, colour_bar, cross, draw_map, frame
from lacr_lib.figures.style import GREY, MARKERS, OKABE_ITO, ROLES, WIDTH

Array = NDArray[np.float64]

# clear glass where no more is asked than evenly, so that the picture under it stays visible
VEIL = LinearSegmentedColormap.from_list(
    "veil", [(*to_rgb(OKABE_ITO["vermillion"]), 0.0), (*to_rgb(OKABE_ITO["vermillion"]), 1.0)]
)


def attention_map(weights: ArrayLike, grids: Sequence[int], size: tuple[int, int]) -> Array:
    """Where the attention of one pixel lies in the image, whatever grid a token belongs to.

    Each token's weight is spread evenly over the pixels of its cell; the grids are added up. In
    units of even attention: the map has mean 1; 3 is three times what an even spread gives.
    Shapes: weights (sum of g*g,), summing to 1, in the order of `region_tokens` -> (h, w).
    Errors: LacrError when the weights do not fit the grids.
    """
    flat = np.asarray(weights, dtype=np.float64).ravel()
    if flat.size != sum(grid * grid for grid in grids):
        raise LacrError(f"{flat.size} weights do not fit the grids {tuple(grids)}")
    spread = np.zeros(size)
    for grid in grids:
        cells, flat = flat[: grid * grid].reshape(grid, grid), flat[grid * grid :]
        spread += _shares(size[0], grid).T @ cells @ _shares(size[1], grid)
    return spread * size[0] * size[1]


def _shares(length: int, cells: int) -> Array:
    """(cells, length): the share of each pixel in a cell, as adaptive pooling cuts the cells."""
    shares = np.zeros((cells, length))
    for cell in range(cells):
        start, end = cell * length // cells, -(-(cell + 1) * length // cells)
        shares[cell, start:end] = 1 / (end - start)
    return shares


def same_patch(
    pictures: Mapping[str, ArrayLike], lights: Mapping[str, ArrayLike],
    mark: tuple[int, int], half: int = 2,
) -> Figure:  # fmt: skip
    """Scenes with a framed patch, that patch enlarged in file values, and each scene's light.

    pictures: (h, w) in [0, 1]; lights: (h, w), stops below the brightest place; mark: row, column.
    """
    figure, axes = plt.subplots(
        len(pictures), 3, figsize=(6.6, 2.0 * len(pictures) + 0.2), layout="constrained",
        squeeze=False,
    )  # fmt: skip
    darkest = min(np.asarray(light).min() for light in lights.values())
    row, column = mark
    for line, (name, picture) in zip(axes, pictures.items(), strict=True):
        values = np.asarray(picture)
        patch = values[row - half : row + half + 1, column - half : column + half + 1]
        draw_map(line[0], values, 0, 1, "gray")
        draw_map(line[1], patch, 0, 1, "gray")
        for (y, x), value in np.ndenumerate(patch):
            line[1].text(x, y, f"{value * 255:.0f}", ha="center", va="center", fontsize=8,
                         color="black" if value > 0.5 else "white")  # fmt: skip
        drawn = draw_map(line[2], lights[name], darkest, 0, LIGHT)
        frame(line[0], mark, half)
        frame(line[2], mark, half)
        line[0].set_ylabel(name, fontsize=11)
    for axis, title in zip(axes[0], ("photograph", "framed patch", "true light"), strict=True):
        axis.set_title(title)
    colour_bar(figure, drawn, axes[:, 2], "light (stops)")
    return figure


def token_row(image: ArrayLike, grids: Mapping[int, ArrayLike], label: str) -> Figure:
    """A map (h, w) and beside it its region tokens as coarse pictures (g, g), a grid each."""
    picture = np.asarray(image, dtype=np.float64)
    columns = 1 + len(grids)
    figure, axes = plt.subplots(
        1, columns, figsize=(WIDTH, (WIDTH - 0.9) / columns + 0.35), layout="constrained"
    )
    low, high = picture.min(), picture.max()
    drawn = draw_map(axes[0], picture, low, high, LIGHT)
    axes[0].set_title("every pixel", fontsize=11)
    for axis, (grid, tokens) in zip(axes[1:], grids.items(), strict=True):
        draw_map(axis, np.asarray(tokens).reshape(grid, grid), low, high, LIGHT)
        axis.set_title(f"{grid} x {grid}", fontsize=11)
    colour_bar(figure, drawn, axes, label)
    return figure


def attention_over(
    rows: Sequence[tuple[ArrayLike, Sequence[ArrayLike]]],
    asking: Sequence[Sequence[tuple[int, int]]],
    titles: Sequence[str],
    same_pixel: bool = False,
) -> Figure:
    """Attention drawn over an image: a row a scene, first the image, then a column a map.

    A veil covers what is asked more than evenly.
    rows: (image, maps (h, w) in units of even attention). asking: for each map the (row, column)
    on it that asks, drawn as a cross; same_pixel: it is the same place in all maps of a row.
    """
    arrays = [as_array(image) for image, _ in rows]
    ratio = max(a.shape[0] / a.shape[1] for a in arrays)
    columns = len(titles)
    cell = min((WIDTH - 0.9) / columns, 2.4)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(cell * columns + 0.9, cell * ratio * len(rows) + 0.35),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    top = max(2.0, *(float(np.max(np.asarray(each))) for _, maps in rows for each in maps))
    for line, (_, maps), image, pixels in zip(axes, rows, arrays, asking, strict=True):
        height, width = image.shape[:2]
        grey = image if image.ndim == 2 else image.mean(axis=2)
        line[0].imshow(image, cmap="gray", vmin=0, vmax=1)
        for number, (axis, each, pixel) in enumerate(zip(line[1:], maps, pixels, strict=True)):
            values = np.asarray(each, dtype=np.float64)
            axis.imshow(grey, cmap="gray", vmin=0, vmax=1)
            drawn = axis.imshow(
                values, cmap=VEIL, norm=PowerNorm(0.5, 1, top, clip=True), interpolation="nearest",
                extent=(-0.5, width - 0.5, height - 0.5, -0.5),
            )  # fmt: skip
            row = (pixel[0] + 0.5) * height / values.shape[0] - 0.5
            column = (pixel[1] + 0.5) * width / values.shape[1] - 0.5
            colour = OKABE_ITO["blue"] if same_pixel or number == 0 else OKABE_ITO["green"]
            first = number == 0 or not same_pixel  # maps of several sizes round to several places
            for target in (line[0], axis) if first else (axis,):
                cross(target, (row, column), colour)
        for axis in line:
            bare(axis)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=11)
    colour_bar(figure, drawn, axes, "attention (1 = even)", _veil_ticks(top))
    return figure


def _veil_ticks(top: float) -> list[float]:
    """Labels of a bar of the veil: its even end, round numbers, its other end."""
    return [1.0, *(tick for tick in (1.5, 5.0, 20.0) if top / 12 < tick < 0.8 * top), round(top, 1)]


def curtain(changes: Mapping[str, tuple[ArrayLike, ArrayLike]], label: str) -> Figure:
    """Change of the guess in the dark corner against the true change, a dot for each scene."""
    figure, axes = plt.subplots(
        1, len(changes), figsize=(WIDTH, 3.2), sharey=True, sharex=True, layout="constrained",
        squeeze=False,
    )  # fmt: skip
    top = max(float(np.max(np.asarray(true))) for true, _ in changes.values())
    for axis, (name, (true, guessed)), colour in zip(axes[0], changes.items(), COLOURS):  # noqa: B905
        axis.plot([0, top], [0, top], color=GREY, linewidth=1.2)
        axis.plot(true, guessed, "o", color=colour, alpha=0.7, markersize=4)
        axis.set_title(name)
        axis.set_xlabel("true change (stops)")
    axes[0, 0].set_ylabel(label)
    return figure


def gate_channels(gate: ArrayLike) -> Figure:
    """The gate of each channel: its mean over pixels, and the range of 90 % of the pixels.

    gate: (C, h, w) in (0, 1), the first half of the channels global, the second local.
    """
    values = np.asarray(gate).reshape(len(np.asarray(gate)), -1)
    low, high = np.percentile(values, [5, 95], axis=1)
    mean, half = values.mean(axis=1), len(values) // 2
    figure, axis = plt.subplots(figsize=(WIDTH, 2.9), layout="constrained")
    halves = ((slice(0, half), "global half"), (slice(half, None), "local half"))
    for (part, name), colour in zip(halves, COLOURS[2:], strict=False):
        places = np.arange(len(values))[part]
        axis.bar(places, mean[part], 0.7, color=colour, alpha=0.8, label=name)
        axis.vlines(places, low[part], high[part], color="black", linewidth=3)
    axis.set_xticks([])
    axis.set(xlabel="channel (a bar each)", ylabel="gate (0 shut, 1 open)", ylim=(0, 1))
    axis.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def costs(
    pixels: ArrayLike, flops: Mapping[str, ArrayLike], seconds: Mapping[str, ArrayLike]
) -> Figure:
    """Operations and measured time of each attention against the number of pixels, log-log."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.4), layout="constrained")
    panels = ((axes[0], flops, "operations (FLOP)"), (axes[1], seconds, "measured time (s)"))
    for axis, values, label in panels:
        for (name, line), colour, marker in zip(values.items(), COLOURS, "os^"):  # noqa: B905
            axis.loglog(pixels, line, marker + "-", color=colour, label=name, markersize=5)
        axis.set(xlabel="pixels of the map", ylabel=label)
    axes[0].legend()
    return figure


def asked_by_stage(asked: ArrayLike) -> Figure:
    """How bright is what a pixel asks? A dot for each photograph, stage by stage.

    asked: (photographs, stages, 2), stops above the average region: dark quarter, bright quarter.
    """
    values = np.asarray(asked)
    figure, axis = plt.subplots(figsize=(WIDTH, 3.4), layout="constrained")
    axis.axhline(0, color=GREY, linewidth=1.2)
    stages = np.arange(values.shape[1])
    names = ("the darkest quarter asks", "the brightest quarter asks")
    for which, (name, role) in enumerate(zip(names, ("low", "clear"), strict=True)):
        beside = stages + (which - 0.5) * 0.3
        for photo in values[:, :, which]:
            axis.plot(beside, photo, MARKERS[role], color=ROLES[role], alpha=0.5, markersize=5)
        axis.plot(beside, values[:, :, which].mean(axis=0), "_", color="black", markersize=22,
                  markeredgewidth=2.5)  # fmt: skip
        axis.plot([], [], MARKERS[role], color=ROLES[role], label=name)
    axis.plot([], [], "_", color="black", markersize=14, markeredgewidth=2.5, label="mean")
    axis.set_xticks(stages, [f"{stage + 1}" for stage in stages])
    axis.set(
        xlabel="stage of the encoder", ylabel="light asked for, against the\naverage region (stops)"
    )
    axis.grid(axis="x", visible=False)
    axis.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def curtain_bars(moved: ArrayLike, names: Sequence[str]) -> Figure:
    """Change of the dark quarter's output behind a curtain: through the tokens, and otherwise.

    moved: (photographs, 2), file values, 0 to 255.
    """
    values = np.asarray(moved)
    figure, axis = plt.subplots(figsize=(WIDTH, 3.2), layout="constrained")
    places = np.arange(len(values))
    for which, (label, colour) in enumerate(
        (("through RCAM's tokens", COLOURS[0]), ("by all other ways", GREY))
    ):
        axis.bar(places + (which - 0.5) * 0.36, values[:, which], 0.34, color=colour, label=label)
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set_xticks(places, [name.replace("_", "\n") for name in names], fontsize=9)
    axis.set(xlabel="photograph", ylabel="change of the dark quarter\n(file values)")
    axis.grid(axis="x", visible=False)
    axis.legend()
    return figure
