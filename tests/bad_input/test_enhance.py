"""`lacr enhance` of a folder where everything is wrong that can be."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from lacr_lib.cli import main
from lacr_lib.data.images import image_size, read_image
from lacr_lib.errors import LacrError
from lacr_lib.inference import files

Enhance = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def enhance(weights: str, capsys: pytest.CaptureFixture[str]) -> Enhance:
    """Runs `lacr enhance INPUTS -o OUT`; returns the exit code and the lines of stderr."""

    def run(*inputs: object, out: Path) -> tuple[int, list[str]]:
        code = main(["enhance", *map(str, inputs), "-o", str(out), "--weights", weights])
        told = capsys.readouterr().err.replace("\r", "\n").split("\n")
        return code, [line for line in told if line.strip() and "photo/s" not in line]

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every regular file directly in a folder, with its bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_good_files_are_done_and_each_bad_one_is_told_in_one_line(
    corpus, enhance: Enhance, tmp_path: Path
) -> None:
    before, out = contents(corpus.folder), tmp_path / "out"
    code, lines = enhance(corpus.folder, out=out)
    assert code == 1
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [f"{Path(name).stem}.png" for name in corpus.good] + ["twin.png"]
    )
    for name, size in corpus.good.items():
        with Image.open(out / f"{Path(name).stem}.png") as picture:
            picture.load()
            assert (picture.size, picture.mode) == (size, "RGB"), name
    for name, reason in corpus.bad.items():
        told = [line for line in lines if f"/{name}" in line.split(" (")[0]]
        assert len(told) == 1 and told[0].startswith("lacr: "), (name, told)
        assert reason in told[0] and told[0].isprintable(), told[0]
    assert len(lines) == len(corpus.bad), lines
    assert contents(corpus.folder) == before


def test_into_its_own_folder_no_input_is_overwritten(corpus, enhance: Enhance) -> None:
    before = contents(corpus.folder)
    code, _ = enhance(corpus.folder, out=corpus.folder)
    after = contents(corpus.folder)
    assert code == 1
    assert {name: after[name] for name in before} == before
    new = set(after) - set(before)
    jpegs = {Path(n).stem for n in corpus.good if not n.endswith(".png")}
    assert new == {f"{stem}.png" for stem in jpegs}


def test_a_full_disk_leaves_no_half_file(
    corpus, enhance: Enhance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    names = ["plain.jpg", "grey.png"]
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        code, lines = enhance(*(corpus.folder / name for name in names), out=tmp_path / "out")
    assert code == 1 and not list((tmp_path / "out").iterdir())
    for name, line in zip(names, lines, strict=True):
        assert name in line and "No space left on device" in line
    assert enhance(*(corpus.folder / name for name in names), out=tmp_path / "out") == (0, [])


def test_an_output_that_exists(corpus, enhance: Enhance, tmp_path: Path) -> None:
    """A file in the folder's place, a folder in a file's place, and an earlier output."""
    photo, out = corpus.folder / "plain.jpg", tmp_path / "out"
    out.write_text("a file")
    code, (line,) = enhance(photo, out=out)
    assert code == 2 and "out" in line and out.read_text() == "a file"
    out.unlink()
    (out / "plain.png").mkdir(parents=True)
    code, (line,) = enhance(photo, out=out)
    assert code == 2 and "plain.jpg" in line and "is a folder" in line
    assert list(out.iterdir()) == [out / "plain.png"]
    (out / "plain.png").rmdir()
    (out / "plain.png").write_text("an earlier output")
    assert enhance(photo, out=out) == (0, [])
    Image.open(out / "plain.png").load()


def test_nothing_to_do(enhance: Enhance, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "sub.png").mkdir()
    for given in (tmp_path / "absent", tmp_path / "empty", tmp_path / ("x" * 300 + ".png")):
        code, (line,) = enhance(given, out=tmp_path / "out")
        assert code == 2 and str(tmp_path) in line
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="links and names of Unix")
def test_links_and_names_that_stand_in_the_way(corpus, enhance: Enhance, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    photo = corpus.folder / "plain.jpg"
    (out / "plain.png").symlink_to("plain.png")  # leads to itself
    assert enhance(photo, corpus.folder / ("x" * 300 + ".png"), out=out)[0] == 1
    Image.open(out / "plain.png").load()
    hard = tmp_path / "plain.png"
    os.link(photo, hard)  # the input's bytes under the name of an output
    before = photo.read_bytes()
    assert enhance(photo, out=tmp_path)[0] == 0
    assert photo.read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name is always text")
def test_a_name_that_is_no_text(corpus, enhance: Enhance, tmp_path: Path) -> None:
    strange = corpus.folder / os.fsdecode(b"\xff\xfe.jpg")
    strange.write_bytes((corpus.folder / "plain.jpg").read_bytes())
    out = tmp_path / os.fsdecode(b"out \xff")
    assert enhance(strange, out=out) == (0, [])
    Image.open(out / os.fsdecode(b"\xff\xfe.png")).load()


def test_a_folder_that_cannot_be_listed(
    corpus, enhance: Enhance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    listing = Path.iterdir

    def refuse(self: Path):
        if self == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    code, (line,) = enhance(locked, corpus.folder / "plain.jpg", out=tmp_path / "out")
    assert code == 1 and "locked" in line and "Permission denied" in line
    assert (tmp_path / "out" / "plain.png").is_file()


def test_a_photograph_without_the_right_to_read_it(
    corpus, enhance: Enhance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root no file is unreadable, so the system's refusal is played."""
    opened = Image.open

    def refuse(path, *arguments):
        if str(path).endswith("grey.png"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *arguments)

    monkeypatch.setattr(Image, "open", refuse)
    names = [corpus.folder / name for name in ("grey.png", "plain.jpg")]
    code, (line,) = enhance(*names, out=tmp_path / "out")
    assert code == 1 and line.startswith("lacr: cannot read ") and "grey.png" in line
    assert "(Permission denied): check its permissions" in line
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["plain.png"]


def test_in_a_log_each_line_is_one(corpus, enhance: Enhance, tmp_path: Path, capsys) -> None:
    """What `lacr enhance ... 2> LOG` leaves can be searched: no bar is drawn over."""
    photos = [str(corpus.folder / name) for name in ("empty.png", "plain.jpg")]
    assert main(["enhance", *photos, "-o", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().err.split("\n")
    assert not any("\r" in line for line in lines)
    assert sum(line.startswith("lacr: cannot read ") for line in lines) == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes and links of Unix")
@pytest.mark.parametrize("name", ["pipe.png", "loop.png", "dangling.png"])
def test_the_library_refuses_what_the_command_refuses(corpus, name: str) -> None:
    for read in (read_image, image_size):
        with pytest.raises(LacrError, match=name):
            read(corpus.folder / name)
