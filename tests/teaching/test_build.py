"""From percent script to notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import nbformat
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.teaching.build import WIDGET_MIME, build, kernel_environment, normalise
from lacr_lib.teaching.records import read_records
from lacr_lib.teaching.rules import problems
from lacr_lib.teaching.sources import Numbered, read_built


def test_a_built_notebook_keeps_every_rule(built_once: Numbered) -> None:
    assert problems(built_once) == []


def test_building_again_changes_no_byte_and_tells_of_warnings(
    small: Numbered, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = small.built.read_bytes()
    monkeypatch.setenv("LACR_PROFILE", "demo")
    assert build(small) == ["a warning"]
    assert small.built.read_bytes() == before


def test_records_survive_the_build(built_once: Numbered) -> None:
    metrics, [claim] = read_records(read_built(built_once))
    assert metrics == {"answer": 42, "gain": {"value": 1.0, "low": 0.5, "high": 1.5}}
    assert claim["holds"]


def test_a_raising_cell_is_an_error_and_writes_nothing(write: Callable[..., Numbered]) -> None:
    notebook = write(('print("the same everywhere")', "raise RuntimeError('on purpose')"))
    with pytest.raises(LacrError, match="on purpose"):
        build(notebook)
    assert not notebook.built.exists()


def test_kernels_inherit_settings_that_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    before = dict(os.environ)
    with kernel_environment({"LACR_PROFILE": "full"}):
        assert os.environ["LACR_PROFILE"] == "full"
        assert "MPLBACKEND" not in os.environ  # Agg would hide every picture
    assert dict(os.environ) == before


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: nothing to set back")
def test_numba_leaves_pytorch_the_threads_that_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)  # `make test` sets it, for nbval
    program = """
import torch
from numba import njit, prange
@njit(parallel=True)
def total(n):
    s = 0
    for i in prange(n):
        s += i
    return s
total(10)
print(torch.get_num_threads())
"""
    with kernel_environment({"OMP_NUM_THREADS": "1"}):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_normalise_drops_what_needs_a_kernel_or_differs_between_runs() -> None:
    new_output = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell(
        "go()",
        metadata={"execution": {"iopub.execute_input": "now"}},
        outputs=[
            new_output("stream", name="stdout", text="one\n"),
            new_output("stream", name="stderr", text="careful\n"),
            new_output("stream", name="stdout", text="two\n"),
            new_output("display_data", {WIDGET_MIME: {"model_id": "1"}, "text/plain": "slider"}),
        ],
    )
    page = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    assert normalise(page) == ["careful"]
    assert "widgets" not in page.metadata
    assert cell.metadata == {}
    assert [output.text for output in cell.outputs] == ["one\ntwo\n"]
