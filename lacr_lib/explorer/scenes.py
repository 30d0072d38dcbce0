"""The photographs behind the points: small pictures, what is known of each, sheets to ship them."""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lacr_lib.evaluation.metrics import psnr
from lacr_lib.latent.encode import LUMA, Photograph

SIDE = 128  # pixels, the longer side of a small picture
PER_SIDE = 16  # pictures along a sheet, which is 2048 pixels wide at most

TITLES = {"low": "low-light", "enhanced": "enhanced", "twin": "by the twin", "clear": "clear"}

Picture = NDArray[np.uint8]


class Card(NamedTuple):
    """One photograph as the explorer shows it.

    size: height and width of the original; luma: its mean in [0, 1]; psnr: to the clear photograph,
    dB; code (Z,): its image-pooled latent; picture (h, w, 3): a small copy.
    """

    scene: str
    kind: str
    name: str
    exposure: float
    size: tuple[int, int]
    luma: float
    psnr: float | None
    code: NDArray[np.float32]
    picture: Picture


class Album:
    """Collects cards while a photo set is encoded: `encode_photoset(..., on_photo=album.add)`."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self._clear: tuple[str, Picture] = ("", np.zeros((0, 0, 3), np.uint8))

    def add(self, photo: Photograph) -> None:
        """Keeps a small copy; the clear photograph of a scene comes first and is the reference."""
        image = photo.image[0].permute(1, 2, 0).cpu().numpy()
        full = np.rint(image.clip(0, 1) * 255).astype(np.uint8)
        if photo.kind == "clear":
            self._clear = (photo.scene, full)
        known = photo.kind != "clear" and self._clear[0] == photo.scene
        self.cards[photo.name] = Card(
            photo.scene,
            photo.kind,
            photo.name,
            photo.exposure,
            (full.shape[0], full.shape[1]),
            float((full @ np.array(LUMA)).mean() / 255),
            psnr(full, self._clear[1]) if known else None,
            photo.mu.mean(dim=(2, 3))[0].cpu().numpy(),
            small_copy(full),
        )


def small_copy(photo: Picture) -> Picture:
    """The photograph with its longer side at most 128 pixels; uint8 (H, W, 3) -> (h, w, 3)."""
    image = Image.fromarray(photo)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image)


def progress_of(card: Card, album: Album) -> float | None:
    """Fraction of the way from low to clear of an enhanced photograph; None of any other.

    From image-pooled latents, all their entries, not from any map: 0 stayed, 1 arrived.
    """
    low = album.cards.get(card.name.removesuffix(" enhanced"))
    clear = album.cards.get(f"{card.scene}/clear")
    if card.kind != "enhanced" or low is None or clear is None:
        return None
    way = clear.code - low.code
    return float((card.code - low.code) @ way / max(way @ way, 1e-12))


def family(scene: str, album: Album, twin: Album) -> list[list[tuple[str, Picture]]]:
    """A scene's pictures with captions, in lines: clear; then low, enhanced, enhanced by the twin.

    Only rungs that both albums hold, told by their exposure.
    """
    ours, other = (
        {
            (card.kind, card.exposure): card.picture
            for card in one.cards.values()
            if card.scene == scene
        }
        for one in (album, twin)
    )
    lines = [[("clear", picture) for (kind, _), picture in ours.items() if kind == "clear"]]
    for exposure in sorted(e for kind, e in ours if kind == "low" and ("enhanced", e) in other):
        lines.append(
            [
                (f"low-light, {_fraction(exposure)}", ours["low", exposure]),
                ("enhanced", ours["enhanced", exposure]),
                ("by the twin", other["enhanced", exposure]),
            ]
        )
    return lines


def sheets(pictures: list[Picture], quality: int = 82) -> tuple[list[str], list[list[int]]]:
    """Packs pictures into WebP sheets: data addresses, and [sheet, x, y, width, height] of each.

    quality: of WebP, up to 100.
    """
    files: list[str] = []
    places: list[list[int]] = []
    per_sheet = PER_SIDE * PER_SIDE
    for start in range(0, len(pictures), per_sheet):
        part = pictures[start : start + per_sheet]
        columns = min(PER_SIDE, len(part))
        rows = -(-len(part) // PER_SIDE)
        sheet = Image.new("RGB", (columns * SIDE, rows * SIDE))
        for i, picture in enumerate(part):
            x, y = SIDE * (i % PER_SIDE), SIDE * (i // PER_SIDE)
            sheet.paste(Image.fromarray(picture), (x, y))
            places.append([len(files), x, y, picture.shape[1], picture.shape[0]])
        buffer = io.BytesIO()
        sheet.save(buffer, "WEBP", quality=quality, method=6)
        code = base64.b64encode(buffer.getvalue()).decode("ascii")
        files.append(f"data:image/webp;base64,{code}")
    return files, places


def card_record(card: Card, kind: str, place: list[int], progress: float | None) -> dict[str, Any]:
    """One photograph for the page's data, numbers rounded to what is shown.

    words: what stands under it, without any name of a file.
    """
    words = [TITLES[kind]]
    if kind == "low" and not np.isnan(card.exposure):
        words.append(f"exposure {_fraction(card.exposure)}")
    words.append(f"luma {card.luma:.2f}")
    finite = card.psnr is not None and np.isfinite(card.psnr)
    if finite:
        words.append(f"PSNR {card.psnr:.1f} dB")
    if progress is not None:
        words.append(f"pull {progress:.2f}")
    return {
        "kind": kind,
        "luma": round(card.luma, 3),
        "psnr": round(card.psnr, 1) if finite and card.psnr is not None else None,
        "progress": None if progress is None else round(progress, 2),
        "words": "\n".join(words),
        "place": place,
        "cell": [round(8 / side, 5) for side in reversed(card.size)],  # a region, of width, height
    }


def _fraction(exposure: float) -> str:
    """1/8 for 0.125, 1/1.6 for 0.62, 1 from there on; 0 for a black frame."""
    if exposure <= 0:
        return "0"
    part = float(f"{1 / exposure:.2g}")  # two digits
    return f"1/{part:g}" if part > 1 else "1"
