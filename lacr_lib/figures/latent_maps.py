"""Figures of notebook 07 that set maps side by side: settings, joint fits, means and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lacr_lib.figures.latent import by_kind, kind_legend
from lacr_lib.figures.style import WIDTH
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.map_study import ClearShare, View

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
    """For each map: the share of clear among the neighbours of enhanced rows, against the truth.

    shares: name of the map -> its `clear_share_kept`. The grey band is the latent space.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(WIDTH, 0.9 + 0.42 * len(shares)), sharey=True, layout="constrained"
    )
    space = next(iter(shares.means()))
    left.axvspan(space.in_space.low, space.in_space.high, color="#DDDDDD", label="latent space")
    left.axvline(space.in_space.mean, color="#767676", linewidth=1.5)
    left.axvline(space.chance, color="#767676", linewidth=1.5, linestyle=":", label="chance")
    for y, share in enumerate(shares.means()):
        for axis, value, marker in (
            (left, share.in_map, "o"),
            (right, share.difference, "o"),
            (right, share.error, "x"),
        ):
            axis.plot([value.low, value.high], [y, y], color="black", linewidth=1.5)
            axis.plot(value.mean, y, marker, color="black", label=None)
    right.axvline(0, color="#767676", linewidth=1)
    left.set_yticks(range(len(shares)), list(shares))
    left.set_ylim(len(shares) - 0.5, -0.5)
    left.set_xlabel("share of clear among 10 neighbours")
    right.set_xlabel("map - space: o mean, x mean size")
    left.legend(fontsize=9, loc="best")
    return figure


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
            many = len(fitted) + len(moved) < 400
            by_kind(axis, flat, fitted, moved, size * (4 if many else 1))
            _trust_below(axis, title, flat)
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
