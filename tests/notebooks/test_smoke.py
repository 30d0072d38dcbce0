"""Every notebook runs in the smoke profile and records what the committed one records.

It does so without a network, writes under build/ only, labels the axes of its figures, and its
cells can be run a second time.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import nbformat
import pytest

from lacr_lib.teaching.records import not_finite, read_records
from lacr_lib.teaching.run import execute
from lacr_lib.teaching.sources import NOTEBOOKS, Numbered, find_notebooks, read_built
from tests.notebooks.axes import watch_axes
from tests.notebooks.conftest import ROOT, Wall, contents

TWICE = [] if os.environ.get("LACR_TORTURE") else ["01", "04"]  # the quick ones; all in torture
OF_THE_MACHINE = ("time_", "memory_", "bytes_")  # what these names measure may differ


@pytest.mark.parametrize("notebook", find_notebooks(), ids=lambda each: each.name)
def test_a_smoke_run_records_the_same_names_and_finite_numbers(
    notebook: Numbered, wall: Wall, tmp_path: Path
) -> None:
    page = read_built(notebook)
    count = len(page.cells)
    twice = notebook in find_notebooks(names=TWICE)
    if twice:
        page.cells += [nbformat.from_dict({**cell, "id": f"{cell.id}-2"}) for cell in page.cells]
    given, target = copy_course(tmp_path / "course") / notebook.built.name, tmp_path / "run.ipynb"
    nbformat.write(page, given)
    folders = given.parent, NOTEBOOKS, ROOT / "lacr_lib"
    before = [contents(folder) for folder in folders]
    with wall.environment():
        watch_axes(tmp_path / "axes.txt")
        execute(given, target, "smoke")

    check_wall(wall, tmp_path / "course")
    assert [contents(folder) for folder in folders] == before

    cells = nbformat.read(target, as_version=4).cells
    metrics, claims = read_records({"cells": cells[:-count] if twice else cells})
    committed, committed_claims = read_records(read_built(notebook))
    assert set(metrics) == set(committed)
    assert not_finite(metrics) == []
    # The words of a claim may hold numbers; how many there are, and their bounds, may not change.
    assert [each["needs"] for each in claims] == [each["needs"] for each in committed_claims]
    figures = (tmp_path / "axes.txt").read_text("utf-8").splitlines()
    assert "drawn" in figures
    assert [line for line in figures if line != "drawn"] == []
    if twice:
        check_same(metrics, claims, *read_records({"cells": cells[-count:]}))


def check_wall(wall: Wall, course: Path) -> None:
    """No network was asked, and nothing was written but under the build/ of the course."""
    assert wall.noted("begin")
    # torchrun asks for this machine's own name, gets no answer, and goes on.
    assert wall.noted("network") <= {socket.gethostname()}
    assert wall.astray() == []
    assert list(wall.home.rglob("*")) == []
    assert {path.name for path in course.iterdir()} <= {"notebooks", "build"}


def copy_course(course: Path) -> Path:
    """The notebooks in a clone of their own, whose build/ holds nothing to go on with."""
    (course / "notebooks").mkdir(parents=True)
    for each in find_notebooks():
        shutil.copy(each.built, course / "notebooks")
    return course / "notebooks"


def check_same(metrics: dict, claims: list[dict], again: dict, claims_again: list[dict]) -> None:
    """The second run of all cells in one kernel recorded what the first one did."""
    free = {name for name in metrics if name.startswith(OF_THE_MACHINE)}
    assert set(again) == set(metrics)
    assert {name for name in metrics if again[name] != metrics[name]} <= free
    if not free:
        assert claims_again == claims
