"""Running the course into a folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys

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
