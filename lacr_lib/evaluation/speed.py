"""What a method costs: seconds, and the memory that its arrays and tensors take at once."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np
from torch.profiler import ProfilerActivity, profile

from lacr_lib.errors import LacrError


class Cost(NamedTuple):
    """Median seconds of one call, and the largest number of bytes it held at once."""

    seconds: float
    peak_bytes: int


def cost(call: Callable[[], object], repeats: int = 3) -> Cost:
    """Time and memory of a call on the CPU, after one call to warm up.

    Seconds depend on the machine and on what else it does: compare methods within one run, as
    ratios. Bytes are those of numpy arrays and torch tensors, results included, the libraries'
    own scratch space left out; they are the same on every run. `repeats` calls are timed.
    """
    if repeats < 1:
        raise LacrError(f"repeats must be 1 or more, got {repeats}")
    peak = _peak_bytes(call)  # this call also warms up
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return Cost(median(seconds), peak)


def _peak_bytes(call: Callable[[], object]) -> int:
    """Peak of numpy's bytes plus peak of torch's: torch allocates outside Python's sight."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler writes to stderr
    tracemalloc.start()
    try:
        call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        call()
    events = sorted(recorded.events(), key=lambda event: event.time_range.start)
    held = np.cumsum([event.self_cpu_memory_usage for event in events] or [0])
    return int(peak + max(0, held.max()))
