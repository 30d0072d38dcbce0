"""A data set from a mirror on this machine: whole or not at all, whatever happens on the way."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from lacr_lib.data import fetch as module
from lacr_lib.data.catalogue import Archive
from lacr_lib.data.fetch import fetch
from lacr_lib.errors import LacrError

NOISE = np.random.default_rng(0).bytes(50_000)


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, NOISE)
    return content.getvalue()


def tarred(kind: bytes, target: str = "", size: int = 0, mode: str = "w:gz") -> bytes:
    """A tar file of a good file and an evil one."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:  # type: ignore[call-overload]
        for name in ("good.png", "evil"):
            info = tarfile.TarInfo(name)
            if name == "evil":
                info.type, info.linkname, info.size = kind, target, size
            archive.addfile(info, io.BytesIO(bytes(size)))
    return content.getvalue()


CONTENT = zipped("low/1.png", "high/1.png")


def of(content: bytes, *sources: str) -> Archive:
    sha256 = hashlib.sha256(content).hexdigest()
    return Archive(sources, len(content), sha256, unpacked_bytes=10**6, max_files=10)


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


WHOLE = ["set", "set/high", "set/high/1.png", "set/low", "set/low/1.png"]


def test_the_folder_appears_whole_and_alone(mirror, tmp_path: Path) -> None:
    fetch(of(CONTENT, mirror.put("/a", CONTENT)), tmp_path / "set")
    assert listed(tmp_path) == WHOLE
    assert (tmp_path / "set/low/1.png").read_bytes() == NOISE
    fetch(of(CONTENT, mirror.put("/a", CONTENT)), tmp_path / "new" / "folders" / "set")
    assert listed(tmp_path / "new/folders") == WHOLE


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_a_cut_leaves_a_hidden_beginning_that_is_continued(mirror, tmp_path, ranges) -> None:
    archive = of(CONTENT, mirror.put("/a", CONTENT, cuts=[30_000, 30_000], ranges=ranges))
    for _ in range(2):
        with pytest.raises(LacrError, match=r"cut off after [36]0,000"):
            fetch(archive, tmp_path / "set")
        assert [path.name for path in tmp_path.iterdir()] == [".set.lacr-fetch"]
        assert not (tmp_path / ".set.lacr-fetch" / "unpacked").exists()
    fetch(archive, tmp_path / "set")
    assert listed(tmp_path) == WHOLE


def test_another_archive_does_not_go_on_from_the_old_beginning(mirror, tmp_path) -> None:
    with pytest.raises(LacrError, match="cut off"):
        fetch(of(CONTENT, mirror.put("/a", CONTENT, cuts=[1000])), tmp_path / "set")
    other = zipped("other.png")
    fetch(of(other, mirror.put("/b", other)), tmp_path / "set")
    assert mirror.asked[-1] == ("/b", None)
    assert listed(tmp_path) == ["set", "set/other.png"]


LYING = zipped("1.png").replace(*(struct.pack("<I", n) for n in (len(NOISE), len(NOISE) // 2)))
HOSTILE = {
    "outside": (zipped("good.png", "../evil.png"), "a name that is refused"),
    "outside, later": (zipped("good.png", "a/b/../../../evil.png"), "a name that is refused"),
    "absolute": (zipped("good.png", "/tmp/lacr-evil.png"), "a name that is refused"),
    "outside, Windows": (zipped("good.png", "..\\evil.png"), "a name that is refused"),
    "absolute, Windows": (zipped("good.png", "C:\\evil.png"), "a name that is refused"),
    "symbolic link": (tarred(tarfile.SYMTYPE, "/etc"), "a link or a device"),
    "hard link": (tarred(tarfile.LNKTYPE, "../../mine.toml"), "a link or a device"),
    "device": (tarred(tarfile.CHRTYPE), "a link or a device"),
    "pipe": (tarred(tarfile.FIFOTYPE, mode="w"), "a link or a device"),
    "bomb": (tarred(tarfile.REGTYPE, size=5_000_000, mode="w:xz"), "unpacks to more"),
    "many files": (zipped(*(f"{n}.png" for n in range(11))), "more than 10 files"),
    "lying header": (LYING, "damaged"),
    "cut": (CONTENT[:70_000], "damaged"),
    "cut tar": (tarred(tarfile.REGTYPE, size=50_000)[:-30], "damaged"),
    "a page": (b"<html>log in first</html>", "damaged"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_leaves_nothing(mirror, tmp_path: Path, what: str) -> None:
    content, words = HOSTILE[what]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("mine")
    with pytest.raises(LacrError, match=words) as told:
        fetch(of(content, mirror.put("/a", content)), tmp_path / "mine" / "set")
    assert "\n" not in str(told.value)
    assert listed(tmp_path) == ["mine", "mine/note.txt"]
    assert not Path("/tmp/lacr-evil.png").exists()


@pytest.mark.parametrize("wrong", [CONTENT[::-1], CONTENT[:-1], b"", None])
def test_a_wrong_or_missing_file_leaves_nothing(mirror, tmp_path: Path, wrong) -> None:
    source = mirror.put("/a", wrong) if wrong is not None else "http://127.0.0.1:9/"
    with pytest.raises(LacrError, match="no source"):
        fetch(of(CONTENT, source), tmp_path / "set")
    assert listed(tmp_path) == []


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "dangling link"])
def test_what_exists_is_never_touched(mirror, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "set"
    if kind == "file":
        out.write_text("mine")
    elif kind == "dangling link":
        out.symlink_to(tmp_path / "nowhere")
    else:
        out.mkdir()
    if kind == "folder":
        (out / "mine.png").write_text("mine")
    before = listed(tmp_path)
    with pytest.raises(LacrError, match="exists and is left as it is"):
        fetch(of(CONTENT, mirror.put("/a", CONTENT)), out)
    assert listed(tmp_path) == before and mirror.asked == []


def test_a_folder_that_appears_on_the_way_is_kept(mirror, tmp_path: Path, monkeypatch) -> None:
    unpack = module.unpack

    def slow(*arguments: object) -> None:
        unpack(*arguments)  # type: ignore[arg-type]
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "mine.png").write_text("mine")

    monkeypatch.setattr(module, "unpack", slow)
    with pytest.raises(LacrError, match="exists"):
        fetch(of(CONTENT, mirror.put("/a", CONTENT)), tmp_path / "set")
    assert listed(tmp_path / "set") == ["mine.png"]


def test_below_a_file_there_is_no_folder(mirror, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a note")
    with pytest.raises(LacrError, match="is a file, not a folder"):
        fetch(of(CONTENT, mirror.put("/a", CONTENT)), tmp_path / "note.txt" / "set")


def test_two_at_once_are_refused(mirror, tmp_path: Path) -> None:
    work = tmp_path / ".set.lacr-fetch"
    work.mkdir()
    archive = of(CONTENT, mirror.put("/a", CONTENT))
    with FileLock(work / "lock"):
        (work / "unpacked").mkdir()  # of the other one
        with pytest.raises(LacrError, match="another process"):
            fetch(archive, tmp_path / "set")
        assert (work / "unpacked").is_dir() and mirror.asked == []
    fetch(archive, tmp_path / "set")  # the other one was killed
    assert listed(tmp_path) == WHOLE


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_stop_while_unpacking_keeps_the_download(mirror, tmp_path, monkeypatch, error) -> None:
    def half(archive: Path, folder: Path, *_: object) -> None:
        (folder / "half.png").write_bytes(b"half")
        raise error

    archive = of(CONTENT, mirror.put("/a", CONTENT))
    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr(module, "unpack", half)
        fetch(archive, tmp_path / "set")
    assert not any("unpacked" in name for name in listed(tmp_path))
    fetch(archive, tmp_path / "set")
    assert listed(tmp_path) == WHOLE
    assert len(mirror.asked) == 1  # it was not asked again


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="rights bind no root")
def test_a_folder_without_rights(mirror, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        fetch(of(CONTENT, mirror.put("/a", CONTENT)), tmp_path / "set")
