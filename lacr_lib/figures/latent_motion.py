"""Figures of notebook 07 that show motion: ladders as paths, training as a film, the light axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lacr_lib.figures.images import show_grid
from lacr_lib.figures.latent import bare_map
from lacr_lib.figures.style import GREY, MARKERS, OKABE_ITO, ROLES, WIDTH
from lacr_lib.latent.ladders import Trajectory
from lacr_lib.latent.light_axis import Walk

Points = NDArray[np.floating]
BLACK = OKABE_ITO["black"]


def ladder_paths(panels: Mapping[str, tuple[Points, Sequence[Trajectory]]]) -> Figure:
    """Exposure ladders on a flat map, one line a scene, from the darkest to the clear photograph.

    panels: title -> (places (P, 2) of all pooled photographs, the paths through them). All panels
    share their axes: one map, several sets of paths.
    """
    figure, axes = plt.subplots(
        1,
        len(panels),
        figsize=(WIDTH, 3.9),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    colours = ScalarMappable(LogNorm(1 / 64, 1), "viridis")
    for axis, (title, (flat, paths)) in zip(axes[0], panels.items(), strict=True):
        for path in paths:
            x, y = flat[path.rows].T
            axis.plot(x, y, color=GREY, linewidth=0.9, zorder=1)
            axis.scatter(x[:-1], y[:-1], 26, color=colours.to_rgba(path.exposure[:-1]), zorder=2)
            axis.plot(
                x[-1],
                y[-1],
                MARKERS["clear"],
                color=ROLES["clear"],
                markersize=9,
                markeredgecolor="white",
                zorder=3,
            )
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("PCA axis 1 (latent units)")
    axes[0, 0].set_ylabel("PCA axis 2 (latent units)")
    bar = figure.colorbar(colours, ax=axes, label="exposure (1 = clear)", shrink=0.9)
    bar.set_ticks([1 / 64, 1 / 16, 1 / 4, 1], labels=["1/64", "1/16", "1/4", "1"])
    bar.minorticks_off()
    return figure


def ladder_numbers(values: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """A dot a scene: values[quantity][set of paths] is an array over scenes; a bar is the mean."""
    figure, axes = plt.subplots(
        1, len(values), figsize=(WIDTH, 2.6), squeeze=False, layout="constrained", sharey=True
    )
    for axis, (quantity, groups) in zip(axes[0], values.items(), strict=True):
        for y, (name, numbers) in enumerate(groups.items()):
            dots = np.asarray(numbers, float)
            spread = np.linspace(-0.16, 0.16, len(dots)) + y
            colour = GREY if "shuffled" in name else ROLES["low" if y == 0 else "enhanced"]
            axis.plot(dots, spread, "o", color=colour, alpha=0.6, markersize=6)
            axis.plot([np.nanmean(dots)] * 2, [y - 0.3, y + 0.3], color=BLACK, linewidth=2.5)
        axis.set_xlabel(quantity)
        axis.set_yticks(range(len(groups)), list(groups))
        axis.set_ylim(len(groups) - 0.5, -0.5)
        axis.grid(visible=False, axis="y")
    return figure


def training_film(
    film: Points, kind: NDArray[np.str_], steps: Sequence[int], values: Mapping[str, ArrayLike]
) -> Figure:
    """Snapshots of a training run on one aligned map, above the numbers of the same snapshots.

    film: (T, N, 2); kind: (N,) "low", "enhanced" or "clear"; steps: (T,); values: name -> (T,).
    """
    figure = plt.figure(figsize=(WIDTH, 4.8), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.1), squeeze=False)[:, 0]
    panels = top.subplots(1, len(steps), sharex=True, sharey=True)
    for axis, flat, step in zip(panels, film, steps, strict=True):
        for name in ("low", "clear", "enhanced"):
            axis.scatter(
                *flat[kind == name].T,
                12,
                color=ROLES[name],
                marker=MARKERS[name],
                label=name,
                alpha=0.75,
                linewidths=0,
            )
        bare_map(axis, f"step {step}")
        axis.set(xlabel="", ylabel="")
    panels[0].set_ylabel("map (no unit)")
    top.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, markerscale=1.6
    )
    charts = bottom.subplots(1, len(values), squeeze=False)[0]
    for axis, (name, numbers) in zip(charts, values.items(), strict=True):
        axis.plot(steps, np.asarray(numbers), "o-", color=ROLES["enhanced"])
        axis.set_xlabel("training step", fontsize=10)
        axis.set_ylabel(name, fontsize=10)
    return figure


def walk_strips(walks: Mapping[str, Walk], columns: Sequence[int]) -> Figure:
    """Photographs decoded along the light axis, a row each; `columns` chooses the steps drawn."""
    first = next(iter(walks.values()))
    return show_grid(
        [[w.images[i] for i in columns] for w in walks.values()],
        row_titles=list(walks),
        column_titles=[f"t = {first.steps[i]:g}" for i in columns],
        captions=[[f"luma {w.luma[i]:.2f}" for i in columns] for w in walks.values()],
    )


def walk_curves(walks: Mapping[str, Walk], place: Mapping[str, ArrayLike]) -> Figure:
    """Mean luma along the walk, beside where real latents lie along the same axis.

    place: kind -> places (N,) along the axis, 0 the mean low and 1 the mean clear latent.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.3), layout="constrained")
    for (name, path), marker in zip(walks.items(), "osD^vP", strict=False):
        left.plot(path.steps, path.luma, marker + "-", label=name, markersize=5)
    left.axvline(0, color=GREY, linewidth=1)
    left.set(xlabel="step t along the light axis", ylabel="mean luma of the decoded image")
    left.legend(fontsize=9)
    _histograms(right, place)
    return figure


def _histograms(axis: Axes, place: Mapping[str, ArrayLike]) -> None:
    everything = np.concatenate([np.asarray(v) for v in place.values()])
    start, end = np.percentile(everything, [0.5, 99.5])
    bins = np.linspace(start, end, 40)
    for kind, values in place.items():
        axis.hist(
            np.asarray(values),
            bins.tolist(),
            density=True,
            histtype="step",
            linewidth=2,
            color=ROLES[kind],
            label=kind,
        )
    axis.set(xlabel="place along the axis (0 mean low, 1 mean clear)", ylabel="density of regions")
    axis.legend()
