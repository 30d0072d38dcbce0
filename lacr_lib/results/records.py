"""Recorded results: what was measured on real photographs, read from the JSON files beside this.

Each record says the command, the date and the machine. `make results DATA=DIR` remakes them all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def read_records(
    prefix: str = "sice-val", folder: Path = FOLDER, kind: str = "evaluate"
) -> dict[str, dict[str, Any]]:
    """Recorded evaluations on one set, by method; empty where there is none.

    kind: "evaluate", or "registered" for references moved onto their photographs first.
    Best PSNR first; on a set without references, smallest lightness order error first.
    """
    files = sorted(folder.glob(f"{prefix}-{kind}-*.json"))
    records = [json.loads(file.read_text("utf-8")) for file in files]

    def rank(record: dict[str, Any]) -> float:
        return float(record["loe"] if record["psnr"] is None else -record["psnr"])

    return {each["method"]: each for each in sorted(records, key=rank)}


def read_record(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """One recorded measurement, such as "sice-val-pull"; empty where there is none."""
    file = folder / f"{name}.json"
    record: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return record


def read_pull(prefix: str = "sice-val", folder: Path = FOLDER) -> dict[str, Any]:
    """The recorded pull metrics on one set; empty where there is none."""
    return read_record(f"{prefix}-pull", folder)
