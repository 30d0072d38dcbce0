"""Smaller PNGs in a notebook, as long as nobody can see the difference."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import nbformat
import numpy as np
from nbformat import NotebookNode
from PIL import Image

MAX_BYTES = 1_500_000  # a notebook with its outputs
FIDELITY = (46.0, 42.0, 38.0, 34.0)  # dB against the original; the lower ones only if it must be


def shrink_pictures(page: NotebookNode, limit: int = MAX_BYTES) -> int:
    """Re-compresses every PNG output in place; gives the notebook's size in bytes.

    256 colours where they stand for the picture (a plot has fewer), else the same pixels packed
    better. Only a notebook over the limit gets coarser ones, never under 34 dB.
    """
    size = _size(page)
    originals = [(data, base64.b64decode(data["image/png"])) for data in _pictures(page)]
    for fidelity in FIDELITY:
        for data, original in originals:
            smaller = shrink_png(original, fidelity)
            data["image/png"] = base64.b64encode(smaller).decode() + "\n"
        size = _size(page)
        if size <= limit:
            break
    return size


def shrink_png(png: bytes, fidelity: float = FIDELITY[0]) -> bytes:
    """The same picture, without transparency, in fewer bytes where that can be had.

    fidelity: PSNR in dB that a version with 256 colours must reach against the original.
    """
    picture = Image.open(io.BytesIO(png))
    picture.load()
    flat = _flat(picture)
    candidates = [_saved(flat)]
    if picture.mode in ("RGB", "L", "P") and "transparency" not in picture.info:
        candidates.append(png)
    indexed = flat.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=1)
    if _psnr(flat, indexed.convert("RGB")) >= fidelity:
        candidates.append(_saved(indexed))
    return min(candidates, key=len)


def _flat(picture: Image.Image) -> Image.Image:
    """Without transparency: plots would be unreadable on a dark page."""
    layered = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, layered).convert("RGB")


def _saved(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _psnr(first: Image.Image, second: Image.Image) -> float:
    error = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    return float(10 * np.log10(255**2 / max(float(np.mean(error**2)), 1e-9)))


def _pictures(page: NotebookNode) -> Iterator[NotebookNode]:
    for cell in page.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield output.data


def _size(page: NotebookNode) -> int:
    return len(nbformat.writes(page).encode())
