"""Figures of notebook 07 that show motion: ladders as paths, training as a film, the light axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.figures.images import show_grid
from lacr_lib.figures.latent import bare_map
from lacr_lib.figures.style import GREY, MARKERS, OKABE_ITO, ROLES, WIDTH
from lacr_lib.latent.film import AlignedMaps, Still
from lacr_lib.latent.ladders import Trajectory
from lacr_lib.latent.light_axis import Walk

Points = NDArray[np.floating]
BLACK = OKABE_ITO["black"]
GLIDE = 6  # pictures from one snapshot to the next


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


def film_panels(stills: Sequence[Still], maps: AlignedMaps) -> Figure:
    """Both runs of a film, a row each, from the common start to the last snapshot.

    stills: the chain of `film.read_chain`; maps: its `aligned_maps`. All panels are one map.
    """
    rows = _rows_of(stills)
    columns = max(len(row) for row in rows.values())
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(WIDTH, 4.4), sharex=True, sharey=True, layout="constrained"
    )
    for places, (side, row) in zip(axes, rows.items(), strict=True):
        for axis, number in zip(places, row, strict=True):
            _still(axis, stills[number], maps.fitted[number], maps.moved[number], 7)
            bare_map(axis, f"step {stills[number].step}" if side == "with" else "")
            axis.set(xlabel="", ylabel="")
        places[0].set_ylabel(f"{side} LACR\n(map, no unit)", fontsize=10)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, markerscale=1.8)
    return figure


def film_curves(pulls: Mapping[str, Mapping[int, Interval]]) -> Figure:
    """The pull by training step, a line a run with its interval over scenes as a band.

    pulls: name of the run -> step -> median fraction of the way. Step 0 is drawn at the left end.
    """
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, 3.2), layout="constrained")
    styles = ((ROLES["enhanced"], "o"), (BLACK, "s"), (GREY, "x"))
    for (name, line), (colour, marker) in zip(pulls.items(), styles, strict=False):
        steps = sorted(line)
        values = np.array([line[step] for step in steps])  # (T, 3)
        axis.plot(steps, values[:, 0], marker + "-", color=colour, label=name)
        axis.fill_between(steps, values[:, 1], values[:, 2], color=colour, alpha=0.15, linewidth=0)
    axis.axhline(1, color=ROLES["clear"], linestyle="--", linewidth=1.2)
    axis.set_xscale("symlog", linthresh=10)
    ticks = sorted({step for line in pulls.values() for step in line})
    axis.set_xticks(ticks, [str(step) for step in ticks])
    axis.set_xlim(-1, 1.3 * ticks[-1])
    axis.set(xlabel="training step", ylabel="fraction of the way\n(0 stayed, 1 arrived)")
    axis.legend(fontsize=9)
    return figure


def film_gif(path: str | Path, stills: Sequence[Still], maps: AlignedMaps) -> Path:
    """The film as a moving picture: both runs side by side, points gliding from step to step.

    Between two snapshots places are mixed evenly; only the snapshots themselves are measured.
    """
    rows = _rows_of(stills)
    figure, axes = plt.subplots(1, 2, figsize=(6.0, 3.2), sharex=True, sharey=True, dpi=80)
    every = np.concatenate([maps.fitted, maps.moved], axis=1).reshape(-1, 2)
    (left, low), (right, high) = every.min(axis=0), every.max(axis=0)
    room = 0.05 * max(right - left, high - low)

    def draw(moment: float) -> None:
        first = min(int(moment), len(rows["with"]) - 2)
        share = moment - first
        for axis, (side, row) in zip(axes, rows.items(), strict=True):
            a, b = row[first], row[first + 1]
            fitted = (1 - share) * maps.fitted[a] + share * maps.fitted[b]
            moved = (1 - share) * maps.moved[a] + share * maps.moved[b]
            axis.clear()
            _still(axis, stills[a], fitted, moved, 9)
            bare_map(axis, f"{side} LACR, step {stills[b if share > 0.5 else a].step}")
            axis.set(xlabel="", ylabel="")
            axis.set_xlim(left - room, right + room)
            axis.set_ylim(low - room, high + room)

    moments = [
        first + part / GLIDE for first in range(len(rows["with"]) - 1) for part in range(GLIDE)
    ]
    film = FuncAnimation(figure, draw, [*moments, *[len(rows["with"]) - 1.0] * GLIDE])
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    film.save(path, PillowWriter(fps=6))
    plt.close(figure)
    return Path(path)


def _rows_of(stills: Sequence[Still]) -> dict[str, list[int]]:
    """The numbers of the stills of both runs, in the order of their steps."""
    start = next(i for i, still in enumerate(stills) if still.side == "start")
    return {
        "with": [i for i in range(start, len(stills)) if stills[i].step is not None],
        "without": [i for i in range(start, -1, -1) if stills[i].step is not None],
    }


def _still(axis: Axes, still: Still, fitted: Points, moved: Points, size: float) -> None:
    kind = still.table.of("low", "clear").kind
    for name in ("low", "clear"):
        x, y = fitted[kind == name].T
        axis.scatter(
            x, y, size, color=ROLES[name], marker=MARKERS[name], label=name,
            alpha=0.6, linewidths=0,
        )  # fmt: skip
    x, y = moved.T
    axis.scatter(
        x, y, size, facecolors="none", edgecolors=ROLES["enhanced"], label="enhanced",
        marker=MARKERS["enhanced"], linewidths=0.6, alpha=0.8,
    )  # fmt: skip


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
