"""Figures of other methods, as others have published them; nothing here was measured by us."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "published.csv"


@dataclass(frozen=True)
class Published:
    """One published figure with its source.

    protocol: "plain", "gt-mean" (brightness taken from the reference) or "not stated".
    psnr in dB; None where the source is quoted for one of the two scores only.
    """

    dataset: str
    method: str
    protocol: str
    psnr: float | None
    ssim: float | None
    source: str
    note: str


def read_published(dataset: str | None = None) -> list[Published]:
    """All published figures in the file's order, or those of one data set."""
    with FILE.open(newline="", encoding="utf-8") as file:
        rows = [
            Published(**{**row, "psnr": _number(row["psnr"]), "ssim": _number(row["ssim"])})  # type: ignore[arg-type]
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if dataset in (None, row.dataset)]


def _number(text: str) -> float | None:
    return float(text) if text else None
