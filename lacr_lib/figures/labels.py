"""Which axes of a figure show numbers and do not say what they are."""

from __future__ import annotations

import re

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

_NUMBER = re.compile(r"[-−+]?[\d.,]+(?:[eE×].*)?|\$.*\d.*\$")  # noqa: RUF001


def unlabelled(figure: Figure) -> list[str]:
    """A line for each axis that shows numbers without a label; empty if there is none.

    Names at the ticks (of methods, say) explain themselves. A label for the whole figure will do,
    and so will that of a neighbour in one row or column that shares the axis.
    """
    figure.canvas.draw()
    found = []
    for number, axes in enumerate(figure.axes):
        if not axes.get_visible() or not axes.axison:
            continue
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            if _shows_numbers(axis) and not _says(figure, axes, name):
                title = axes.get_title() or axes.get_title(loc="left") or f"panel {number}"
                found.append(f"{title}: the {name} axis shows numbers and has no label")
    return found


def _shows_numbers(axis: Axis) -> bool:
    if not axis.get_visible():
        return False
    shown = [t.get_text() for t in axis.get_ticklabels() if t.get_visible() and t.get_text()]
    return bool(shown) and all(_NUMBER.fullmatch(text) for text in shown)


def _says(figure: Figure, axes: Axes, name: str) -> bool:
    everywhere = figure.get_supxlabel() if name == "x" else figure.get_supylabel()
    siblings = getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)
    return bool(everywhere) or any(getattr(each, f"get_{name}label")() for each in siblings)
