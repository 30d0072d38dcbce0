"""Running the course into a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lacr_lib.teaching.notebooks import main
from lacr_lib.teaching.page import start_page
from lacr_lib.teaching.run import Outcome, run
from lacr_lib.teaching.sources import Numbered


def broken_copy(small: Numbered) -> Numbered:
    """A notebook that raises, with a title and a message that would break a careless page."""
    name = "01_broken"
    text = small.built.read_text("utf-8")
    text = text.replace("# 00 · A small one", "# 01 · <b> & more")
    text = text.replace('print(\\"the same everywhere\\")', "raise ValueError('<i>no')")
    built = small.built.with_name(f"{name}.ipynb")
    built.write_text(text, "utf-8")
    json.loads(text)
    return Numbered(name, small.source, built)


def test_a_failing_notebook_is_told_and_stops_no_other(
    small: Numbered, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LACR_PROFILE", "smoke")
    before = {file: file.read_bytes() for file in small.built.parent.rglob("*.*") if file.is_file()}
    out = small.built.parent.parent / "build"
    assert run([broken_copy(small), small], out) == 1
    printed = capsys.readouterr().out
    assert "01_broken ... 0." in printed
    assert "FAILED: ValueError: <i>no" in printed
    assert "1 of 2 ok" in printed
    page = (out / "index.html").read_text("utf-8")
    assert "ValueError: &lt;i&gt;no" in page
    assert "01 · &lt;b&gt; &amp; more" in page
    html = (out / "notebooks" / "00_small.html").read_text("utf-8")
    assert 'href="01_next.html#start"' in html  # a link between notebooks stays among the pages
    assert 'href="../index.html"' in html
    assert "image/png;base64" in html
    assert {file: file.read_bytes() for file in before} == before


def test_names_of_files_are_escaped_on_the_start_page() -> None:
    page = start_page([Outcome('02_a"b<c', "", 1.25)], "demo", 1.25)
    assert 'href="notebooks/02_a%22b%3Cc.html"' in page
    assert "02_a&quot;b&lt;c" in page
    assert "every notebook ran, in 1.2 minutes" in page


def test_a_notebook_without_the_parameter_is_a_failure(
    small: Numbered, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small.built.read_text("utf-8").replace("PROFILE = ", "SIZE = ")
    small.built.write_text(text, "utf-8")
    assert run([small], tmp_path / "build") == 1
    assert "no parameter PROFILE" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_one_line(
    small: Numbered, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "build").write_text("a file in the way")
    assert run([small], tmp_path / "build") == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", ["build", "check", "sync", "run"])
def test_an_unknown_name_is_one_line(
    small: Numbered, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "07", "--notebooks", str(small.built.parent)]) == 2
    error = capsys.readouterr().err
    assert error == "notebooks: no notebook '07': there are 00_small\n"


def test_check_tells_and_exits_with_1(small: Numbered, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--notebooks", str(small.built.parent)]
    assert main(["check", "00", *folder]) == 0
    small.built.unlink()
    assert main(["check", "00_small.ipynb", *folder]) == 1
    assert "not built" in capsys.readouterr().out


def test_the_module_is_a_command() -> None:
    command = [sys.executable, "-m", "lacr_lib.teaching.notebooks", "--help"]
    assert "build" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


WAITS = """
import os, pathlib, time
pathlib.Path(os.environ["LACR_TOLD"], f"{os.getppid()} {os.getpid()}").touch()
time.sleep(600)
"""


def put_two_that_wait(small: Numbered) -> None:
    """Turns the small course into two notebooks that say who runs them, and wait."""
    page = json.loads(small.built.read_text("utf-8"))
    page["cells"][-2]["cell_type"], page["cells"][-2]["source"] = "code", WAITS
    page["cells"][-2] |= {"execution_count": None, "outputs": []}
    for name in ("00_small", "01_more"):
        (small.built.parent / f"{name}.ipynb").write_text(json.dumps(page), "utf-8")
    shutil.copy(small.source, small.source.with_name("01_more.py"))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")  # an ended one may stay listed, as a zombie, on Linux
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_run_that_is_stopped_leaves_no_process_behind(
    small: Numbered, tmp_path: Path, number: int, code: int
) -> None:
    put_two_that_wait(small)
    told = tmp_path / "told"
    told.mkdir()
    command = [sys.executable, "-m", "lacr_lib.teaching.notebooks", "run"]
    command += ["--notebooks", small.built.parent, "--out", tmp_path / "out"]
    environment = {**os.environ, "LACR_TOLD": str(told), "LACR_PROFILE": "smoke"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as run_:
        while run_.poll() is None and len(list(told.iterdir())) < 2:
            time.sleep(0.1)
        run_.send_signal(number)  # to the one process, not to its group as a terminal does
        error = run_.communicate(timeout=60)[1]
    assert run_.returncode == code, error
    assert number == signal.SIGKILL or error.strip() == "notebooks: stopped"
    pids = {int(pid) for file in told.iterdir() for pid in file.name.split()}
    assert len(pids) == 4  # two workers, two kernels
    end = time.monotonic() + 60
    while left := sorted(filter(is_running, pids)):
        assert time.monotonic() < end, f"still there: {left}"
        time.sleep(0.1)
