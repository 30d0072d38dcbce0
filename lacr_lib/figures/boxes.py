"""Boxes, arrows and words: what the diagrams of the method are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from lacr_lib.figures.style import WIDTH

Kind = Literal["paper", "ours", "replacement", "data"]
Point = tuple[float, float]
INK = "#222222"
UNITS = 100.0  # a canvas is 100 units wide, whatever its height: positions are in these
TEXT = 9.0  # points; the smallest letters that a slide bears at this width


class Look(NamedTuple):
    """Colours of a kind of box, and what the legend calls it."""

    fill: str
    edge: str
    line: str
    words: str


# Told apart by the line as well as by the colour.
LOOKS: dict[Kind, Look] = {
    "paper": Look("#DCEBF7", "#0072B2", "-", "[paper]"),
    "ours": Look("#FCEBD0", "#B35900", (0, (4, 2)), "[ours]"),  # type: ignore[arg-type]
    "replacement": Look("#E4E4E4", "#555555", ":", "turned off: a plain block"),
    "data": Look("#FFFFFF", "#767676", "-", "input and output"),
}


class Canvas(NamedTuple):
    """A bare axis of 100 units width on which one unit is as long across as upward."""

    figure: Figure
    axis: Axes
    height: float  # units

    def words(
        self, x: float, y: float, text: str, size: float = TEXT, weight: str = "normal",
        color: str = INK, align: str = "center", name: str | None = None,
        linespacing: float = 1.25,
    ) -> None:  # fmt: skip
        """Text with its middle at (x, y); `name` tells tests what it speaks of."""
        self.axis.text(x, y, text, fontsize=size, fontweight=weight, color=color, ha=align,
                       va="center", gid=name, linespacing=linespacing, zorder=4)  # fmt: skip

    def box(
        self, x: float, y: float, width: float, height: float, kind: Kind, text: str = "",
        size: float = TEXT, weight: str = "normal", name: str | None = None,
    ) -> None:  # fmt: skip
        """A box with its lower left corner at (x, y), its text in the middle."""
        look = LOOKS[kind]
        patch = FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.8", facecolor=look.fill,
            edgecolor=look.edge, linestyle=look.line, linewidth=1.3, zorder=2,
        )  # fmt: skip
        self.axis.add_patch(patch)
        if text:
            self.words(x + width / 2, y + height / 2, text, size, weight, name=name)

    def arrow(self, *points: Point, color: str = INK, dashed: bool = False) -> None:
        """A line through the points, with a head at the last one."""
        patch = FancyArrowPatch(
            path=Path(list(points)), arrowstyle="-|>", mutation_scale=9, color=color, linewidth=1.3,
            linestyle=(0, (3, 2)) if dashed else "-", joinstyle="miter", zorder=3,
        )  # fmt: skip
        self.axis.add_patch(patch)

    def legend(self, kinds: Sequence[Kind], y: float = 1.6) -> None:
        """A row of small boxes with the names of the kinds, from the left."""
        x = 0.5
        for kind in kinds:
            look = LOOKS[kind]
            self.axis.add_patch(
                Rectangle(
                    (x, y - 1),
                    3.6,
                    2,
                    facecolor=look.fill,
                    edgecolor=look.edge,
                    linestyle=look.line,
                    linewidth=1.3,
                )
            )
            self.words(x + 4.6, y, look.words, align="left")
            x += 8 + 0.92 * len(look.words)


def canvas(height: float) -> Canvas:
    """An empty canvas, 100 units wide and `height` units high, as wide as a notebook's text."""
    figure = plt.figure(figsize=(WIDTH, WIDTH * height / UNITS), facecolor="white", layout="none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, UNITS), ylim=(0, height))
    axis.set_axis_off()
    return Canvas(figure, axis, height)


def shape(*sizes: int) -> str:
    """A shape as the diagrams write it: (16, 128, 128) -> 16 x 128 x 128, with true crosses."""
    return " × ".join(str(size) for size in sizes)


def count(parameters: int) -> str:
    """A number of parameters in three digits: 703,234 -> 703 k."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if parameters >= unit:
            return f"{parameters / unit:.3g}{name}"
    return str(parameters)
