"""Figures of notebook 07: flat maps of the latent space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from lacr_lib.figures.style import MARKERS, OKABE_ITO, ROLES, WIDTH
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import Latents

Points = NDArray[np.floating]
TOY_COLOURS = [OKABE_ITO[name] for name in ("blue", "sky", "orange", "green", "purple")]

LUMA_COLOURS = ScalarMappable(LogNorm(0.02, 1, clip=True), "viridis")


def bare_map(axis: Axes, title: str) -> None:
    """A map's axes have no unit and no meaning of their own, so they carry no ticks."""
    axis.set(xticks=[], yticks=[])
    axis.set_xlabel("map axis 1 (no unit)", fontsize=9)
    axis.set_ylabel("map axis 2 (no unit)", fontsize=9)
    axis.set_title(title, fontsize=11)
    axis.grid(visible=False)
    for side in ("top", "right"):
        axis.spines[side].set_visible(True)


def toy_maps(truth: Points, names: Sequence[str], maps: Mapping[str, Points]) -> Figure:
    """A toy world seen from above and from the side, and three flat maps of it.

    truth: (N, 3), in the toy's length unit; names: (N,) the cloud of each point; maps: (N, 2) each.
    """
    figure = plt.figure(figsize=(WIDTH, 5.6), layout="constrained")
    parts = figure.subfigures(2, 1, height_ratios=(1, 1.05), squeeze=False)[:, 0]
    views, charts = parts[0].subplots(1, 2), parts[1].subplots(1, len(maps), squeeze=False)[0]
    clouds = list(dict.fromkeys(names))
    label = np.array(names)
    sides = (("seen from above", 0, 1), ("from the side", 0, 2))
    for axis, (title, a, b) in zip(views, sides, strict=True):
        for cloud, colour in zip(clouds, TOY_COLOURS, strict=False):
            rows = label == cloud
            axis.scatter(truth[rows, a], truth[rows, b], 9, color=colour, label=cloud)
        axis.set(xlabel=f"{'xyz'[a]} (length units)", ylabel=f"{'xyz'[b]} (length units)")
        axis.set_title(f"the truth, {title}", fontsize=11)
    handles = views[0].get_legend_handles_labels()
    parts[0].legend(*handles, loc="outside lower center", ncols=4, markerscale=1.8, fontsize=10)
    for axis, (method, flat) in zip(charts, maps.items(), strict=True):
        for cloud, colour in zip(clouds, TOY_COLOURS, strict=False):
            axis.scatter(*flat[label == cloud].T, 9, color=colour)
        bare_map(axis, method)
    return figure


def kind_maps(
    maps: Sequence[LatentMap], fitted: Latents, moved: Latents, size: float = 7
) -> Figure:
    """The same latents on several maps: above by kind, below by the luma of their region.

    fitted, moved: the tables whose rows are the maps' `fitted` and `moved` points.
    """
    figure, axes = plt.subplots(
        2, len(maps), figsize=(WIDTH, 6.3), squeeze=False, layout="constrained"
    )
    for column, flat in enumerate(maps):
        by_kind(axes[0, column], flat, fitted, moved, size)
        _by_luma(axes[1, column], flat, fitted, moved, size)
        trust = f"trust {flat.trustworthiness:.3f}, continuity {flat.continuity:.3f}"
        note = "" if flat.transformed else "\n(enhanced fitted along)"
        bare_map(axes[0, column], f"{flat.method}{note}")
        bare_map(axes[1, column], trust)
    kind_legend(figure, axes[0, 0])
    bar = figure.colorbar(LUMA_COLOURS, ax=axes[1], shrink=0.95)
    bar.set_label("luma of the region\n(0 black, 1 white)", fontsize=10)
    bar.set_ticks([0.02, 0.05, 0.1, 0.2, 0.5, 1], labels=["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
    bar.minorticks_off()
    return figure


def scene_family(
    flat: LatentMap,
    fitted: Latents,
    moved: Latents,
    scene: str,
    rows: Sequence[Sequence[tuple[str, NDArray[np.uint8]]]],
) -> Figure:
    """One scene on a map, the others faint, and its photographs beside: what the explorer shows.

    rows: lines of (caption, picture (h, w, 3)); shorter lines leave their last places empty.
    """
    figure = plt.figure(figsize=(WIDTH, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.25, 1), squeeze=False)[0]
    axis = left.subplots()
    everything = np.concatenate([flat.fitted, flat.moved])
    axis.scatter(everything[:, 0], everything[:, 1], 5, color="#DDDDDD", linewidths=0)
    for kind in ("low", "enhanced", "clear"):
        table, points = (moved, flat.moved) if kind == "enhanced" else (fitted, flat.fitted)
        own = (table.scene == scene) & (table.kind == kind)
        axis.scatter(
            points[own, 0], points[own, 1], 26, color=ROLES[kind], marker=MARKERS[kind],
            linewidths=0.4, edgecolors="white", alpha=0.9, label=kind,
        )  # fmt: skip
    axis.legend(fontsize=9, markerscale=1.2)
    bare_map(axis, f"{flat.method}: {scene}")
    columns = max(len(row) for row in rows)
    for places, row in zip(right.subplots(len(rows), columns, squeeze=False), rows, strict=True):
        for place in places:
            place.set_axis_off()
        for place, (caption, picture) in zip(places, row, strict=False):
            place.imshow(picture)
            place.set_title(caption, fontsize=8.5, pad=3)
    return figure


def by_kind(axis: Axes, flat: LatentMap, fitted: Latents, moved: Latents, size: float) -> None:
    """Low, then enhanced, then clear on top: there are fewest clear ones, and they would drown."""
    low, clear = (flat.fitted[fitted.kind == kind] for kind in ("low", "clear"))
    axis.scatter(
        low[:, 0], low[:, 1], size, color=ROLES["low"], marker=MARKERS["low"],
        alpha=0.5, linewidths=0,
    )  # fmt: skip
    # hollow: these points were placed into a finished map, or (t-SNE) fitted along
    axis.scatter(
        flat.moved[:, 0], flat.moved[:, 1], size, facecolors="none", edgecolors=ROLES["enhanced"],
        marker=MARKERS["enhanced"], linewidths=0.5, alpha=0.6,
    )  # fmt: skip
    axis.scatter(
        clear[:, 0], clear[:, 1], size * 2, color=ROLES["clear"], marker=MARKERS["clear"],
        linewidths=0.4, edgecolors="white",
    )  # fmt: skip


def _by_luma(axis: Axes, flat: LatentMap, fitted: Latents, moved: Latents, size: float) -> None:
    luma = np.concatenate([fitted.luma, moved.luma])
    points = np.concatenate([flat.fitted, flat.moved])
    order = np.random.default_rng(0).permutation(len(points))  # no kind hides another
    colours = LUMA_COLOURS.to_rgba(luma[order])
    axis.scatter(points[order, 0], points[order, 1], size, color=colours, linewidths=0)


def kind_legend(figure: Figure, axis: Axes) -> None:
    """Colour and marker of low, enhanced and clear, under a figure."""
    kinds = ("low", "enhanced", "clear")
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=MARKERS[kind],
            label=kind,
            markersize=7,
            color=ROLES[kind],
            markerfacecolor="none" if kind == "enhanced" else ROLES[kind],
        )
        for kind in kinds
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)


def neighbour_maps(
    maps: tuple[Points, Points], point: int, near: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Figure:
    """One point on two maps of the same latents, with its nearest neighbours on either.

    maps: (N, 2) each; point: its row; near: rows of its neighbours on the first and the second map.
    """
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH * 0.85, 3.7), layout="constrained")
    common = len(np.intersect1d(*near))
    for axis, flat, title in zip(axes, maps, ("first map", "second map"), strict=True):
        axis.scatter(*flat.T, 14, color="#BBBBBB")
        axis.scatter(*flat[near[0]].T, 110, facecolor="none", edgecolor=OKABE_ITO["orange"],
                     linewidth=2, label="near on the first")  # fmt: skip
        axis.scatter(*flat[near[1]].T, 45, marker="x", color=OKABE_ITO["black"],
                     label="near on the second")  # fmt: skip
        axis.scatter(*flat[point], 130, marker="*", color=OKABE_ITO["purple"], label="a point")
        bare_map(axis, f"{title}: {common} of {len(near[0])} in common")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
