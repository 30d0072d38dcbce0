"""Edits travel from the notebook to its source, and none gets lost."""

from __future__ import annotations

import nbformat
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.teaching.rules import same_cells
from lacr_lib.teaching.sources import Numbered, cells_of, read_built, read_source
from lacr_lib.teaching.sync import sync


def edit_notebook(notebook: Numbered, text: str) -> None:
    page = read_built(notebook)
    page.cells[0].source += text
    page.cells.append(nbformat.v4.new_code_cell("1 + 1", metadata={"trusted": True}))
    nbformat.write(page, notebook.built)


def edit_source(notebook: Numbered) -> None:
    script = notebook.source.read_text("utf-8")
    notebook.source.write_text(script.replace("A line;", "A curve;"), "utf-8")


def test_without_an_edit_nothing_is_written(small: Numbered) -> None:
    before = small.source.read_bytes()
    assert sync(small) == "as its source"
    assert small.source.read_bytes() == before


def test_an_edit_reaches_the_source_twice_in_a_row(small: Numbered) -> None:
    for text in ("\n\nOne more line.", "\n\nAnd one more."):
        edit_notebook(small, text)
        assert "written" in sync(small)
        assert cells_of(read_source(small)) == cells_of(read_built(small))
        assert text.strip() in small.source.read_text("utf-8")
    assert 'tags=["parameters"]' in small.source.read_text("utf-8")
    assert "trusted" not in small.source.read_text("utf-8")


def test_an_unchanged_cell_keeps_its_text_in_the_source(small: Numbered) -> None:
    before = small.source.read_text("utf-8").splitlines()
    edit_notebook(small, "\n\nOne more line.")
    sync(small)
    after = small.source.read_text("utf-8").splitlines()
    assert [line for line in before if line not in after] == []


def test_a_newer_source_is_left_alone(small: Numbered) -> None:
    edit_source(small)
    before = small.source.read_bytes()
    assert "newer" in sync(small)
    assert small.source.read_bytes() == before


def test_two_edits_are_a_conflict_and_change_no_file(small: Numbered) -> None:
    edit_source(small)
    edit_notebook(small, "\n\nOne more line.")
    before = small.source.read_bytes(), small.built.read_bytes()
    with pytest.raises(LacrError, match="both"):
        sync(small)
    assert (small.source.read_bytes(), small.built.read_bytes()) == before


def test_after_a_sync_only_the_ids_of_new_cells_differ(small: Numbered) -> None:
    edit_notebook(small, "\n\nOne more line.")
    sync(small)
    assert list(same_cells(read_built(small), small)) == [
        "cell ids are not those of the build: run `make notebooks`"
    ]
