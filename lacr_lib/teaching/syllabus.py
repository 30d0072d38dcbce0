"""The syllabus table of README.md and of notebook 00, with measured minutes.

    make run && .venv/bin/python -m lacr_lib.teaching.syllabus

The minutes are those of the executed notebooks in build/notebooks/, where papermill notes them;
only runs of the demo profile count. A table stands between two comment lines; what is
between them is written anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import write_text
from lacr_lib.teaching.blocks import marks, replace_block
from lacr_lib.teaching.page import title_of
from lacr_lib.teaching.reach import links, repository
from lacr_lib.teaching.sources import NOTEBOOKS, Numbered, find_notebooks, read_source

BEGIN, END = marks("syllabus", "python -m lacr_lib.teaching.syllabus")
UNKNOWN = "not yet measured"


def measured_minutes(executed: Path) -> dict[str, float]:
    """Minutes of each notebook that was executed into a folder in the demo profile."""
    minutes = {}
    for file in sorted(executed.glob("[0-9][0-9]_*.ipynb")):
        run = nbformat.read(file, as_version=4).metadata.get("papermill", {})
        demo = run.get("parameters", {}).get("PROFILE") == "demo"
        if demo and run.get("duration") and not run.get("exception"):
            minutes[file.stem] = run["duration"] / 60
    return minutes


def table(notebooks: list[Numbered], minutes: Mapping[str, float], folder: str = "") -> str:
    """Number, linked title and minutes of each notebook, in Markdown; `folder` precedes links."""
    slug = repository()
    lines = ["| | notebook | code runs in |", "|---|---|---|"]
    if slug:
        lines = [lines[0] + " open in |", lines[1] + "---|"]
    for notebook in notebooks:
        title = title_of(read_source(notebook)).partition(" · ")[2] or notebook.name
        took = f"{minutes[notebook.name]:.1f} min" if notebook.name in minutes else UNKNOWN
        link = f"[{title}]({folder}{notebook.built.name})"
        row = f"| {notebook.name[:2]} | {link} | {took} |"
        if slug:
            row += f" {', '.join(links(f'notebooks/{notebook.built.name}', slug))} |"
        lines.append(row)
    return "\n".join(lines)


def old_minutes(text: str) -> dict[str, float]:
    """The minutes that a table already has, so that a run of some notebooks keeps the others'."""
    rows = re.findall(r"\((?:notebooks/)?(\d\d_\w+)\.ipynb\) \| ([\d.]+) min", text)
    return {name: float(value) for name, value in rows}


def main() -> int:
    """Writes the tables; gives 0, or 2 if a file has no place for one."""
    notebooks = find_notebooks()
    root = NOTEBOOKS.parent
    measured = measured_minutes(root / "build" / "notebooks")
    pages = [(notebooks[0].source, "# ", ""), (root / "README.md", "", "notebooks/")]
    try:
        for page, prefix, folder in pages:
            text = page.read_text("utf-8")
            minutes = old_minutes(text) | measured
            rows = table(notebooks, minutes, folder)
            write_text(page, replace_block(text, rows, BEGIN, END, prefix))
            print(f"{page.relative_to(root)}: {len(minutes)} of {len(notebooks)} measured")
    except (LacrError, OSError) as error:
        print(f"syllabus: {page.name}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
