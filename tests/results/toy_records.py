"""Records of a toy ablation."""

from __future__ import annotations

import numpy as np

SCENES = [f"s{index // 3}" for index in range(24)]  # 8 scenes of three pairs


def record(name: str, seed: int, psnr: np.ndarray, to_clear: float = 1.0) -> dict:
    n = len(SCENES)
    pairs = {
        "name": [f"p{index}" for index in range(n)],
        "scene": SCENES,
        "psnr": psnr.tolist(),
        "ssim": [0.8] * n,
        "psnr_swapped": (psnr - 2.0).tolist(),
        "psnr_zero": (psnr - 1.0).tolist(),
        "to_clear": [to_clear] * n,
        "to_low": [4.0] * n,
        "texture": [0.9] * n,
        "texture_clear": [1.0] * n,
    }
    return {"names": [name], "seed": seed, "parameters": 1000, "per_pair": pairs}


def by_name(*records: dict) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for each in records:
        found.setdefault(each["names"][0], []).append(each)
    return found
