"""What the fast setting costs in quality, on photographs that have a reference."""

from __future__ import annotations

import numpy as np

from lacr_lib.bench.row import Row
from lacr_lib.data.layouts import PhotoSet
from lacr_lib.evaluation.metrics import psnr, ssim
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.load import load_model

LIMIT = 0.3  # dB


def measure(photoset: PhotoSet) -> list[Row]:
    """Mean PSNR of the whole model less that of `fast`, over all pairs of a set."""
    model, scores = load_model("lacr-vae"), []
    for pair in photoset.pairs():
        low, clear = pair.low.read(), pair.clear.read()
        images = [enhance(model, low, fast=fast) for fast in (False, True)]
        scores.append([(psnr(image, clear), ssim(image, clear)) for image in images])
    (whole, whole_ssim), (quick, quick_ssim) = np.mean(scores, axis=0).tolist()
    lost = whole - quick
    details = {
        "set": photoset.name, "pairs": len(scores), "psnr": whole, "psnr_fast": quick,
        "ssim": whole_ssim, "ssim_fast": quick_ssim,
    }  # fmt: skip
    what = f"PSNR that `fast` loses, dB, over {len(scores)} pairs of {photoset.name}"
    return [Row("fast-loss", what, f"<= {LIMIT}", lost, lost <= LIMIT, details=details)]
