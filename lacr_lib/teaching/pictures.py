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
FIDELITY = 46.0  # dB against the original that a version with 256 colours must reach
FAR_OFF = 40  # file values: a pixel so far off has another colour, as a dot of a legend would
FEW = 5  # pixels that may be
QUALITY = (95, 92, 88)  # of JPEG; the lower ones only where the notebook would be too large


def shrink_pictures(page: NotebookNode, limit: int = MAX_BYTES) -> int:
    """Re-compresses every PNG output in place; gives the notebook's size in bytes.

    A plot has few colours and stays a PNG; what 256 colours cannot stand for, a photograph, becomes
    a JPEG: with 256 colours skies turn into stairs, which were taken for the method's.
    """
    size = _size(page)
    originals = [(data, base64.b64decode(data["image/png"])) for data in _pictures(page)]
    for quality in QUALITY:
        for data, original in originals:
            data.pop("image/png", None)
            data.update(_encoded(original, quality))
        size = _size(page)
        if size <= limit:
            break
    return size


def _encoded(png: bytes, quality: int) -> dict[str, str]:
    """A picture by its type, the smaller of what shows it faithfully."""
    candidates = {"image/png": shrink_png(png)}
    picture = Image.open(io.BytesIO(candidates["image/png"]))
    if picture.mode != "P":
        buffer = io.BytesIO()
        picture.convert("RGB").save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
        candidates["image/jpeg"] = buffer.getvalue()
    kind = min(candidates, key=lambda mime: len(candidates[mime]))
    return {kind: base64.b64encode(candidates[kind]).decode() + "\n"}


def shrink_png(png: bytes, fidelity: float = FIDELITY) -> bytes:
    """The same picture, without transparency, in fewer bytes where that can be had.

    fidelity: PSNR in dB that a version with 256 colours must reach against the original; beside
    that at most 5 of its pixels may be off by more than 40 file values.
    """
    picture = Image.open(io.BytesIO(png))
    picture.load()
    flat = _flat(picture)
    candidates = [_saved(flat)]
    if picture.mode in ("RGB", "L", "P") and "transparency" not in picture.info:
        candidates.append(png)
    indexed = flat.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=1)
    if _stands_for(flat, indexed.convert("RGB"), fidelity):
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


def _stands_for(first: Image.Image, second: Image.Image, fidelity: float) -> bool:
    """Whether nobody would see that the second is not the first."""
    error = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    psnr = 10 * np.log10(255**2 / max(float(np.mean(error**2)), 1e-9))
    far_off = int((np.abs(error).max(axis=2) > FAR_OFF).sum())
    return bool(psnr >= fidelity and far_off <= FEW)


def _pictures(page: NotebookNode) -> Iterator[NotebookNode]:
    for cell in page.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield output.data


def _size(page: NotebookNode) -> int:
    return len(nbformat.writes(page).encode())
