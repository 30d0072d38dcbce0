"""Time and memory, against calls whose cost is known."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
import torch

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.speed import cost


def test_seconds_are_those_of_one_call() -> None:
    measured = cost(lambda: time.sleep(0.02), repeats=3)
    assert 0.02 <= measured.seconds < 0.5
    assert measured.peak_bytes < 200_000
    with pytest.raises(LacrError):
        cost(lambda: None, repeats=0)


def test_memory_of_numpy_and_torch_is_seen_at_its_peak() -> None:
    size = 1_000_000

    def arrays() -> float:
        first = np.ones(size)  # 8 MB
        second = first + 1  # 16 MB held now
        del first
        return float(second.sum())

    def tensors() -> float:
        first = torch.ones(size)  # 4 MB
        second = first + 1
        third = second * 2  # 12 MB held now
        return float(third.sum())

    assert cost(arrays, 1).peak_bytes == pytest.approx(16e6, rel=0.05)
    assert cost(tensors, 1).peak_bytes == pytest.approx(12e6, rel=0.05)


def test_a_call_that_fails_leaves_no_tracing_on() -> None:
    with pytest.raises(ZeroDivisionError):
        cost(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()  # it would slow whatever is timed next


def test_twice_the_work_takes_twice_the_memory() -> None:
    small, large = (cost(lambda n=n: torch.ones(n) + 1, 1).peak_bytes for n in (250_000, 500_000))
    assert large / small == pytest.approx(2, rel=0.1)
