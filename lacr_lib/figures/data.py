"""Figures of notebook 01: what low light does to a photograph."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from lacr_lib.data.camera import CameraSettings, Ladder, linear_to_srgb, srgb_to_linear
from lacr_lib.data.images import Array, as_float
from lacr_lib.data.photoset import PhotoSet
from lacr_lib.figures.images import Box, crop, show_grid
from lacr_lib.figures.style import GREY, MARKERS, OKABE_ITO, ROLES, WIDTH, as_written

BLACK, BLUE, GREEN = OKABE_ITO["black"], OKABE_ITO["blue"], OKABE_ITO["green"]
ORANGE, SKY, VERMILLION = OKABE_ITO["orange"], OKABE_ITO["sky"], OKABE_ITO["vermillion"]


def tone_curve() -> Figure:
    """The sRGB curve with its stops marked, and how many of 256 codes each stop gets."""
    figure, (curve, bars) = plt.subplots(1, 2, figsize=(WIDTH, 3.2), layout="constrained")
    light = np.linspace(0, 1, 500)
    curve.plot(light, 255 * linear_to_srgb(light), color=BLUE, label="sRGB file")
    curve.plot(light, 255 * light, "--", color=GREY, label="file = light")
    for stop in range(5):
        x, y = 2.0**-stop, 255 * float(linear_to_srgb(np.float32(2.0**-stop)))
        curve.plot([x, x, 0], [0, y, y], ":", color=GREY, linewidth=0.8)
        curve.plot(x, y, "o", color=VERMILLION, markersize=5)
        curve.annotate(f"{y:.0f}", (x, y), (-4, 5), textcoords="offset points", ha="right")
    curve.set(xlabel="light (1 = white)", ylabel="file value (0 to 255)", ylim=(0, 275))
    curve.legend(loc="lower right", frameon=False)
    stops = np.arange(1, 9)
    for shift, coded, color, label in (
        (-0.2, srgb_to_linear(np.arange(256) / 255), BLUE, "sRGB file"),
        (0.2, np.arange(256) / 255, GREY, "file = light"),
    ):
        codes = [((coded > 2.0**-s) & (coded <= 2.0 ** (1 - s))).sum() for s in stops]
        drawn = bars.bar(stops + shift, codes, 0.4, color=color, label=label)
        bars.bar_label(drawn, fontsize=8)
    bars.set(xlabel="stop below white (1: from 1 down to 1/2)", ylabel="file values in the stop")
    bars.set_xticks(stops)
    bars.legend(frameon=False)
    return figure


def photon_patches(patches: Mapping[int, Array]) -> Figure:
    """Evenly lit patches, drawn photon by photon, above their histograms and Poisson's law.

    patches: expected photo-electrons a pixel -> counts (h, w).
    """
    figure, axes = plt.subplots(
        2, len(patches), figsize=(WIDTH, 3.9), squeeze=False, layout="constrained",
        height_ratios=(1, 1.1),
    )  # fmt: skip
    for column, (expected, counts) in enumerate(patches.items()):
        picture, histogram = axes[:, column]
        picture.imshow(
            counts[:48, :96], cmap="gray", vmin=0, vmax=2 * expected, interpolation="nearest"
        )
        picture.set_title(f"{expected} electrons expected")
        picture.set_axis_off()
        low, high = int(counts.min()), int(counts.max())
        bins = max(1, round(math.sqrt(expected) / 4))  # wider bars where counts spread wider
        edges = np.arange(low, high + bins + 1, bins) - 0.5
        histogram.hist(counts.ravel(), bins=edges, density=True, color=SKY, label="drawn")
        n = np.arange(low, high + 1)
        law = np.exp(n * math.log(expected) - expected - [math.lgamma(k + 1) for k in n])
        histogram.plot(n, law, ".-", color=BLACK, linewidth=1, markersize=3, label="Poisson's law")
        histogram.set(xlabel="electrons in a pixel", ylabel="share of pixels")
        histogram.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes[1, 0].set_ylim(top=1.6 * axes[1, 0].get_ylim()[1])  # room for the legend
    axes[1, 0].legend(frameon=False, loc="upper right")
    return figure


def signal_to_noise(
    settings: CameraSettings, light: Array, measured: Mapping[float, Array]
) -> Figure:
    """Signal-to-noise against scene brightness, measured (dots) and by theory (lines).

    light: (N,), fractions of white. measured: exposure -> signal-to-noise (N,).
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 4.4), layout="constrained")
    line = np.geomspace(light.min(), light.max(), 300)
    for (exposure, values), color, marker in zip(
        measured.items(), (BLUE, ORANGE, GREEN, VERMILLION), "osD^", strict=False
    ):
        electrons = line * exposure * settings.full_well
        theory = electrons / np.sqrt(electrons + settings.read_noise**2)
        axis.loglog(line, theory, color=color, linewidth=1.5)
        name = "exposure 1" if exposure == 1 else f"exposure 1/{1 / exposure:.0f}"
        axis.loglog(light, values, marker, color=color, markersize=5, label=name)
        crossing = settings.read_noise**2 / (exposure * settings.full_well)
        axis.loglog(crossing, settings.read_noise / math.sqrt(2), "x", color=BLACK, markersize=9)
    axis.axhline(1, color=GREY, linewidth=0.8)
    axis.annotate("noise as large as the signal", (light.max(), 1), (0, 4),
                  textcoords="offset points", ha="right", color=GREY)  # fmt: skip
    axis.plot([], [], "x", color=BLACK, label="photon noise = read noise")
    axis.plot([], [], color=BLACK, label="theory")
    axis.set(xlabel="scene brightness (1 = white)", ylabel="signal-to-noise ratio")
    axis.legend(frameon=False, loc="upper left")
    return figure


def noise_budget(settings: CameraSettings) -> Figure:
    """Standard deviation of photon noise, read noise and 8-bit rounding, all in electrons."""
    figure, axis = plt.subplots(figsize=(WIDTH, 3.8), layout="constrained")
    light = np.geomspace(1e-4, 1, 400)
    electrons = light * settings.full_well
    slope = np.gradient(linear_to_srgb(light).astype(np.float64), light)
    step = settings.full_well / 255 / slope  # one file value, in electrons
    axis.loglog(electrons, np.sqrt(electrons), color=BLUE, label="photons: sqrt(light)")
    axis.loglog(electrons, np.full(400, settings.read_noise), color=VERMILLION, label="read noise")
    axis.loglog(electrons, step / math.sqrt(12), color=GREEN, label="rounding to 8 bits, sRGB")
    linear_step = settings.full_well / 255 / math.sqrt(12)
    axis.loglog(electrons, np.full(400, linear_step), "--", color=GREY,
                label="rounding to 8 bits, file = light")  # fmt: skip
    axis.set(xlabel="light in a pixel (electrons)", ylabel="standard deviation (electrons)")
    axis.legend(frameon=False)
    return figure


def light_fields(fields: Sequence[Array]) -> Figure:
    """Illumination fields side by side, in stops below their brightest place."""
    figure, axes = plt.subplots(
        1, len(fields), figsize=(WIDTH, 1.6), squeeze=False, layout="constrained"
    )
    darkest = min(field.min() for field in fields)
    for axis, field in zip(axes[0], fields, strict=True):
        drawn = _stops(axis, field, darkest)
    bar = figure.colorbar(drawn, ax=axes[0], label="light (stops)", shrink=0.85)
    bar.locator = MaxNLocator(4)
    return figure


def illumination_maps(photo: Array, low: Array, field: Array, recovered: Array) -> Figure:
    """A photograph and its dark copy with their illumination maps, and the light between them.

    photo, low: uint8 (H, W, 3); field, recovered: (H, W), in (0, 1].
    """
    figure, axes = plt.subplots(2, 3, figsize=(WIDTH, 4.0), layout="constrained")
    panels = (("clear", photo), ("darker, in uneven light", low))
    for row, (title, image) in zip(axes, panels, strict=True):
        row[0].imshow(image)
        row[1].imshow(image.max(axis=2), cmap="gray", vmin=0, vmax=255)
        for axis, name in zip(row, (title, "its illumination map"), strict=False):
            axis.set_title(name)
            axis.set_axis_off()
    _stops(axes[0, 2], field, field.min()).axes.set_title("the light we put in")
    drawn = _stops(axes[1, 2], recovered, field.min())
    axes[1, 2].set_title("ratio of the two maps")
    figure.colorbar(drawn, ax=axes[:, 2], label="light (stops)", shrink=0.8)
    return figure


def ladder_rows(ladder: Ladder, brightened: Sequence[Array], box: Box) -> Figure:
    """An exposure ladder, and a detail of each frame multiplied back to full light.

    The detail is needed: a small picture averages pixels, which hides the very noise it shows.
    """
    names = [f"1/{1 / exposure:.0f}" for exposure in ladder.exposures]
    return show_grid(
        [[*ladder.low, ladder.clear], [crop(image, box) for image in (*brightened, ladder.clear)]],
        row_titles=["ladder", "detail"],
        column_titles=[*names, "clear"],
    )


def photograph_wall(photos: PhotoSet, step: int) -> Figure:
    """Every scene of a set: its clear frame above one low frame, cut to squares."""
    clear = [_square(scene.clear.read()) for scene in photos.scenes if scene.clear]
    low = [_square(scene.low[step].read()) for scene in photos.scenes if scene.clear]
    titles = [as_written(scene.name).replace("_", "\n") for scene in photos.scenes if scene.clear]
    figure = show_grid([clear, low], column_titles=titles)
    for axis, scene in zip(figure.axes, photos.scenes, strict=False):
        axis.title.set(fontsize=9, color=BLACK if scene.split == "train" else VERMILLION)
    return figure


def negative_plane(scenes: Mapping[str, Array], labels: Sequence[str]) -> Figure:
    """Photographs by light lost and by fine structure, both against their clear frame.

    scenes: scene -> (3, steps, 2): three groups of points, each stops lost and structure ratio.
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 4.4), layout="constrained")
    everything = np.stack(list(scenes.values()))  # (scenes, groups, steps, 2)
    looks = (
        (ROLES["low"], MARKERS["low"]),
        (ROLES["enhanced"], MARKERS["enhanced"]),
        (OKABE_ITO["purple"], "D"),
    )
    for index, (label, (color, marker)) in enumerate(zip(labels, looks, strict=True)):
        for points in everything[:, index]:
            axis.plot(*points.T, "-", color=color, linewidth=0.7, alpha=0.4)
        mean = everything[:, index].mean(axis=0)
        axis.plot(*mean.T, "-", marker=marker, color=color, linewidth=2, label=label)
    axis.plot(0, 1, MARKERS["clear"], color=ROLES["clear"], markersize=13, label="clear")
    axis.set_yscale("log", base=2)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set(
        xlabel="light lost against the clear frame (stops)",
        ylabel="fine structure against\nthe clear frame (ratio)",
    )
    axis.legend(frameon=False)
    return figure


def light_of_scenes(photos: PhotoSet, most: int = 20) -> Figure:
    """Mean light of every frame, scene by scene, in stops below white; at most `most` scenes."""
    figure, axis = plt.subplots(figsize=(WIDTH, 3.2), layout="constrained")
    scenes = photos.scenes[:most]
    drawn: dict[str, tuple[list[int], list[float]]] = {"low": ([], []), "clear": ([], [])}
    for x, scene in enumerate(scenes):
        frames = [("low", low) for low in scene.low]
        frames += [("clear", scene.clear)] if scene.clear else []
        for role, frame in frames:
            drawn[role][0].append(x)
            drawn[role][1].append(_mean_stops(frame.read()))
    for role, (columns, stops) in drawn.items():
        axis.plot(columns, stops, MARKERS[role], color=ROLES[role], linestyle="none", label=role)
    labels = [as_written(scene.name) for scene in scenes]
    axis.set_xticks(range(len(scenes)), labels, rotation=40, ha="right")
    axis.set(ylabel="mean light\n(stops, white = 0)")
    axis.legend(ncols=2, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def _stops(axis: Axes, field: Array, darkest: float) -> AxesImage:
    stops = np.log2(np.maximum(field, 2.0**-8))
    drawn = axis.imshow(stops, cmap="cividis", vmin=math.log2(darkest), vmax=0)
    axis.set_axis_off()
    return drawn


def _mean_stops(image: Array) -> float:
    return math.log2(max(float(srgb_to_linear(as_float(image)).mean()), 1e-5))


def _square(image: Array) -> Array:
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]
