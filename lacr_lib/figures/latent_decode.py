"""Figures of notebook 07 that decode codes: moved, exchanged, drawn; and the probe for exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.stats import binned_statistic

from lacr_lib.figures.images import Box, as_array, crop, mean_luma, show_grid, show_row
from lacr_lib.figures.style import GREY, OKABE_ITO, ROLES, WIDTH
from lacr_lib.latent.decode import Draws
from lacr_lib.latent.probe import Probe
from lacr_lib.latent.steer import Region
from lacr_lib.latent.uncertainty import RegionSpread, spread_where_lost
from lacr_lib.models.config import REGION

BINS = 8
BLACK = OKABE_ITO["black"]
Images = NDArray[np.floating]


def interpolation_strip(
    images: Images, steps: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)
) -> Figure:
    """A low-light photograph decoded while its code goes to that of its clear one; luma below.

    images: (K, H, W, 3) of `decode.interpolate`, one a step.
    """
    ends = {0.0: "its own code", 1.0: "the clear one's"}
    titles = [f"t = {step:g}\n{ends.get(float(step), '')}" for step in steps]
    return show_row(list(images), titles, [f"luma {mean_luma(image):.2f}" for image in images])


def light_exchange(rows: Mapping[str, tuple[Any, Any, Any]]) -> Figure:
    """Two photographs with each other's light, a row each.

    rows: name -> (the photograph, decoded with its own code, decoded with the other's light).
    """
    return show_grid(
        list(rows.values()),
        row_titles=list(rows),
        column_titles=["photograph", "with its own light", "with the other's light"],
        luma=True,
    )


def steered_grid(
    own: Images, rows: Mapping[str, Sequence[tuple[float, Images, float]]], region: Region
) -> Figure:
    """A region's code moved: the whole photograph first, then enlarged details, a row a direction.

    own: the photograph decoded with its own code, (H, W, 3). rows: direction -> (step, picture,
    luma of the region); steps of the light axis in mean ways from low to clear, of the others in
    standard deviations. A frame says which region.
    """
    box = _half_around(own, region)
    figure = show_grid(
        [[own, *(crop(image, box) for _, image, _ in row)] for row in rows.values()],
        row_titles=list(rows),
        captions=[
            ["own code", *(f"{step:+g}, luma {luma:.2f}" for step, _, luma in row)]
            for row in rows.values()
        ],
        width=0.75 * WIDTH,
    )
    columns = len(figure.axes) // len(rows)
    for number, axis in enumerate(figure.axes):
        top, left = (0, 0) if number % columns == 0 else (box.top, box.left)
        corner = (region.col * REGION - left - 0.5, region.row * REGION - top - 0.5)
        for colour, line in (("white", 2.6), (OKABE_ITO["vermillion"], 1.3)):
            axis.add_patch(
                Rectangle(corner, REGION, REGION, fill=False, edgecolor=colour, linewidth=line)
            )
    figure.set_figheight(figure.get_figheight() + 0.45)
    figure.supxlabel(
        "steps: light axis in mean ways from low to clear, directions in standard deviations\n"
        "luma: of the framed region, 0 to 1",
        fontsize=10,
    )
    return figure


def _half_around(image: Images, region: Region) -> Box:
    """Half the height and width of a picture around a region, moved to lie within the picture."""
    sides = [side // 2 for side in image.shape[:2]]
    starts = [
        int(np.clip((place + 0.5) * REGION - side / 2, 0, whole - side))
        for place, side, whole in zip(region, sides, image.shape, strict=False)
    ]
    return Box(starts[0], starts[1], sides[0], sides[1])


def posterior_spread(photo: Any, draws: Draws, spreads: Mapping[str, RegionSpread]) -> Figure:
    """Where the draws of one photograph differ, and whether they do so where light was lost.

    photo: the low-light photograph of the draws; spreads: scene -> its regions, the first being
    those of this photograph; of two scenes or more, the interval is told, too.
    Unit of the deviation: grey levels, 0..255.
    """
    figure = plt.figure(figsize=(WIDTH, 6.6), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.25), squeeze=False)[:, 0]
    axes = top.subplots(1, 3)
    levels = draws.deviation * 255
    pictures = ((photo, "photograph"), (draws.images.mean(axis=0), "mean of the draws"))
    for axis, (image, title) in zip(axes, pictures, strict=False):
        axis.imshow(as_array(image))
        axis.set_title(title, fontsize=11.5)
    shown = axes[2].imshow(levels, cmap="gray", vmin=0, vmax=np.percentile(levels, 99.5))
    axes[2].set_title("deviation over the draws", fontsize=11.5)
    bar = axes[2].inset_axes((1.03, 0, 0.05, 1))  # as high as the picture
    top.colorbar(shown, cax=bar, label="luma, grey levels")
    for axis in axes:
        axis.set_axis_off()
    left, right = bottom.subplots(1, 2)
    _against_lost_light(left, next(iter(spreads.values())))
    _correlations(right, spreads)
    return figure


def probe_scatter(probe: Probe) -> Figure:
    """Exposure that a linear probe reads from a latent, against the true one; a dot a photograph.

    Unit: stops, log2 of the exposure relative to the clear photograph.
    """
    figure, axis = plt.subplots(figsize=(WIDTH * 0.62, 4.6), layout="constrained")
    both = np.concatenate([probe.true, probe.guessed])
    ends = [both.min() - 0.4, both.max() + 0.4]
    axis.plot(ends, ends, color=GREY, linewidth=1.2, label="guessed = true")
    for chosen, kind, marker in ((probe.true < 0, "low", "v"), (probe.true == 0, "clear", "^")):
        axis.plot(
            probe.true[chosen], probe.guessed[chosen], marker, color=ROLES[kind], alpha=0.6,
            label=kind, markeredgewidth=0,
        )  # fmt: skip
    r2 = probe.r2
    scenes = len(np.unique(probe.scene))
    axis.set_title(
        f"$R^2$ = {r2.mean:.2f} [{r2.low:.2f}, {r2.high:.2f}], {scenes} held-out scenes",
        fontsize=11.5,
    )
    axis.set(
        xlabel="true exposure (stops, 0 = clear)", ylabel="guessed from the latent (stops)",
        xlim=ends, ylim=ends, aspect="equal",
    )  # fmt: skip
    axis.legend()
    return figure


def _against_lost_light(axis: Axes, spread: RegionSpread) -> None:
    """A dot a region, and the median of equally many regions each."""
    lost, levels = spread.lost.ravel() * 255, spread.deviation.ravel() * 255
    axis.plot(lost, levels, ".", color=GREY, alpha=0.35, markersize=4, label="region")
    edges = np.unique(np.quantile(lost, np.linspace(0, 1, BINS + 1)))
    if len(edges) > 2:
        medians = binned_statistic(lost, levels, "median", edges).statistic
        centres = binned_statistic(lost, lost, "median", edges).statistic
        axis.plot(centres, medians, "o-", color=BLACK, label="median")
    axis.set(xlabel="light lost: clear - low (grey levels)", ylabel="deviation (grey levels)")
    axis.set_ylim(0, np.percentile(levels, 99.5) * 1.1 + 1e-9)
    axis.set_title(f"this photograph: rank correlation {spread.spearman:+.2f}", fontsize=11)
    axis.legend(fontsize=9, loc="upper left")


def _correlations(axis: Axes, spreads: Mapping[str, RegionSpread]) -> None:
    """A dot a scene; a bar with the interval over scenes where there are two or more."""
    rows = (("deviation", False), ("deviation / luma", True))
    for y, (_, relative) in enumerate(rows):
        values = [s.spearman_relative if relative else s.spearman for s in spreads.values()]
        offsets = np.linspace(-0.14, 0.14, len(values)) if len(values) > 1 else np.zeros(1)
        axis.plot(values, y + offsets, "o", color=ROLES["enhanced"], alpha=0.6)
        if np.isfinite(values).sum() > 1:
            mean, low, high = spread_where_lost(spreads, relative)
            axis.plot([low, high], [y + 0.3] * 2, color=BLACK)
            axis.plot(mean, y + 0.3, "o", color=BLACK)
            axis.annotate(
                f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]", (mean, y + 0.3), (0, -6),
                textcoords="offset points", va="top", fontsize=10,
                ha="left" if mean < -0.5 else "center",
            )  # fmt: skip
    axis.axvline(0, color=GREY, linewidth=1)
    axis.set_yticks(range(len(rows)), [name for name, _ in rows])
    axis.set(ylim=(len(rows) - 0.3, -0.5), xlim=(-1.02, 1.02))
    axis.set_xlabel("rank correlation with the light lost")
    axis.set_title("a dot a scene, mean and bounds", fontsize=11)
    axis.grid(visible=False, axis="y")
