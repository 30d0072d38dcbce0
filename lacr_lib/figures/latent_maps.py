"""Figures of notebook 07 that set maps side by side: settings, joint fits, means and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.figures.latent import by_kind, kind_legend
from lacr_lib.figures.style import GREY, OKABE_ITO, ROLES, WIDTH
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.map_study import ClearShare, View

BLACK = OKABE_ITO["black"]
PANEL = 2.55  # inches, the height of a row of panels


def setting_maps(
    grid: Sequence[Sequence[LatentMap]], fitted: Latents, moved: Latents, size: float = 4
) -> Figure:
    """The same latents under a grid of settings, each panel with how far it can be trusted.

    grid: rows of UMAPs or t-SNEs (`map_grid`); fitted, moved: the tables of their points.
    """
    return _panels(
        [[(_settings(flat), View(flat, fitted, moved)) for flat in row] for row in grid], size
    )


def joint_maps(
    pairs: Sequence[tuple[LatentMap, LatentMap]], fitted: Latents, moved: Latents, size: float = 6
) -> Figure:
    """Left: enhanced placed into a finished map. Right: fitted along. A row a method.

    pairs: (transformed, joint) maps of the same points; fitted, moved: the tables of their points.
    """
    return _panels(
        [
            [
                (f"{a.method}: enhanced placed", View(a, fitted, moved)),
                (f"{b.method}: enhanced fitted along", View(b, fitted, moved)),
            ]
            for a, b in pairs
        ],
        size,
    )


def view_panels(views: Mapping[tuple[str, str], View], size: float = 6) -> Figure:
    """Posterior means above, draws below; single regions left, pooled photographs right."""
    grains = ("regions", "pooled")
    titles = {"means": "posterior means", "draws": "one draw of each posterior"}
    notes = {"regions": "a point a region", "pooled": "a point a photograph"}
    return _panels(
        [
            [(f"{titles[source]}, {notes[grain]}", views[source, grain]) for grain in grains]
            for source in titles
        ],
        size,
    )


def clear_shares(shares: Mapping[str, ClearShare]) -> Figure:
    """How much clear company enhanced rows keep on each map, against the company they truly keep.

    shares: name of the map -> its `clear_share_kept`, of the same rows. Left: the shares, with the
    latent space as a band. Right: map against space, row by row. Bars: 95 % intervals over scenes.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(WIDTH, 1.5 + 0.36 * len(shares)), sharey=True, layout="constrained"
    )
    truth = next(iter(shares.values()))
    space = truth.in_space
    left.axvspan(space.low, space.high, color="#DDDDDD", label="latent space")
    left.axvline(space.mean, color=GREY, linewidth=1.5)
    left.axvline(truth.chance, color=GREY, linewidth=1.5, linestyle=":", label="chance")
    right.axvline(0, color=GREY, linewidth=1)
    for number, share in enumerate(shares.values()):
        _interval(left, number, share.in_map, "o", ROLES["enhanced"])
        said = ("", "") if number else ("mean", "mean without sign")
        _interval(right, number - 0.12, share.difference, "o", BLACK, said[0])
        _interval(right, number + 0.12, share.error, "x", ROLES["low"], said[1])
    left.set_yticks(range(len(shares)), list(shares))
    left.set_ylim(len(shares) - 0.5, -0.5)
    left.set_xlabel("clear among 10 neighbours (share)")
    right.set_xlabel("map - latent space (share)")
    low, high = right.get_xlim()  # a difference of a thousandth must not fill the axis
    right.set_xlim(min(low, -0.02), max(high, 0.02))
    for axis in (left, right):
        axis.grid(visible=False, axis="y")
        axis.legend(fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return figure


def _interval(
    axis: Axes, y: float, value: Interval, marker: str, colour: str, label: str = ""
) -> None:
    axis.plot([value.low, value.high], [y, y], color=colour, linewidth=1.5)
    axis.plot(value.mean, y, marker, color=colour, label=label or "_")


def _panels(rows: Sequence[Sequence[tuple[str, View]]], size: float) -> Figure:
    figure, axes = plt.subplots(
        len(rows),
        len(rows[0]),
        figsize=(WIDTH, 0.5 + len(rows) * PANEL * (1.25 if len(rows[0]) < 3 else 1)),
        squeeze=False,
        layout="constrained",
    )
    for places, row in zip(axes, rows, strict=True):
        for axis, (title, (flat, fitted, moved)) in zip(places, row, strict=True):
            sparse = len(fitted) + len(moved) < 400
            by_kind(axis, flat, fitted, moved, size * (4 if sparse else 1))
            _trust_below(axis, title, flat)
    figure.supxlabel("map axis 1 (no unit)", fontsize=9)
    figure.supylabel("map axis 2 (no unit)", fontsize=9)
    kind_legend(figure, axes[0, 0])
    return figure


def _trust_below(axis: Axes, title: str, flat: LatentMap) -> None:
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)
    for side in ("top", "right"):
        axis.spines[side].set_visible(True)
    axis.set_title(title, fontsize=10.5)
    axis.set_xlabel(
        f"trust {flat.trustworthiness:.3f}, continuity {flat.continuity:.3f}", fontsize=10
    )


def _settings(flat: LatentMap) -> str:
    if flat.method == "t-SNE":
        return f"perplexity {flat.settings.perplexity:g}"
    return f"n_neighbors {flat.settings.n_neighbors}, min_dist {flat.settings.min_dist:g}"
