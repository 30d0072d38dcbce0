"""Ctrl-C between two steps, never within one: half an update of the weights is no state to save."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_wait(active: bool = True) -> Iterator[Callable[[], bool]]:
    """Within the block Ctrl-C is noted, and the function given tells whether; a second one stops.

    Without effect where it is not `active`, where Ctrl-C is ignored, or outside the main thread.
    """
    noted = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal noted
        if noted:
            raise KeyboardInterrupt
        noted = True

    before = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not (active and in_main_thread and callable(before)):
        yield lambda: False
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)


def leave_interrupts_to_the_main_process(worker: int) -> None:
    """For a loader's worker: Ctrl-C reaches every process of a terminal, and a worker would die."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
