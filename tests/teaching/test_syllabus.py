"""The syllabus table: measured minutes, in the place that is kept for it."""

import nbformat
import pytest

from lacr_lib.teaching.blocks import replace_block
from lacr_lib.teaching.sources import NOTEBOOKS, find_notebooks
from lacr_lib.teaching.syllabus import (
    BEGIN,
    END,
    measured_minutes,
    old_minutes,
    table,
)


def executed(folder, name, seconds, profile="demo", exception=None):
    page = nbformat.v4.new_notebook()
    page.metadata["papermill"] = {
        "duration": seconds, "parameters": {"PROFILE": profile}, "exception": exception,
    }  # fmt: skip
    nbformat.write(page, folder / f"{name}.ipynb")


def test_only_whole_demo_runs_count(tmp_path):
    executed(tmp_path, "00_a", 30)
    executed(tmp_path, "01_b", 90, profile="smoke")
    executed(tmp_path, "02_c", 90, exception=True)
    assert measured_minutes(tmp_path) == {"00_a": 0.5}


def test_table_has_a_row_for_each_notebook_and_reads_its_own_minutes():
    notebooks = find_notebooks()
    text = table(notebooks, {notebooks[0].name: 0.26}, "notebooks/")
    assert len(text.splitlines()) == 2 + len(notebooks)
    assert f"(notebooks/{notebooks[0].name}.ipynb) | 0.3 min |" in text
    assert old_minutes(text) == {notebooks[0].name: 0.3}


@pytest.mark.parametrize(
    ("page", "prefix", "folder"),
    [(find_notebooks()[0].source, "# ", ""), (NOTEBOOKS.parent / "README.md", "", "notebooks/")],
    ids=["notebook 00", "README"],
)
def test_committed_table_has_the_titles_that_the_notebooks_have(page, prefix, folder):
    text = page.read_text("utf-8")
    rows = table(find_notebooks(), old_minutes(text), folder)
    fresh = replace_block(text, rows, BEGIN, END, prefix)
    assert text == fresh, "run `python -m lacr_lib.teaching.syllabus`"
