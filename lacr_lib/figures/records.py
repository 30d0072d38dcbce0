"""Pictures of recorded results: the spread behind a mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lacr_lib.figures.style import GREY, OKABE_ITO, WIDTH

UNITS = {"psnr": "PSNR (dB)", "ssim": "SSIM (0 to 1)", "ciede2000": "CIEDE2000 (Delta E)"}


def score_spread(records: Mapping[str, Mapping[str, Any]], metric: str = "psnr") -> Figure:
    """One row a method, one dot a photograph; black: median, and from first to third quartile.

    records: by method, as `lacr_lib.results.records.read_records` gives them; drawn in that order,
    released weights in colour.
    """
    rows = [
        {"method": name, metric: image[metric]}
        for name, record in records.items()
        for image in record["per_image"]
    ]
    table = pd.DataFrame(rows)
    colours = {
        name: OKABE_ITO["vermillion"] if name.startswith("lacr-vae") else GREY for name in records
    }
    figure, axis = plt.subplots(figsize=(WIDTH, 0.5 * len(records) + 1))
    shared = {"data": table, "x": metric, "y": "method", "hue": "method", "palette": colours}
    sns.stripplot(**shared, size=3, alpha=0.45, jitter=0.25, legend=False, ax=axis)
    quartiles = {"estimator": "median", "errorbar": ("pi", 50), "linestyle": "none", "marker": "|"}
    sns.pointplot(table, x=metric, y="method", color="black", **quartiles, markersize=16, ax=axis)
    axis.set(xlabel=UNITS.get(metric, metric), ylabel="method")
    return figure


def shift_cost(shifts: ArrayLike, plain: ArrayLike, registered: ArrayLike) -> Figure:
    """How far references lie off, and what moving them changes: histogram, and a dot a photograph.

    shifts: pixels, (N,). plain, registered: SSIM against the reference as it is, and moved, (N,).
    """
    far, gain = np.asarray(shifts), np.asarray(registered) - np.asarray(plain)
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.2), layout="constrained")
    edges = np.arange(12) / 10
    left.hist(far.clip(max=1.05), edges, color=GREY, edgecolor="white")
    left.set(xlabel="reference moved by (pixels; last bar: more)", ylabel="photographs")
    off = far > 0
    right.axhline(0, color=GREY, linewidth=1)
    right.plot(far[off], gain[off], "o", color=OKABE_ITO["vermillion"], alpha=0.6, markersize=5)
    right.set(xlabel="reference moved by (pixels)", ylabel="change of SSIM (0 to 1)", xscale="log")
    right.set_yscale("symlog", linthresh=0.02)  # one photograph changes ten times as much as most
    bottom, top = min(-0.02, 1.4 * gain.min()), max(0.05, 1.4 * gain.max())
    marks = [mark for mark in (-0.1, -0.02, 0, 0.02, 0.05, 0.1, 0.3) if bottom <= mark <= top]
    right.set_yticks(marks, [f"{mark:g}" for mark in marks])
    right.set_ylim(bottom, top)
    ticks = [tick for tick in (0.2, 0.5, 1, 2, 4) if off.any() and tick <= 1.2 * far.max()]
    right.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    right.minorticks_off()
    return figure
