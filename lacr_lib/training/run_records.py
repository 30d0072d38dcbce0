"""The records of a sweep: what is known of each finished run, one JSON object a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from filelock import FileLock

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import write_text
from lacr_lib.training.run_settings import settings_key

RECORDS = "records.jsonl"
Record = dict[str, Any]


def read_record(folder: Path) -> Record | None:
    """The record of a run folder; None while there is none."""
    file = folder / "record.json"
    if not file.is_file():
        return None
    record: Record = json.loads(file.read_text("utf-8"))
    return record


def read_records(path: str | Path) -> list[Record]:
    """The records of a file, one a line. Raises LacrError for a file that holds none."""
    try:
        lines = Path(path).read_text("utf-8").splitlines()
        records: list[Record] = [json.loads(line) for line in lines]
        for record in records:
            settings_key(record["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LacrError(f"{path}: no records of a sweep ({error})") from None
    return records


def join(out: Path) -> None:
    """All records so far in one file, a line each, in the order of their folders."""
    with FileLock(out / ".join"):
        files = sorted(out.glob("*/record.json"))
        write_text(out / RECORDS, "".join(file.read_text("utf-8") for file in files))
