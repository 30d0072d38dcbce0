"""Pictures of recorded results: the spread behind a mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

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
