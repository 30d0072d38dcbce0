"""A wheel carries the library and the course; `lacr notebooks` copies the course out of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from lacr_lib.cli import main
from lacr_lib.teaching import handout
from lacr_lib.teaching.sources import NOTEBOOKS, find_notebooks
from tests.test_packaging import ROOT

MAX_MB = 20


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this clone, built beside it: nothing is written into the clone."""
    place = tmp_path_factory.mktemp("wheel")
    command = ["setup.py", "-q", "egg_info", "-e", place, "build", "-b", place / "build"]
    command += ["bdist_wheel", "-b", place / "bdist", "-d", place]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [file] = place.glob("*.whl")
    shutil.rmtree(place / "build")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """What pip would put into site-packages, with no clone beside it."""
    folder = wheel.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def lacr(installed: Path, here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command of the installed package, in a folder with nothing in it."""
    where = os.environ | {"PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "lacr_lib", *arguments],
        cwd=here, env=where, capture_output=True, text=True,
    )  # fmt: skip


def test_a_wheel_is_small_and_holds_the_whole_library(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_MB * 1e6
    held = set(zipfile.ZipFile(wheel).namelist())
    files = [f for f in (ROOT / "lacr_lib").rglob("*") if f.is_file()]
    ours = {f.relative_to(ROOT).as_posix() for f in files if "__pycache__" not in f.parts}
    assert ours <= held
    assert not [name for name in held if name.startswith(("tests/", "notebooks/", "book/"))]


def test_the_course_comes_out_of_a_wheel_as_out_of_the_clone(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = lacr(installed, tmp_path / "empty", "notebooks", "mine")
    assert done.returncode == 0, done.stderr
    handout.copy_course(tmp_path / "clone")
    ours, theirs = _files(tmp_path / "clone"), _files(tmp_path / "empty" / "mine")
    assert ours == theirs
    assert {f"{each.name}.ipynb" for each in find_notebooks()} <= set(ours)
    assert {"CREDITS.md", "explorer.html", "images/before_after.png"} <= set(ours)
    assert [name for name in ours if name.startswith("solutions/")]
    again = lacr(installed, tmp_path / "empty", "notebooks", "mine")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.splitlines() == [
        "lacr: mine exists and is not an empty folder; nothing was copied"
    ]


def test_the_installed_library_is_whole_without_a_clone(installed: Path, tmp_path: Path) -> None:
    done = lacr(installed, tmp_path, "weights")
    assert done.returncode == 0, done.stderr
    assert "lacr-vae" in done.stdout


def _files(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_every_link_of_the_copied_notebooks_stays_among_them(tmp_path: Path) -> None:
    handout.copy_course(tmp_path)
    links = [(file, link) for file in tmp_path.rglob("*.ipynb") for link in local_links(file)]
    assert len(links) > 20
    assert [(file.name, to) for file, to in links if not (file.parent / to).exists()] == []


def local_links(file: Path) -> list[str]:
    """Where the links of a notebook's words lead to, the web apart."""
    cells = nbformat.read(file, as_version=4).cells
    words = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    words = re.sub(r"`[^`\n]*`|\$[^$]*\$", "", words)
    return [to for to in re.findall(r"\]\(([^)#\s]+)[^)]*\)", words) if ":" not in to]


def test_a_file_or_a_folder_with_something_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("full", "file"):
        assert main(["notebooks", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["file", "full", "notes.txt"]


def test_an_empty_folder_will_do_and_a_file_in_the_way_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["notebooks", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.ipynb"))) == len(find_notebooks())
    assert main(["notebooks", str(tmp_path / "CREDITS.md" / "new")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_installation_without_notebooks_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handout, "PACKAGED", tmp_path / "none")
    monkeypatch.setattr(handout, "CLONE", tmp_path / "none")
    assert main(["notebooks", str(tmp_path / "mine")]) == 2
    assert "carries no notebooks" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_only_the_course_is_copied_from_a_clone(tmp_path: Path) -> None:
    handout.copy_course(tmp_path)
    assert not (tmp_path / "src").exists()
    assert {file.name for file in tmp_path.iterdir()} < {file.name for file in NOTEBOOKS.iterdir()}
