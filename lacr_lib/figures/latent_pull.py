"""Figures of notebook 07 about the pull: what is measured, both models, and their difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lacr_lib.figures.style import GREY, MARKERS, OKABE_ITO, ROLES, WIDTH

Place = tuple[float, float]
BLACK = OKABE_ITO["black"]
SIDES = (("weights", ROLES["enhanced"], "o"), ("against", BLACK, "s"))

# of each number: its name on the axis, where it ought to be, and the range worth seeing
PULL_PANELS: dict[str, tuple[str, float | Place, Place]] = {
    "alignment_ratio": ("to clear / to low\n(goal 0)", 0.0, (-0.03, 1.0)),
    "alignment_ratio_shared": ("the same, twin's encoder\n(goal 0)", 0.0, (-0.03, 1.0)),
    "fraction_of_way": ("fraction of the way\n(goal 1)", 1.0, (0.0, 1.3)),
    "clear_neighbour_share": ("clear among neighbours\n(chance 0.5, best 1)", 1.0, (0.45, 1.02)),
    "auc_enhanced_vs_clear": ("AUC enhanced : clear\n(goal 0.5)", 0.5, (0.2, 1.03)),
    "auc_enhanced_vs_low": ("AUC enhanced : low\n(goal 1)", 1.0, (0.45, 1.03)),
    "psnr_drop_z_swapped": ("loss with next scene's z\n(dB, at least 2)", 2.0, (-1.0, 4.0)),
    "psnr_drop_z_zero": ("loss with z = 0\n(dB, at least 2)", 2.0, (-1.0, 4.0)),
    "texture_ratio": ("texture ratio\n(0.9 to 1.1)", (0.9, 1.1), (0.5, 1.3)),
}
DIFFERENCES = {  # key -> its name, and the side of 0 on which LACR does better
    "alignment_ratio": ("to clear / to low", "left"),
    "alignment_ratio_shared": ("the same, twin's encoder", "left"),
    "fraction_of_way": ("fraction of the way", "right"),
    "clear_neighbour_share": ("clear among neighbours", "right"),
}


def way_sketch(low: Place, clear: Place, enhanced: Mapping[str, tuple[Place, float]]) -> Figure:
    """What `fraction_of_way` measures, in two dimensions: a shadow on the line from low to clear.

    low, clear: (2,); enhanced: name -> (place (2,), its fraction). Latent units.
    """
    figure, axis = plt.subplots(figsize=(WIDTH * 0.8, 3.6), layout="constrained")
    axis.annotate("", clear, low, arrowprops={"arrowstyle": "->", "color": GREY, "lw": 2})
    for place, kind in ((low, "low"), (clear, "clear")):
        axis.plot(*place, MARKERS[kind], color=ROLES[kind], markersize=11)
        axis.annotate(kind, place, (0, -20), textcoords="offset points", ha="center")
    for name, (place, fraction) in enhanced.items():
        shadow = [a + fraction * (b - a) for a, b in zip(low, clear, strict=True)]
        axis.plot(*zip(place, shadow, strict=True), ":", color=ROLES["enhanced"], linewidth=1.4)
        axis.plot(*shadow, "|", color=ROLES["enhanced"], markersize=12)
        axis.plot(*place, MARKERS["enhanced"], color=ROLES["enhanced"], markersize=8)
        at_low = tuple(place) == tuple(low)  # its label would cover the way
        axis.annotate(
            f"{name}: {fraction:.2f}", place, (-9, -4) if at_low else (8, 4), fontsize=10,
            textcoords="offset points", ha="right" if at_low else "left",
        )  # fmt: skip
    axis.set(xlabel="latent entry 1 (latent units)", ylabel="latent entry 2 (latent units)")
    axis.set_aspect("equal")
    axis.margins(x=0.27, y=0.25)
    return figure


def pull_panels(record: Mapping[str, Any], names: tuple[str, str] = ("lacr-vae", "twin")) -> Figure:
    """The nine numbers of the pull for both models, each with its interval and its goal."""
    figure, axes = plt.subplots(3, 3, figsize=(WIDTH, 5.4), layout="constrained", sharey=True)
    for axis, (key, (label, goal, seen)) in zip(axes.flat, PULL_PANELS.items(), strict=True):
        if isinstance(goal, tuple):
            axis.axvspan(*goal, color="#E5F5EF", zorder=0)
        else:
            axis.axvline(goal, color=ROLES["clear"], linestyle="--", linewidth=1.4)
        axis.set_xlim(*seen)
        for y, (side, colour, marker) in zip((1, 0), SIDES, strict=True):
            value, bounds = record[side][key], record[side]["intervals"][key]
            if None in (value, *bounds):
                axis.annotate("no value", (0.5, y), xycoords=("axes fraction", "data"))
                continue
            _bar(axis, value, bounds, y, colour, marker)
        axis.set_xlabel(label, fontsize=10)
        axis.set_ylim(-0.6, 1.6)
        axis.grid(visible=False, axis="y")
    for axis in axes[:, 0]:
        axis.set_yticks([1, 0], names, fontsize=10)
    return figure


def pull_differences(differences: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Model minus twin on several sets of photographs; an interval that holds 0 is "not shown".

    differences: name of a set -> the `difference` of its record. An arrow: which side is better.
    """
    figure, axes = plt.subplots(
        1, len(DIFFERENCES), figsize=(WIDTH, 2.3), layout="constrained", sharey=True
    )
    for axis, (key, (label, better)) in zip(axes, DIFFERENCES.items(), strict=True):
        axis.axvline(0, color=GREY, linewidth=1.4)
        axis.set_xlim(-0.05, 0.05)
        for y, record in enumerate(differences.values()):
            value, *bounds = record[key]
            if None not in (value, *bounds):
                _bar(axis, value, bounds, y, ROLES["enhanced"], "o")
        arrow = "<- better" if better == "left" else "better ->"
        axis.set_xlabel(f"{label}\n{arrow}", fontsize=9.5)
        axis.grid(visible=False, axis="y")
    axes[0].set_yticks(range(len(differences)), list(differences), fontsize=10)
    axes[0].set_ylim(len(differences) - 0.5, -0.5)
    return figure


def _bar(axis: Axes, value: float, bounds: list[float], y: float, colour: str, marker: str) -> None:
    """A value with its interval; the axis grows where they would not fit."""
    axis.plot(bounds, [y, y], color=colour, linewidth=2.5, solid_capstyle="round")
    axis.plot(value, y, marker, color=colour, markersize=8)
    left, right = axis.get_xlim()
    room = 0.04 * (right - left)
    axis.set_xlim(min(left, bounds[0] - room), max(right, bounds[1] + room))
