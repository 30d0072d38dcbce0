"""Fixtures and settings that every test shares."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest

from tests.mirror import Mirror, serving

matplotlib.use("Agg")  # no window, and the same pixels everywhere

collect_ignore = [] if os.environ.get("LACR_TORTURE") else ["torture"]  # `make torture`


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photographs that LACR_DATA names; without it the test skips."""
    named = os.environ.get("LACR_DATA")
    if not named:
        pytest.skip("LACR_DATA is not set: no real photographs to test on")
    folder = Path(named)
    assert folder.is_dir(), f"LACR_DATA={named} is no folder"
    return folder.resolve()


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """A job that a shell starts in the background ignores Ctrl-C; a test with this does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Files on an HTTP server of this machine, asked directly whatever proxy is set."""
    monkeypatch.setenv("no_proxy", "*")
    with serving() as mirror:
        yield mirror
