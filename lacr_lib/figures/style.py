"""House style: colours with a meaning, letters that can be read from the last row."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.rcsetup import cycler

# Okabe & Ito 2008, "Color Universal Design": told apart with any common colour vision
OKABE_ITO: dict[str, str] = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
GREY = "#767676"

# The three kinds of image look the same in every figure of the course; the marker says it again
# for those who see no colour.
ROLES: dict[str, str] = {
    "low": OKABE_ITO["blue"],
    "enhanced": OKABE_ITO["vermillion"],
    "clear": OKABE_ITO["green"],
}
MARKERS: dict[str, str] = {"low": "v", "enhanced": "o", "clear": "^"}

WIDTH = 8.5  # inches, the width of a notebook's text
DPI = 90


def as_written(name: str) -> str:
    """A name to write in a figure: a $ in a file's name begins no formula."""
    return name.replace("$", r"\$")


def use_style() -> None:
    """Sets matplotlib's defaults for every later figure of this process."""
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 4.2),
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "font.size": 12,
            "axes.titlesize": 12,
            "axes.labelsize": 12,
            "xtick.labelsize": 11,
            "ytick.labelsize": 11,
            "legend.fontsize": 11,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.8,
            "lines.linewidth": 2.0,
            "lines.markersize": 6.0,
            "image.cmap": "viridis",
            "image.interpolation": "antialiased",
            "axes.prop_cycle": cycler(color=list(OKABE_ITO.values())),
        }
    )
