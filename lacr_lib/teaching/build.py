"""From percent script to the executed notebook that learners open."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from lacr_lib.errors import LacrError
from lacr_lib.teaching.exercises import has_exercises
from lacr_lib.teaching.pictures import MAX_BYTES, shrink_pictures
from lacr_lib.teaching.profiles import active_profile
from lacr_lib.teaching.sources import (
    METADATA,
    NOTEBOOKS,
    Numbered,
    fingerprint,
    read_script,
    read_solutions,
    read_source,
)

CACHE = NOTEBOOKS.parent / "build" / "cache"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


@contextmanager
def kernel_environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Environment variables that the kernels inherit; put back afterwards.

    The kernel is this environment's own, whatever kernels, start-up files and figure styles the
    user has, and nothing is written into the home folder: caches go to build/cache.
    """
    with tempfile.TemporaryDirectory() as ipython:
        # It would warn on every start that it talks without encryption, to this machine, and call
        # the interrupt by which it is told to end an error.
        profile = Path(ipython, "profile_default")
        profile.mkdir()
        Path(profile, "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 50\n")
        fixed = {
            "IPYTHONDIR": ipython,
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_RUNTIME_DIR": ipython,
            "MPLCONFIGDIR": str(CACHE / "matplotlib"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "TQDM_DISABLE": "1",
        }
        before = dict(os.environ)
        os.environ.update(fixed | dict(settings))
        if "OMP_NUM_THREADS" in os.environ:
            # numba, which UMAP brings, would set PyTorch's threads back to all cores
            os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
        os.environ.pop("MPLBACKEND", None)  # such as Agg, with which no picture would appear
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def build(notebook: Numbered, out: Path | None = None) -> list[str]:
    """Executes one notebook and its solutions and writes them, normalised; notes of what was lost.

    Errors: LacrError if a cell raises or a result is over the size limit.
    """
    folder = out or notebook.built.parent
    notes = _build(read_source(notebook), notebook.built.parent, folder / notebook.built.name)
    if has_exercises(read_script(notebook)):
        solved = folder / "solutions" / notebook.built.name
        notes += _build(read_solutions(notebook), notebook.built.parent, solved)
    return notes


def _build(page: NotebookNode, folder: Path, target: Path) -> list[str]:
    """Executes a page in a folder and writes it."""
    profile = active_profile()
    page.metadata["lacr"] = {"profile": profile, "source": fingerprint(page)}
    with kernel_environment({"LACR_PROFILE": profile}):
        _execute(page, folder, target.stem)
    notes = normalise(page)
    size = shrink_pictures(page)
    if size > MAX_BYTES:
        raise LacrError(
            f"{target.stem} is {size / 1e6:.2f} MB with its outputs, over {MAX_BYTES / 1e6:.1f}: "
            "draw smaller or fewer pictures"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(page, target)
    return notes


def _execute(page: NotebookNode, folder: Path, name: str) -> None:
    client = NotebookClient(
        page, timeout=None, kernel_name="python3", record_timing=False,
        resources={"metadata": {"path": str(folder)}},  # as nbval does
    )  # fmt: skip
    try:
        client.execute()
    except CellExecutionError as error:
        raise LacrError(f"{name}: a cell raised\n{error}") from None
    except DeadKernelError:
        raise LacrError(f"{name}: the kernel died, out of memory perhaps") from None


def normalise(page: NotebookNode) -> list[str]:
    """Takes away what differs between two runs or does not render; in place.

    Gives: what was said on stderr, one note a line, so that warnings get mended, not hidden.
    """
    notes: list[str] = []
    page.metadata.update(nbformat.from_dict(METADATA))
    page.metadata.pop("widgets", None)
    for cell in page.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                notes += output.text.strip().splitlines()
            elif WIDGET_MIME not in output.get("data", {}):  # shows nothing without a kernel
                kept.append(output)
        cell.outputs = _joined(kept)
    return notes


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one output: how they were cut is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == "stream" == last.output_type:
            last.text += output.text
        else:
            joined.append(output)
    return joined
