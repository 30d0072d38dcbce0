"""Executes the notebooks into a folder of their own and tells how each one went."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import papermill
from papermill.exceptions import PapermillExecutionError

from lacr_lib.errors import LacrError
from lacr_lib.teaching.build import kernel_environment
from lacr_lib.teaching.page import start_page, title_of, write_html
from lacr_lib.teaching.profiles import active_profile
from lacr_lib.teaching.sources import Numbered, read_built

AT_ONCE = 2  # notebooks; small networks gain more from a neighbour than from a second core


@dataclass(frozen=True)
class Outcome:
    """How one notebook went. minutes: wall clock. error: empty if it ran to the end."""

    name: str
    title: str
    minutes: float
    error: str = ""

    @property
    def result(self) -> str:
        """ok, or FAILED with the reason."""
        return f"FAILED: {self.error}" if self.error else "ok"

    @property
    def page(self) -> str:
        """Path of the HTML page, as seen from the start page."""
        return f"notebooks/{self.name}.html"


def run(chosen: list[Numbered], out: Path) -> int:
    """Executes the notebooks into `out/notebooks/`, writes `out/index.html`, prints a table.

    Two run side by side and share the CPU's cores. Gives 0 if every notebook ran to its end, else
    1. A failed one does not stop the others.
    """
    profile = active_profile()
    try:
        (out / "notebooks").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"notebooks: cannot write to {out}: {error.strerror}", file=sys.stderr)
        return 2
    at_once = min(AT_ONCE, len(chosen))
    print(f"Profile {profile}, notebooks to run: {len(chosen)}, {at_once} at a time", flush=True)
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    for outcome in run_all(chosen, out / "notebooks", profile):
        outcomes.append(outcome)
        progress = f"[{len(outcomes)}/{len(chosen)}] {outcome.name}"
        print(f"{progress} ... {outcome.minutes:.1f} min, {outcome.result}", flush=True)
    outcomes.sort(key=lambda outcome: outcome.name)
    minutes = (time.perf_counter() - started) / 60
    page = out / "index.html"
    page.write_text(start_page(outcomes, profile, minutes), encoding="utf-8")
    print(f"\n{_table(outcomes, minutes, page.parent)}\n\nStart page: {_near(page)}")
    return int(any(outcome.error for outcome in outcomes))


def run_all(chosen: list[Numbered], folder: Path, profile: str) -> Iterator[Outcome]:
    """Runs notebooks in processes of their own, AT_ONCE at a time; outcomes as they end."""
    at_once = min(AT_ONCE, len(chosen))
    threads = max(1, (os.cpu_count() or 1) // at_once)
    fresh = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(at_once, fresh, _end_with_the_parent)
    with kernel_environment({"LACR_PROFILE": profile, "OMP_NUM_THREADS": str(threads)}):
        try:
            started = [pool.submit(run_one, notebook, folder, profile) for notebook in chosen]
            yield from (future.result() for future in as_completed(started))
        except BaseException:  # told to stop: nobody waits for what runs now
            for worker in multiprocessing.active_children():
                worker.kill()  # its kernel sees that and ends
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_the_parent() -> None:
    """For a worker: it would wait for work for ever where its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # interrupted, it ends without a word
    threading.Thread(target=_follow_the_parent, daemon=True).start()


def _follow_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_one(notebook: Numbered, folder: Path, profile: str) -> Outcome:
    """Executes one notebook with papermill and writes it as .ipynb and as HTML."""
    started = time.perf_counter()
    title, error = notebook.name, ""
    try:
        title = title_of(read_built(notebook))
        execute(notebook.built, folder / notebook.built.name, profile)
    except PapermillExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}".splitlines()[0]
    except Exception as failure:  # whatever it was, the next notebook gets its turn
        error = (str(failure) or type(failure).__name__).splitlines()[0]
    minutes = (time.perf_counter() - started) / 60
    if (folder / notebook.built.name).is_file():
        write_html(folder / notebook.built.name)
    return Outcome(notebook.name, title, minutes, error)


def execute(notebook: Path, target: Path, profile: str) -> None:
    """Runs a notebook in a profile, in its own folder, and writes it to `target`.

    Errors: LacrError if it has no PROFILE parameter, of which papermill would only warn;
    papermill's own error if a cell raises.
    """
    target.unlink(missing_ok=True)  # never show an older run as this one
    logging.getLogger("papermill").setLevel(logging.ERROR)
    if "PROFILE" not in papermill.inspect_notebook(str(notebook)):
        raise LacrError(f"{notebook.stem} has no parameter PROFILE")
    papermill.execute_notebook(
        str(notebook),
        str(target),
        parameters={"PROFILE": profile},
        kernel_name="python3",
        cwd=str(notebook.parent),
        progress_bar=False,
    )


def _table(outcomes: list[Outcome], minutes: float, out: Path) -> str:
    head = ("notebook", "minutes", "result", "open")
    rows = [
        (each.name, f"{each.minutes:.1f}", each.result.partition(":")[0], _near(out / each.page))
        for each in outcomes
    ]
    rows.append(("all", f"{minutes:.1f}", f"{_passed(outcomes)} of {len(outcomes)} ok", ""))
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in (head, tuple("-" * width for width in widths), *rows)]  # fmt: skip
    return "\n".join(lines)


def _passed(outcomes: list[Outcome]) -> int:
    return sum(not outcome.error for outcome in outcomes)


def _near(path: Path) -> str:
    """The path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
