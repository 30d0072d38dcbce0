"""`lacr fetch` from the command line: what it shows, asks, and answers with."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.cli import main
from lacr_lib.data.layouts import open_photoset


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def content() -> bytes:
    made = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("low/1.png", "high/1.png"):
            picture = io.BytesIO()
            Image.fromarray(pixels).save(picture, "PNG")
            archive.writestr(name, picture.getvalue())
    return made.getvalue()


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror, content: bytes) -> list[str]:
    """Options that name a catalogue with one set to download, `mine`, and one without, `page`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (tmp_path / "mine.toml").write_text(
        f"""
        [mine]
        title = "My own set"
        page = "https://example.org/mine"
        terms = "for this class only"
        layout = ["low/1.png", "high/1.png"]
        then = "lacr evaluate --data DIR"
        sources = ["{mirror.put("/gone", status=404)}", "{mirror.put("/mine.zip", content)}"]
        bytes = {len(content)}
        sha256 = "{hashlib.sha256(content).hexdigest()}"
        unpacked_bytes = 100000
        [page]
        title = "A set that has a page"
        page = "https://example.org/page"
        terms = "ask first"
        how = "by letter"
        layout = ["1.png"]
        then = "lacr evaluate --data DIR"
        """
    )
    return ["--catalogue", "mine.toml"]


def errors(text: str) -> list[str]:
    every = text.replace("\r", "\n").split("\n")
    return [line for line in every if line.startswith("lacr: ")]


def test_the_list(catalogue: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", *catalogue]) == 0
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["mine", "page"] and rows[1][1] == "page"
    assert main(["fetch", "--list"]) == 0
    names = [row.split()[0] for row in capsys.readouterr().out.splitlines()]
    assert names[:3] == ["sice", "lol-v1", "lol-v2-real"]


def test_a_set_that_has_only_a_page(catalogue, capsys, tmp_path: Path) -> None:
    assert main(["fetch", "page", "--yes", "-o", "here", *catalogue]) == 2
    told = capsys.readouterr()
    for words in ("https://example.org/page", "ask first", "by letter", "1.png", "--data here"):
        assert words in told.out
    assert len(errors(told.err)) == 1 and "nothing was downloaded" in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("typed", [None, "", "no\n", "y\n"])
def test_nothing_is_asked_of_the_network_before_the_terms_are_accepted(
    typed, catalogue, mirror, capsys, tmp_path: Path, monkeypatch
) -> None:
    if typed is not None:
        monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert main(["fetch", "mine", *catalogue]) == 2
    told = capsys.readouterr()
    assert "for this class only" in told.out and "unpacked at most 0.1 MB" in told.out
    assert len(errors(told.err)) == 1 and "nothing was downloaded" in told.err
    assert mirror.asked == [] and [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("agree", ["--yes", "typed"])
def test_a_download_of_a_second_source(agree, catalogue, mirror, capsys, monkeypatch) -> None:
    if agree == "typed":
        monkeypatch.setattr("sys.stdin", Terminal("Yes\n"))
    yes = ["--yes"] if agree == "--yes" else []
    assert main(["fetch", "mine", *yes, *catalogue]) == 0
    told = capsys.readouterr()
    assert told.out.index("for this class only") < told.out.index("its sha256 is right")
    assert "lacr evaluate --data data/mine" in told.out.splitlines()[-1]
    assert "404" in told.err and "100%" in told.err  # why the second, and the bar
    assert [path for path, _ in mirror.asked] == ["/gone", "/mine.zip"]
    assert open_photoset("data/mine").describe().startswith("1 scene")
    assert sorted(path.name for path in Path("data").iterdir()) == ["mine"]


def test_an_existing_folder_is_2_and_kept(catalogue, mirror, capsys, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert main(["fetch", "mine", "--yes", "-o", "here", *catalogue]) == 2
    told = capsys.readouterr()
    assert "exists and is left" in told.err and not told.out
    assert mirror.asked == [] and not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"status": 500}, "HTTP 500"),
        ({"cuts": [100]}, "cut off after 100 of"),
        ({"content": b"something else"}, "offers a file of 14 bytes"),
    ],
    ids=["500", "cut", "size"],
)
def test_a_failed_download_is_1_and_goes_on(
    wrong, words, catalogue, mirror, content, capsys
) -> None:
    mirror.put("/mine.zip", **{"content": content, **wrong})
    assert main(["fetch", "mine", "--yes", *catalogue]) == 1
    told = errors(capsys.readouterr().err)
    assert words in told[-1] and "run it again" in told[-1] and "no source" in told[-1]
    assert len(told) == 3  # a line for each source, and the end
    assert not Path("data/mine").exists()
    mirror.put("/mine.zip", content)
    assert main(["fetch", "mine", "--yes", *catalogue]) == 0


@pytest.mark.parametrize(
    "words",
    [["mien"], ["mine", "--catalogue", "missing.toml"], ["../mine"], ["mine", "--nonsense"]],
)
def test_a_mistake_is_2_and_one_line(words, catalogue, mirror, capsys, tmp_path: Path) -> None:
    run = ["fetch", *(words if "--catalogue" in words else [*words, *catalogue])]
    assert main(run) == 2
    told = capsys.readouterr()
    assert len(errors(told.err)) == 1 and not told.out
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"] and mirror.asked == []


def test_it_needs_no_torch() -> None:
    code = (
        "import sys; from lacr_lib.cli import main; code = main(['fetch', 'sice']); "
        "assert not {'torch', 'numpy', 'PIL'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
