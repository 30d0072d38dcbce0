"""Exposure ladders from public photographs: the SICE frames published with Zero-DCE++.

The archive is one flat folder of numbered photographs. `sice_split.csv` says which number is which
frame of which scene (no photograph is shipped), so that anybody can build the ladders our
released weights were trained and measured on.
Source: Cai, Gu, Zhang, IEEE TIP 2018 (SICE); Li et al., IEEE TPAMI 2021 (Zero-DCE++).
"""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageStat

from lacr_lib.data.images import find_images, read_image
from lacr_lib.data.layouts import PhotoSet, open_photoset
from lacr_lib.errors import LacrError

LUMA_TOLERANCE = 2.0  # grey levels: another JPEG decoder moves the mean by less than 0.1


class SplitRow(NamedTuple):
    """One line of the split: `role` is clear, or low_0 (darkest) .. low_K; luma 0 to 255."""

    split: str
    scene: str
    role: str
    source_file: str
    mean_luma: float


def read_split() -> list[SplitRow]:
    """The split of SICE that ships with the library."""
    source = files("lacr_lib.data").joinpath("sice_split.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return [
        SplitRow(r["split"], r["scene"], r["role"], r["source_file"], float(r["mean_luma"]))
        for r in csv.DictReader(lines)
    ]


def prepare_sice(
    source: str | Path, out: str | Path, rows: Iterable[SplitRow] | None = None
) -> PhotoSet:
    """Build `out/SPLIT/SCENE/{clear,low_k}.jpg` from a folder of numbered photographs.

    The files are copied unchanged, after a check that each has the mean luma the split expects.
    Running it again completes or repeats the work. `rows` defaults to the shipped split.
    Raises LacrError, before anything is written, for missing files or another archive's numbering.
    """
    rows = list(read_split() if rows is None else rows)
    folder, target = Path(source).expanduser(), Path(out).expanduser()
    if not folder.is_dir():
        raise LacrError(f"no such folder: {folder}: give the folder of the unpacked photographs")
    if target.exists() and not target.is_dir():
        raise LacrError(f"{target} is a file, not a folder: choose another output folder")
    chosen = _locate(folder, rows)
    for row, path in zip(rows, chosen, strict=True):
        _check_luma(row, path)
    for row, path in zip(rows, chosen, strict=True):
        scene = target / row.split / row.scene
        scene.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, scene / f"{row.role}{path.suffix.lower()}")
    return open_photoset(target)


def _locate(folder: Path, rows: list[SplitRow]) -> list[Path]:
    """The file of each row, in the one folder, here or below, that holds most of them.

    The published archive has test images with the same numbers in a folder beside.
    """
    wanted = {row.source_file.lower() for row in rows}
    by_folder: dict[Path, dict[str, Path]] = defaultdict(dict)
    for path in find_images(folder):
        if path.name.lower() in wanted:
            by_folder[path.parent][path.name.lower()] = path
    best = max(by_folder.values(), key=len, default={})
    missing = [row.source_file for row in rows if row.source_file.lower() not in best]
    if missing:
        raise LacrError(
            f"{folder} lacks {len(missing)} of {len(rows)} photographs, for example "
            f"{', '.join(missing[:3])}: give the folder that holds the numbered files"
        )
    return [best[row.source_file.lower()] for row in rows]


def _check_luma(row: SplitRow, path: Path) -> None:
    """Stop at a file that is not the photograph the split means."""
    grey = Image.fromarray(read_image(path)).convert("L")
    found = ImageStat.Stat(grey).mean[0]
    if abs(found - row.mean_luma) > LUMA_TOLERANCE:
        raise LacrError(
            f"{path} is not the photograph the split means (mean luma {found:.1f}, expected "
            f"{row.mean_luma:.1f}): use the training images published with Zero-DCE++"
        )
