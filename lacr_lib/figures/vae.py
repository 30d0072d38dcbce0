"""Figures of notebook 02: what a VAE learns, what its code costs, does the decoder read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.figures.images import as_array
from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH

Floats = NDArray[np.floating]
BLUE, VERMILLION, GREEN = OKABE_ITO["blue"], OKABE_ITO["vermillion"], OKABE_ITO["green"]
MODEL_COLOURS = {"free skips": VERMILLION, "ours": BLUE}  # a model keeps its colour; others: green
REGION = 8  # pixels a side; one latent vector stands for each region


def mosaic(images: Any, columns: int, gap: int = 1) -> Floats:
    """Small grey images as one picture, row by row: (N, h, w) -> (H, W), gaps white.

    Errors: N is no multiple of `columns`.
    """
    tiles = np.asarray(images, dtype=np.float32)
    if len(tiles) % columns:
        raise LacrError(f"{len(tiles)} images do not fill rows of {columns}: choose a divisor")
    framed = np.pad(tiles, ((0, 0), (0, gap), (0, gap)), constant_values=1.0)
    _, height, width = framed.shape
    table = framed.reshape(-1, columns, height, width).transpose(0, 2, 1, 3)
    picture = table.reshape(-1, columns * width)
    return picture[: picture.shape[0] - gap, : picture.shape[1] - gap]


def gradient_estimates(estimates: Mapping[str, Floats], truth: float) -> Figure:
    """Histograms of a gradient, estimated many times by each method, above one common axis.

    estimates: method -> (N,). truth: the exact gradient.
    """
    figure, axes = plt.subplots(len(estimates), 1, figsize=(WIDTH, 4.6), sharex=True)
    everything = np.concatenate(list(estimates.values()))
    span = np.quantile(np.abs(everything - truth), 0.98)  # a few wild ones would squeeze the rest
    bins = np.linspace(truth - span, truth + span, 81)
    colors = (GREEN, BLUE, VERMILLION)
    for axis, (name, values), color in zip(axes, estimates.items(), colors, strict=False):
        axis.hist(values, bins=bins, density=True, color=color)
        axis.axvline(truth, color="black", linewidth=1.5)
        axis.set_title(
            f"{name}: mean {values.mean():.2f}, deviation {values.std():.2f}", loc="left"
        )
        axis.set(yticks=[], ylabel="density")
    axes[-1].set_xlabel(f"estimate of the gradient from one batch (black: the truth, {truth:.0f})")
    return figure


def kl_cost() -> Figure:
    """What one latent entry costs: KL against its mean, and against its deviation."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.0), sharey=True)
    mean = np.linspace(-3, 3, 200)
    left.plot(mean, 0.5 * mean**2, color=BLUE)
    left.set(xlabel="posterior mean (sigma = 1)", ylabel="KL (nats an entry)", ylim=(0, 4.5))
    sigma = np.geomspace(0.02, 4, 200)
    right.semilogx(sigma, 0.5 * (sigma**2 - 1) - np.log(sigma), color=BLUE)
    right.set(xlabel="posterior deviation sigma (mean = 0)")
    right.set_xticks([0.02, 0.1, 0.5, 1, 4], ["0.02", "0.1", "0.5", "1", "4"])
    for axis, nothing in ((left, 0), (right, 1)):
        axis.plot(nothing, 0, "o", color=VERMILLION, clip_on=False, zorder=3)
        axis.annotate("says nothing,\ncosts nothing", (nothing, 0), (0, 100), ha="center",
                      textcoords="offset points", color=VERMILLION, fontsize=10,
                      arrowprops={"arrowstyle": "->", "color": VERMILLION})  # fmt: skip
    return figure


def toy_latent(places: Floats, codes: Floats, decoded: Floats, extent: float) -> Figure:
    """A two-dimensional latent: where the toys lie in it, and what lies where.

    places, codes: (N, 2), column and row of each lamp in pixels, its posterior mean. decoded: the
    mosaic of codes on a square grid over -extent .. extent.
    """
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.4), width_ratios=(1, 1, 1.3))
    for axis, coordinate, name in zip(axes, places.T, ("column", "row"), strict=False):
        dots = axis.scatter(*codes.T, c=coordinate, s=5, cmap="cividis")
        axis.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        axis.set_title(f"codes by the lamp's {name}")
        figure.colorbar(dots, ax=axis, orientation="horizontal", label=f"{name} (pixels)")
        axis.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4))
    side = (-extent, extent, -extent, extent)
    axes[2].imshow(decoded, cmap="gray", vmin=0, vmax=1, extent=side)
    axes[2].set(xlabel="$z_1$", ylabel="$z_2$", title="the decoder, code by code")
    axes[2].grid(False)
    return figure


def rate_distortion(
    multiples: Sequence[float], rate: Sequence[float], distortion: Sequence[float],
    active: Sequence[int], channels: int, slope: float,
) -> Figure:  # fmt: skip
    """Distortion against rate, a point a beta, and the active units of each.

    multiples: beta in units of the ELBO's. rate: bits a pixel. distortion: mean |error|. slope:
    what the ELBO pays for a bit a pixel, in distortion: its level lines fall by that much.
    """
    figure, (plane, units) = plt.subplots(1, 2, figsize=(WIDTH, 3.6), width_ratios=(1.6, 1))
    names = [name_of(multiple) for multiple in multiples]
    plane.plot(rate, distortion, "o-", color=BLUE)
    for name, x, y in zip(names, rate, distortion, strict=True):
        plane.annotate(name, (x, y), (7, 5), textcoords="offset points")
    at = list(multiples).index(1)
    line = np.array([0.0, max(rate) * 1.15])
    plane.plot(line, distortion[at] - slope * (line - rate[at]), "--", color=GREY,
               label="equal ELBO through beta = 1")  # fmt: skip
    low, high = min(distortion), max(distortion)
    plane.set(xlabel="rate (bits a pixel)", ylabel="distortion (mean |error|, white = 1)")
    plane.set(xlim=(0, line[1]), ylim=(1.25 * low - 0.25 * high, 1.2 * high - 0.2 * low))
    plane.legend(loc="upper right")
    bars = units.bar(range(len(names)), active, color=BLUE)
    units.bar_label(bars)
    units.set_xticks(range(len(names)), names)
    units.set(
        xlabel="beta / ELBO's beta", ylabel=f"active units of {channels}", ylim=(0, channels * 1.12)
    )
    return figure


def kl_history(histories: Mapping[str, Sequence[Mapping[str, float]]], window: int = 9) -> Figure:
    """KL of each run during training, nats a latent entry, smoothed over `window` steps."""
    figure, axis = plt.subplots(figsize=(WIDTH, 2.8))
    for name, history in histories.items():
        kl = np.array([record["kl"] for record in history])
        size = min(window, len(kl))
        smooth = np.convolve(kl, np.ones(size) / size, mode="valid")
        axis.plot(np.arange(len(smooth)) + (size + 1) / 2, smooth, label=name,
                  color=MODEL_COLOURS.get(name, GREEN))  # fmt: skip
    axis.set(xlabel="training step", ylabel="KL (nats a latent entry)")
    axis.set_ylim(bottom=0)
    axis.legend()
    return figure


def swap_costs(drops: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """Quality lost when another code is decoded: model -> code -> (mean, low, high) in dB."""
    figure, axis = plt.subplots(figsize=(WIDTH, 3.2))
    width = 0.8 / len(drops)
    for index, (name, of_model) in enumerate(drops.items()):
        mean, low, high = np.array(list(of_model.values())).T
        x = np.arange(len(mean)) + (index - (len(drops) - 1) / 2) * width
        color = MODEL_COLOURS.get(name, GREEN)
        axis.bar(x, mean, width * 0.92, color=color, label=name)
        for place, value in zip(x, mean, strict=True):
            said = f"{round(value, 1) + 0.0:.1f}"  # + 0.0: never "-0.0"
            axis.annotate(said, (place, max(value, 0)), (-4, 3), ha="right",
                          textcoords="offset points")  # fmt: skip
        axis.errorbar(x, mean, yerr=[mean - low, high - mean], fmt="none", color="black", capsize=3)
    axis.axhline(0, color="black", linewidth=0.8)
    codes = list(next(iter(drops.values())))
    axis.set_xticks(range(len(codes)), codes)
    axis.set(xlabel="code that is decoded in place of the frame's own", ylabel="PSNR lost (dB)")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def region_change(before: Any, after: Any, row: int, column: int, view: int = 40) -> Figure:
    """Two images that differ in the code of one region, and the difference around it, enlarged.

    Images as `as_array` takes them. row, column: the region, counted in regions. view: half the
    width of the enlarged part, in pixels, cut off at the image's border.
    """
    first, second = as_array(before), as_array(after)
    change = np.abs(second - first).mean(axis=2)
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.9), width_ratios=(1.5, 1.5, 1.2))
    panels = (("as encoded", first, None), ("one code exchanged", second, None))
    for axis, (title, image, _) in zip(axes, panels, strict=False):
        axis.imshow(image)
        axis.set_title(title)
        axis.set_axis_off()
    drawn = axes[2].imshow(change, cmap="magma", vmin=0)
    centre_y, centre_x = (row + 0.5) * REGION, (column + 0.5) * REGION
    height, width = change.shape
    axes[2].set(
        xlim=(max(0, centre_x - view), min(width, centre_x + view)),
        ylim=(min(height, centre_y + view), max(0, centre_y - view)),
        title="change, enlarged", xlabel="column (pixels)", ylabel="row (pixels)",
    )  # fmt: skip
    axes[2].grid(False)
    figure.colorbar(drawn, ax=axes[2], label="|change|, white = 1")
    for axis in axes:
        _mark(axis, row, column)
    return figure


def reach(distance: Floats, change: Floats, inside: Floats) -> Figure:
    """Change against distance from the region that was changed, and the share of it inside.

    distance (N,) pixels from the region's centre; change (N,) mean |change| there, its maximum
    as 1; inside (N,) share of the whole change within that distance, 0 to 1.
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 2.9))
    axis.axvspan(0, REGION / 2, color="#E6E6E6", label="the region itself")
    axis.plot(distance, change, color=BLUE, label="change at this distance (largest = 1)")
    axis.plot(distance, inside, "--", color=VERMILLION, label="share of all change within it")
    axis.set(xlabel="distance from the region's centre (pixels)", ylabel="share (0 to 1)")
    axis.set(xlim=(0, float(distance.max())), ylim=(0, 1.05))
    axis.legend(loc="center right")
    return figure


def light_curves(values: Floats, curves: Mapping[str, Mapping[float, Floats]]) -> Figure:
    """Output against input, a panel for each way of acting, a curve for each gain.

    values (N,) of the input in [0, 1]; curves: way -> gain in nats -> outputs (N,). What lies above
    white is drawn, and shaded.
    """
    figure, axes = plt.subplots(1, len(curves), figsize=(WIDTH, 3.2), sharey=True, squeeze=False)
    for axis, (way, of_gain) in zip(axes[0], curves.items(), strict=True):
        axis.axhspan(1, 1.6, color="#E6E6E6")
        for number, (gain, outputs) in enumerate(of_gain.items()):
            shade = plt.get_cmap("viridis")(number / max(1, len(of_gain) - 1) * 0.85)
            axis.plot(values, outputs, color=shade, label=f"g = {gain:g}")
        axis.set(
            title=way, xlabel="value of the dark photograph (0 to 1)", ylim=(0, 1.6), xlim=(0, 1)
        )
        axis.text(0.98, 1.53, "beyond white: lost", ha="right", va="top", color="#666666", size=9.5)
    axes[0, 0].set_ylabel("value after the gain (white = 1)")
    axes[0, -1].legend(loc="lower right")
    return figure


def name_of(multiple: float) -> str:
    """1/16, 1, 16: a multiple as a reader writes it."""
    return f"1/{1 / multiple:.0f}" if multiple < 1 else f"{multiple:g}"


def _mark(axis: Axes, row: int, column: int) -> None:
    corner = (column * REGION - 0.5, row * REGION - 0.5)
    axis.add_patch(Rectangle(corner, REGION, REGION, fill=False, edgecolor="white", linewidth=2.4))
    axis.add_patch(Rectangle(corner, REGION, REGION, fill=False, edgecolor=GREEN, linewidth=1.2))
