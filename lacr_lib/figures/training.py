"""Figures of notebook 05, second part: training runs, live and afterwards; number formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH

BLUE, VERMILLION = OKABE_ITO["blue"], OKABE_ITO["vermillion"]
RUN_COLOURS = (OKABE_ITO["black"], VERMILLION, OKABE_ITO["purple"], OKABE_ITO["orange"])
RUN_LINES = ("--", "-", "-.", ":")

Span = tuple[float, float]


def curves(
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    panels: Mapping[str, str],
    smooth: int = 1,
    bands: Mapping[str, Span] | None = None,
    log: Sequence[str] = (),
    x_label: str = "training step",
) -> Figure:
    """Records of several runs against their `step`, one panel for each key.

    panels: key -> axis label with its unit. smooth: records in the running mean. bands: key -> a
    range to shade. log: keys on a logarithmic axis. A run without a key is left out of its panel.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 3.3), squeeze=False, layout="constrained"
    )
    lines = RUN_LINES if len(runs) > 1 else ("-",)
    for axis, (key, label) in zip(axes[0], panels.items(), strict=True):
        if bands and key in bands:
            axis.axhspan(*bands[key], color="#DDEFE6", zorder=0)
        for (name, records), colour, line in zip(runs.items(), RUN_COLOURS, lines, strict=False):
            values = np.array([record[key] for record in records if key in record])
            if len(values):
                steps = np.array([record["step"] for record in records if key in record])
                axis.plot(steps, running_mean(values, smooth), line, color=colour, label=name)
        axis.set(xlabel=x_label, ylabel=label, yscale="log" if key in log else "linear")
    if len(runs) > 1:
        handles, names = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=len(runs))
    return figure


def running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Mean over the last `window` values at most: (N,) -> (N,)."""
    total = np.concatenate([[0.0], values]).cumsum()
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - window, 0)
    means: NDArray[np.float64] = (total[last] - total[first]) / (last - first)
    return means


class LiveCurve:
    """A picture of `curves` that grows under a notebook cell while `fit` trains.

    Use `live.follow("name")` as `on_step`; the picture is drawn anew every `every` steps.
    """

    def __init__(
        self, panels: Mapping[str, str], every: int, smooth: int = 1, log: Sequence[str] = ()
    ) -> None:
        self.panels, self.every, self.smooth, self.log = panels, every, smooth, log
        self.runs: dict[str, list[Mapping[str, float]]] = {}
        self.handle: Any = None

    def follow(self, name: str) -> Callable[[int, Mapping[str, float], Any], None]:
        """A function for `on_step` that adds each record to the run of that name."""
        records = self.runs.setdefault(name, [])

        def on_step(step: int, record: Mapping[str, float], model: Any) -> None:
            # a twin measures no LACR and logs 0, which would look like the best value of all
            records.append({k: v for k, v in record.items() if k != "lacr" or v != 0})
            if step % self.every == 0:
                self.draw()

        return on_step

    def draw(self) -> None:
        """Shows the picture, or replaces the one already shown."""
        from IPython.display import display

        figure = curves(self.runs, self.panels, self.smooth, log=self.log)
        plt.close(figure)  # else the notebook would show it a second time
        if self.handle is None:
            self.handle = display(figure, display_id=True)
        else:
            self.handle.update(figure)


def intervals(
    panels: Mapping[str, Mapping[str, tuple[float, float, float]]],
    references: Mapping[str, float] | None = None,
) -> Figure:
    """Values with intervals: axis label with its unit -> run -> (value, low, high).

    references: label -> a value to mark, such as 1 where a ratio should be 1.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 2.4), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, (label, values) in zip(axes[0], panels.items(), strict=True):
        if references and label in references:
            axis.axvline(references[label], color=GREY, linestyle="--", linewidth=1.2)
        for row, ((_, value), colour) in enumerate(zip(values.items(), RUN_COLOURS, strict=False)):
            axis.plot(value[1:], [row, row], color=colour, linewidth=2.5)
            axis.plot(value[0], row, "o", color=colour, markersize=8)
        axis.set(xlabel=label, ylim=(len(values) - 0.5, -0.5))
        axis.set_yticks(range(len(values)), list(values))
        axis.grid(axis="y", visible=False)
    return figure


def number_steps(formats: Mapping[str, Callable[[Tensor], Tensor]]) -> Figure:
    """How fine number formats are: name -> rounding of float64 values in (0, 1]."""
    figure, (counts, ramp) = plt.subplots(1, 2, figsize=(WIDTH, 3.3), layout="constrained")
    halvings = np.arange(1, 8)
    near_white = torch.linspace(0.9, 0.95, 600, dtype=torch.float64)
    for shift, ((name, rounded), colour) in enumerate(
        zip(formats.items(), (GREY, VERMILLION, BLUE), strict=False)
    ):
        distinct = [_distinct(rounded, 2.0**-n, 2.0 ** (1 - n)) for n in halvings]
        offset = 0.28 * (shift - (len(formats) - 1) / 2)
        counts.bar(halvings + offset, distinct, 0.27, color=colour, label=name)
        width = 1.2 + 1.2 * (len(formats) - 1 - shift)  # so that a line below another one is seen
        ramp.plot(near_white, rounded(near_white), color=colour, label=name, linewidth=width)
    counts.set(xlabel="halving below white (1: from 1/2 to 1)", ylabel="values in between")
    counts.set_yscale("log")
    counts.set_xticks(halvings)
    ramp.set(xlabel="value before rounding (1 = white)", ylabel="value after rounding")
    ramp.legend()
    return figure


def _distinct(rounded: Callable[[Tensor], Tensor], low: float, high: float) -> int:
    """How many values of a format lie in (low, high], tried on 2^17 points."""
    points = low + (high - low) * (torch.arange(2**17, dtype=torch.float64) + 0.5) / 2**17
    values = np.unique(rounded(points).double().numpy())
    return int(((values > low) & (values <= high)).sum())
