"""Every notebook runs in the smoke profile, records what the committed one does, labels its axes."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from lacr_lib.teaching.build import kernel_environment
from lacr_lib.teaching.records import not_finite, read_records
from lacr_lib.teaching.run import execute
from lacr_lib.teaching.sources import Numbered, find_notebooks, read_built
from tests.notebooks.axes import watch_axes


@pytest.mark.parametrize("notebook", find_notebooks(), ids=lambda each: each.name)
def test_a_smoke_run_records_the_same_names_and_finite_numbers(
    notebook: Numbered, tmp_path: Path
) -> None:
    target = tmp_path / notebook.built.name
    with kernel_environment({"LACR_PROFILE": "smoke", "OMP_NUM_THREADS": "1"}):
        watch_axes(tmp_path / "axes.txt")
        execute(notebook, target, "smoke")
    metrics, claims = read_records(nbformat.read(target, as_version=4))
    committed, committed_claims = read_records(read_built(notebook))
    assert set(metrics) == set(committed)
    assert not_finite(metrics) == []
    # The words of a claim may hold numbers; how many there are, and their bounds, may not change.
    assert [each["needs"] for each in claims] == [each["needs"] for each in committed_claims]
    figures = (tmp_path / "axes.txt").read_text("utf-8").splitlines()
    assert "drawn" in figures
    assert [line for line in figures if line != "drawn"] == []
