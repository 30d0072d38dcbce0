"""The record of a run of the benchmark, its table, and what has fallen behind."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lacr_lib.bench.row import Row
from lacr_lib.inference.files import write_text
from lacr_lib.teaching.blocks import marks, replace_block

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = marks("bench", "lacr bench --record")
PACKAGES = ("torch", "numpy", "umap-learn")


def record_of(rows: Iterable[Row], command: str, old: dict[str, Any]) -> dict[str, Any]:
    """All that a run says of itself, with the rows of an older record that it did not measure."""
    new = {row.name: {k: v for k, v in row._asdict().items() if k != "name"} for row in rows}
    return {
        "command": command,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
        "rows": {**old.get("rows", {}), **new},
    }


def machine() -> dict[str, Any]:
    """Kind of machine and how busy it was; nothing that names it."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "system": f"{platform.system()}, {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load_at_the_end": busy,
    }


def processor() -> str:
    """The processor's kind as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def rows_of(record: dict[str, Any]) -> list[Row]:
    """The rows of a record, as they were measured."""
    return [Row(name=name, **fields) for name, fields in record["rows"].items()]


def table(rows: Iterable[Row]) -> str:
    """A row a line, as Markdown, which is readable in a terminal as well."""
    lines = ["| row | what | measured | target | met |", "|---|---|---|---|---|"]
    for row in rows:
        met = {None: row.note or "open", True: "yes", False: "no"}[row.met]
        lines.append(f"| `{row.name}` | {row.what} | {row.shown()} | {row.target} | {met} |")
    return "\n".join(lines)


def fallen_behind(rows: Iterable[Row], record: dict[str, Any]) -> list[str]:
    """One line for each row that is 20 % worse than its record or lost its target."""
    recorded = record.get("rows", {})
    told = [row.behind(recorded.get(row.name, {})) for row in rows]
    return [line for line in told if line]


def not_compared(rows: Iterable[Row], record: dict[str, Any]) -> list[str]:
    """One line for each row whose record is of another measurement, such as other photographs."""
    recorded = record.get("rows", {})
    return [
        f"{row.name}: not compared, its record is of another measurement: {old['what']}"
        for row in rows
        if (old := recorded.get(row.name)) and old["what"] != row.what
    ]


def write_readme(record: dict[str, Any], page: Path | None = None) -> bool:
    """Renew the table in a page, README.md as a rule; False where it has no place for one."""
    page = page or README
    text = page.read_text("utf-8") if page.is_file() else ""
    if BEGIN not in text:
        return False
    write_text(page, replace_block(text, block(record), BEGIN, END))
    return True


def block(record: dict[str, Any]) -> str:
    """The table of a record, and the machine it was measured on; Markdown."""
    about = (
        f"{record['machine']['processor']}, {record['machine']['cores']} cores, "
        f"{record['date']}, PyTorch {record['versions']['torch']}; ratios of one run each."
    )
    return f"{table(rows_of(record))}\n\n{about}"
