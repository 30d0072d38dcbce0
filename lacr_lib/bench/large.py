"""Photographs of 1 to 24 megapixels: memory, time against size, and whole against tiled.

    python -m lacr_lib.bench.large MEGAPIXELS

runs for each size in a process of its own, so that one's memory is not the other's.
"""

from __future__ import annotations

import json
import math
import sys
import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from lacr_lib.bench.row import Row
from lacr_lib.bench.timing import in_child
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.load import load_model
from lacr_lib.inference.tiles import MEGAPIXEL, global_statistics, reduced

SIZES = (1.5, 3.0, 6.0, 12.0, 24.0)  # megapixels
ONE_PASS = 3.0  # megapixels of the photograph that is also run in one pass: that takes 1.5 GB
RSS_LIMIT, EXPONENT_LIMIT, AGREEMENT = 3.0, 1.1, 0.999


def measure() -> list[Row]:
    """Each size in a process of its own, on one thread."""
    runs = {size: in_child("lacr_lib.bench.large", str(size)) for size in SIZES}
    largest = runs[SIZES[-1]]
    peak = largest["peak_gb"]
    seconds = {str(size): run["seconds"] for size, run in runs.items()}
    slope = exponent(list(runs), list(seconds.values()))
    agree = min(largest["agree_tiled"], runs[ONE_PASS]["agree_one_pass"])
    megapixels = f"{SIZES[-1]:.0f}-megapixel photograph, CPU"
    return [
        Row("memory", f"{megapixels}: peak memory of the process, GB", f"< {RSS_LIMIT}", peak,
            peak < RSS_LIMIT, details={"before_gb": largest["before_gb"]}),
        Row("growth", f"exponent of time over {SIZES[0]} to {SIZES[-1]:.0f} megapixels",
            f"<= {EXPONENT_LIMIT}", slope, slope <= EXPONENT_LIMIT, details={"seconds": seconds}),
        Row("tiles", "share of pixels within 1/255: in tiles against whole, the smaller of two",
            f">= {AGREEMENT}", agree, agree >= AGREEMENT, smaller=False,
            details={"24_mp_in_tiles_against_stages": largest["agree_tiled"],
                     "3_mp_in_stages_against_one_pass": runs[ONE_PASS]["agree_one_pass"]}),
    ]  # fmt: skip


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Slope of log time over log size, by least squares; 1 is linear."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def one_size(megapixels: float) -> dict[str, float]:
    """Run in a child: seconds and peak memory of `enhance`, then the agreement of other ways."""
    torch.set_num_threads(1)
    model, photo = load_model("lacr-vae"), dark_photo(megapixels)
    before, start = peak_gb(), time.process_time()
    whole = enhance(model, photo)
    told = {
        "before_gb": before, "seconds": time.process_time() - start, "peak_gb": peak_gb(),
    }  # fmt: skip
    if megapixels == SIZES[-1]:
        told["agree_tiled"] = agreement(whole, enhance(model, photo, memory=1.0))
    if megapixels == ONE_PASS:
        with torch.inference_mode():
            x = torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1)[None]
            with global_statistics(model, "record"):
                model(reduced(x, MEGAPIXEL), sample=False)
            with global_statistics(model, "replay"):
                direct = model(x, sample=False).enhanced[0].clamp(0, 1)
            told["agree_one_pass"] = agreement(
                whole, (direct.permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)
            )
    return told


def agreement(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Share of pixels whose three values differ by at most one level."""
    apart = np.maximum(a, b) - np.minimum(a, b)
    return float((apart.max(axis=2) <= 1).mean())


def dark_photo(megapixels: float, seed: int = 0) -> NDArray[np.uint8]:
    """A dark scene of soft shapes with noise, 3:2, uint8 (H, W, 3)."""
    height = round(math.sqrt(megapixels * 1e6 * 2 / 3))
    width = round(megapixels * 1e6 / height)
    rng = np.random.default_rng(seed)
    cells = torch.from_numpy(rng.random((1, 3, 24, 36), dtype=np.float32) * 60)
    photo = np.empty((height, width, 3), np.uint8)
    for channel in range(3):  # one at a time: the peak measured is that of `enhance`
        soft = F.interpolate(cells[:, channel : channel + 1], (height, width), mode="bilinear")
        noise = rng.integers(0, 12, (height, width), dtype=np.uint8)
        photo[..., channel] = soft[0, 0].numpy().astype(np.uint8) + noise
    return photo


def peak_gb() -> float:
    """Most memory that this process has held so far, GB; NaN on Windows, which does not tell."""
    try:
        import resource
    except ImportError:
        return math.nan
    unit = 1 if sys.platform == "darwin" else 1024  # what it counts in
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    print(json.dumps(one_size(float(sys.argv[1]))))
