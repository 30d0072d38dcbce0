"""SIGTERM is handled where Ctrl-C is: nothing half done is left, and the exit code tells which."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lacr_lib.cli import main
from lacr_lib.commands import lists
from lacr_lib.inference.files import beside
from lacr_lib.stops import Terminated, exit_code, sigterm_interrupts


def test_sigterm_tidies_up_and_the_old_handling_comes_back(tmp_path: Path) -> None:
    with sigterm_interrupts(), pytest.raises(Terminated), beside(tmp_path / "a.png") as part:
        part.write_bytes(b"half")
        signal.raise_signal(signal.SIGTERM)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_whoever_ignores_sigterm_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with sigterm_interrupts():
            signal.raise_signal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("ctrl_c_is_heard")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_tells_by_its_exit_code_what_stopped_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    monkeypatch.setattr(lists, "run_weights", lambda _: signal.raise_signal(number))
    assert main(["weights"]) == code
    assert capsys.readouterr().err == "lacr: stopped\n"


def test_exit_codes_are_those_of_shells() -> None:
    assert (exit_code(KeyboardInterrupt()), exit_code(Terminated())) == (130, 143)
