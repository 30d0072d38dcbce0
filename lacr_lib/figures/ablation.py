"""The ablation drawn: what each run adds to its reference, with its spread."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH
from lacr_lib.results.ablation import METRICS, Comparison


def differences(rows: Sequence[Comparison], width: float = WIDTH) -> Figure:
    """One row a run: difference to the reference, its 95 % interval and, grey, its spread.

    rows: of one metric and one reference. Vermillion: shown; grey: not shown, inside the spread.
    """
    figure, axis = plt.subplots(figsize=(width, 0.42 * len(rows) + 1.1))
    for place, row in enumerate(rows):
        mean, low, high = row.difference
        colour = OKABE_ITO["vermillion"] if row.shown else GREY
        axis.barh(place, 2 * row.spread, left=mean - row.spread, height=0.55, color=GREY, alpha=0.3)
        axis.plot([low, high], [place, place], color=colour, linewidth=2)
        axis.plot(mean, place, "o", color=colour, markersize=7)
    axis.axvline(0, color="black", linewidth=1)
    axis.set_yticks(range(len(rows)), [row.name for row in rows])
    axis.invert_yaxis()
    metric = METRICS[rows[0].metric].heading
    axis.set_xlabel(f"{metric}, minus that of '{rows[0].reference}'")
    axis.grid(axis="y", visible=False)
    return figure
