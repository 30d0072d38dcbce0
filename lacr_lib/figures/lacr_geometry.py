"""LACR in latent space: an anchor, its positive, its negatives, and who reads them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from lacr_lib.figures.boxes import Canvas, canvas
from lacr_lib.figures.style import MARKERS, ROLES

ANCHOR, CLEAR = (69.5, 30.5), (89.0, 38.5)
LOW = ((56.0, 18.5), (63.5, 13.0), (53.5, 26.5))  # negatives, the input itself first


def lacr_geometry() -> Figure:
    """Left: the images, low-passed, through the frozen EMA encoder; right: D_p pulls, D_n pushes.

    The places are a sketch, not measured latents.
    """
    page = canvas(55)
    page.words(0.8, 52.6, "LACR: toward clear, away from low light", 10.5, "bold", align="left")
    _readers(page)
    _plane(page)
    page.legend(("paper", "ours"))
    formula = (
        r"$\mathrm{LACR} = D_p\,/\,(D_n + 10^{-3})$,   $D$: mean of $w_r\,|\mu-\mu'|$ over regions"
    )
    page.words(99.2, 1.7, formula, 9.5, align="right")
    return page.figure


def _readers(page: Canvas) -> None:
    """Three kinds of image and the one encoder that reads them all."""
    rows = (
        ("enhanced", "enhanced $x_e$\nthe anchor", 40.0),
        ("clear", "clear $x_c$\none positive", 27.0),
        ("low", "low light $x_n$\nK negatives", 14.0),
    )
    for role, text, y in rows:
        page.box(1, y - 4, 15, 8, "paper")
        page.axis.plot(3.2, y, MARKERS[role], color=ROLES[role], markersize=8, zorder=4)
        page.words(9.7, y, text)
        page.arrow((16, y), (19, y), (19, 27), (21, 27))
    page.box(21, 21.5, 10.5, 11, "ours", "low pass,\n4 × 4\npixels")
    page.arrow((31.5, 27), (34, 27))
    page.box(34, 21.5, 12, 11, "ours", "EMA\nencoder $E$,\nfrozen")
    page.arrow((46, 27), (49.5, 27))
    colour = ROLES["enhanced"]
    page.arrow((40, 32.5), (40, 46.3), (8.5, 46.3), (8.5, 44), color=colour, dashed=True)
    page.words(24.5, 48.5, "the gradient reaches $x_e$ only", color=colour)
    page.words(33, 11.8, "weights $w_r$ [ours]: how\nmuch light region $r$ lost", align="center")


def _plane(page: Canvas) -> None:
    """The latent space: two of its directions, and the two forces."""
    page.box(49.5, 6.5, 49.7, 43, "data")
    page.words(50.7, 47.3, "latent space of $E$ (a sketch)", align="left", color="#555555")
    for place in LOW:
        page.axis.plot(*place, MARKERS["low"], color=ROLES["low"], markersize=10, zorder=4)
        page.axis.plot(*zip(place, ANCHOR, strict=True), ":", color=ROLES["low"], lw=1.3)
    page.axis.plot(*CLEAR, MARKERS["clear"], color=ROLES["clear"], markersize=12, zorder=4)
    page.axis.plot(*ANCHOR, MARKERS["enhanced"], color=ROLES["enhanced"], markersize=11, zorder=5)
    page.axis.plot(*zip(ANCHOR, CLEAR, strict=True), "--", color=ROLES["clear"], lw=1.5)
    anchor, clear = np.array(ANCHOR), np.array(CLEAR)
    away = anchor - np.mean(LOW, axis=0)
    for direction, role in ((clear - anchor, "clear"), (away, "low")):
        end = anchor + 9.5 * direction / np.linalg.norm(direction)
        page.axis.add_patch(
            FancyArrowPatch(
                ANCHOR,
                (end[0], end[1]),
                arrowstyle="-|>",
                mutation_scale=15,
                linewidth=2.8,
                color=ROLES[role],
                shrinkA=6,
                shrinkB=0,
                zorder=4,
            )
        )
    page.words(88.5, 43.2, r"$\mu_c = E(x_c)$", 10, color=ROLES["clear"])
    page.words(71.5, 26.6, r"$\mu_e = E(x_e)$", 10, color=ROLES["enhanced"], align="left")
    page.words(66.3, 12.8, r"$\mu_n = E(x_n)$", 10, color=ROLES["low"], align="left")
    page.words(85, 32.2, "$D_p$: pull", 10, color=ROLES["clear"])
    page.words(72.5, 39.6, "$D_n$: push", 10, color=ROLES["low"])
