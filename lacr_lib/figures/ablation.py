"""The ablation drawn: what each run adds to its reference, with its spread."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lacr_lib.evaluation.bootstrap import ENOUGH
from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH
from lacr_lib.results.ablation import METRICS, Comparison


def differences(rows: Sequence[Comparison], width: float = WIDTH) -> Figure:
    """One row a run: difference to the reference, its 95 % interval and, grey, its spread.

    rows: of one metric and one reference. Vermillion: shown; grey: not shown, inside the spread.
    """
    figure, axis = plt.subplots(figsize=(width, 0.42 * len(rows) + 1.5), layout="constrained")
    for place, row in enumerate(rows):
        mean, low, high = row.difference
        colour = OKABE_ITO["vermillion"] if row.shown else GREY
        axis.barh(place, 2 * row.spread, left=mean - row.spread, height=0.55, color=GREY, alpha=0.3)
        axis.plot([low, high], [place, place], color=colour, linewidth=2)
        axis.plot(mean, place, "o", color=colour, markersize=7)
    axis.axvline(0, color="black", linewidth=1)
    axis.use_sticky_edges = False  # of the bars: they would touch the frame
    axis.margins(x=0.05)
    axis.set_yticks(range(len(rows)), [row.name for row in rows])
    axis.invert_yaxis()
    metric = METRICS[rows[0].metric].heading
    axis.set_xlabel(f"{metric}, minus that of '{rows[0].reference}'")
    axis.grid(axis="y", visible=False)
    figure.legend(handles=_key(rows), loc="outside upper center", ncols=4)
    return figure


def _key(rows: Sequence[Comparison]) -> list[Artist]:
    """What dot, line and bar mean, in the colours that are there."""
    looks = {True: (OKABE_ITO["vermillion"], "shown"), False: (GREY, "not shown")}
    there = [looks[shown] for shown in (True, False) if shown in {row.shown for row in rows}]
    dots = [Line2D([], [], marker="o", color=c, linewidth=0, label=word) for c, word in there]
    over = "95 % over scenes" if rows[0].scenes >= ENOUGH else f"range of {rows[0].scenes} scenes"
    line = Line2D([], [], color=there[0][0], linewidth=2, label=over)
    return [*dots, line, Patch(color=GREY, alpha=0.3, label="± one spread over seeds")]
