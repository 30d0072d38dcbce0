"""A UMAP of 100,000 region latents over umap-learn with its defaults.

    python -m lacr_lib.bench.maps FILE.npy WAY

runs for each way, ours and the defaults, in a process of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacr_lib.bench.row import Row
from lacr_lib.bench.timing import in_child
from lacr_lib.data.layouts import PhotoSet
from lacr_lib.latent.map_quality import map_quality
from lacr_lib.latent.map_settings import MapSettings
from lacr_lib.latent.umap_fit import MANY, fit_umap, hush_umap

POINTS = 100_000
LIMIT, TRUST_LOST = 0.7, 0.01
WAYS = ("ours", "defaults")


def measure(photoset: PhotoSet, count: int = POINTS) -> list[Row]:
    """Processor seconds of both, each in a process of its own, on one thread and with one seed."""
    points = region_latents(photoset, count)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points.npy"
        np.save(file, points)
        ours, defaults = (in_child("lacr_lib.bench.maps", str(file), way) for way in WAYS)
    value = ours["seconds"] / defaults["seconds"]
    lost = defaults["trustworthiness"] - ours["trustworthiness"]
    details = {"points": len(points), "ours": ours, "defaults": defaults, "trust_lost": lost}
    whose = f"{len(points):,} region latents of {photoset.name}"
    what = f"UMAP of {whose}, CPU, 1 thread, over umap-learn's defaults"
    target = f"<= {LIMIT}, trustworthiness not lower by more than {TRUST_LOST}"
    met = value <= LIMIT and lost <= TRUST_LOST
    return [Row("umap", what, target, value, met, details=details)]


def region_latents(photoset: PhotoSet, count: int) -> NDArray[np.float32]:
    """Posterior means of regions of dark and of clear photographs, drawn evenly, (N, Z)."""
    from lacr_lib.inference.load import load_model
    from lacr_lib.latent.encode import encode_photoset
    from lacr_lib.latent.large_map import FITTED_KINDS, stratified_rows

    model = load_model("lacr-vae")
    photos = sum(len(scene.low) + 1 for scene in photoset.scenes)
    latents = encode_photoset(model, photoset, -(-2 * count // photos), enhanced=False)
    return np.asarray(latents.mu[stratified_rows(latents, count, 0, FITTED_KINDS)], np.float32)


def one_way(points: NDArray[np.float32], way: str, seed: int = 0) -> dict[str, float]:
    """Run in a child: seconds of the fit, compiled beforehand, and how far the map is trusted."""
    fit = {"ours": fit_ours, "defaults": fit_defaults}[way]
    fit(points[: MANY + 1], seed)  # numba compiles
    start = time.process_time()
    flat = fit(points, seed)
    seconds = time.process_time() - start
    return {"seconds": seconds, "trustworthiness": map_quality(points, flat)[0]}


def fit_ours(points: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """The course's settings."""
    return fit_umap(points, MapSettings(), seed).flat


def fit_defaults(points: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """The settings of umap-learn."""
    with warnings.catch_warnings():
        hush_umap()
        from umap import UMAP

        return np.asarray(UMAP(random_state=seed).fit_transform(points))


if __name__ == "__main__":
    print(json.dumps(one_way(np.load(sys.argv[1]), sys.argv[2])))
