"""Ratios that hold on a machine that does other things as well: turn by turn, medians, one thread.

Seconds are processor time where one thread works, so that waiting for the processor does not count;
what runs besides still shares the caches and the memory: the quieter the machine, the better.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

from lacr_lib.errors import LacrError

ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def turns(
    calls: Mapping[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of each call, called in turn `repeats` times after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        names = list(calls) if turn % 2 else list(calls)[::-1]
        for name in names:
            start = clock()
            calls[name]()
            if turn:
                seconds[name].append(clock() - start)
    return seconds


def ratio(ours: list[float], yardstick: list[float]) -> float:
    """Median of the ratios turn by turn."""
    return median(a / b for a, b in zip(ours, yardstick, strict=True))


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread inside, on as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_child(module: str, *arguments: str) -> Any:
    """The last line, as JSON, of what `python -m module ARGUMENTS` prints, on one thread."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **ONE_THREAD}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise LacrError(f"{module} failed: {(done.stderr.splitlines() or ['no word'])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])
