"""Brings edits made in JupyterLab back into the percent script."""

from __future__ import annotations

import jupytext
import nbformat
from nbformat import NotebookNode

from lacr_lib.errors import LacrError
from lacr_lib.teaching.exercises import with_solutions
from lacr_lib.teaching.reach import without_reach
from lacr_lib.teaching.sources import (
    Numbered,
    cells_of,
    fingerprint,
    read_built,
    read_script,
    read_source,
)


def sync(notebook: Numbered) -> str:
    """Writes the notebook's cells to its source where they were edited; gives what happened.

    Errors: LacrError if the source was edited too since the notebook was built: no edit is lost.
    """
    page, source = read_built(notebook), read_source(notebook)
    if cells_of(page) == cells_of(source):
        return "as its source"
    built_from = page.metadata.get("lacr", {}).get("source")
    if fingerprint(page) == built_from:
        return "source is newer: run `make notebooks`"
    if fingerprint(source) != built_from:
        raise LacrError(
            f"{notebook.name}: both {notebook.source.name} and {notebook.built.name} were edited; "
            "take the edits over by hand, then run `make notebooks`"
        )
    _write_source(page, notebook)
    page.metadata.setdefault("lacr", {})["source"] = fingerprint(page)
    nbformat.write(page, notebook.built)
    return f"edits written to {notebook.source.name}; `make notebooks` renews the outputs"


def _write_source(page: NotebookNode, notebook: Numbered) -> None:
    script = read_script(notebook)
    kept = {"tags", "jupyter"}
    cells = [
        nbformat.from_dict(
            {**cell, "metadata": {key: cell.metadata[key] for key in kept & set(cell.metadata)}}
        )
        for cell in without_reach(page.cells)
    ]
    script.cells = with_solutions(cells, script)
    notebook.source.write_text(jupytext.writes(script, fmt="py:percent"), encoding="utf-8")
