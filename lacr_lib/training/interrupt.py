"""Ctrl-C and SIGTERM between two steps, never within one: half an update is no state to save."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from lacr_lib.stops import Terminated

Stop = type[KeyboardInterrupt]
KINDS: dict[int, Stop] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}


@contextmanager
def interrupts_wait(active: bool = True) -> Iterator[Callable[[], Stop | None]]:
    """Within the block a stop is noted, and the function given tells which; a second Ctrl-C stops.

    One that the block did not raise itself, such as at its very end, is raised when it is over.
    A further SIGTERM changes nothing: `timeout` sends two. Without effect where it is not `active`,
    outside the main thread, and for a signal that raises nothing: one that is ignored, or a SIGTERM
    that ends the process (under `lacr` it does not).
    """
    noted: Stop | None = None

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal noted
        if noted and number == signal.SIGINT:
            raise KeyboardInterrupt
        noted = noted or KINDS[number]

    in_main_thread = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in KINDS}
    if not (active and in_main_thread):
        before = {}
    raising = {number: handler for number, handler in before.items() if callable(handler)}
    for number in raising:
        signal.signal(number, note)
    try:
        yield lambda: noted
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
    if noted:
        raise noted


def leave_stops_to_the_main_process(worker: int) -> None:
    """For a loader's worker: a terminal, or `timeout`, signals every process, and it would die."""
    for number in KINDS:
        signal.signal(number, signal.SIG_IGN)
