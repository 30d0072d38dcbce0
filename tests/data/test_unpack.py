"""Archives made by an enemy: nothing but whole files, and nothing outside the folder."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from lacr_lib.data.unpack import unpack
from lacr_lib.errors import LacrError

KINDS = ("zip", "tar", "tar.gz", "tar.xz", "tar.bz2")
Files = list[tuple[str, bytes]]
GOOD: Files = [
    ("set/low/1.png", b"low" * 100_000),
    ("./set/high/1.png", b"high"),
    ("set//high/naïve 夜.png", b""),
]


def pack(path: Path, kind: str, files: Files) -> Path:
    """An archive of files, in order, with whatever names."""
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return path
    with tarfile.open(path, "w:" + kind.removeprefix("tar").removeprefix(".")) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o6777
            archive.addfile(info, io.BytesIO(content))
    return path


def refused(archive: Path, words: str, max_bytes: int = 10**6, max_files: int = 100) -> None:
    """The archive is refused in one line, and the world beside the folder is as it was."""
    beside = archive.parent
    folder = beside / "deep" / "er" / "folder"
    folder.mkdir(parents=True)
    before = {path: path.stat().st_mtime_ns for path in sorted(beside.glob("*"))}
    with pytest.raises(LacrError, match=words) as told:
        unpack(archive, folder, max_bytes, max_files)
    assert "\n" not in str(told.value)
    assert {path: path.stat().st_mtime_ns for path in sorted(beside.glob("*"))} == before
    assert [*beside.glob("deep/*"), *beside.glob("deep/er/*")] == [folder.parent, folder]
    inside = list(folder.rglob("*"))
    assert all(stat.S_IFMT(p.lstat().st_mode) in (stat.S_IFREG, stat.S_IFDIR) for p in inside)
    assert sum(p.lstat().st_size for p in inside if p.is_file()) <= max_bytes
    assert len(inside) <= max_files


@pytest.mark.parametrize("kind", KINDS)
def test_files_come_out_whole(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    unpack(pack(tmp_path / "a", kind, GOOD), folder, 10**6, 100)
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert sorted(found) == ["set/high/1.png", "set/high/naïve 夜.png", "set/low/1.png"]
    assert found["set/low/1.png"].read_bytes() == GOOD[0][1]
    if os.name == "posix":  # no mode of the archive's choice, set-user-id least of all
        assert all(path.stat().st_mode & 0o7111 == 0 for path in found.values())


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize(
    "name",
    [
        "../x", "a/../../x", "a/..", "..", "/x", "//x", "/tmp/x", "../../../../../../../../tmp/x",
        "..\\x", "a\\..\\..\\x", "\\x", "\\\\server\\x", "C:\\x", "C:x", "C:/x", "x:stream",
        "a\nb", "\x1b[2J", "x\u202egnp.exe",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    archive = pack(tmp_path / "a", kind, [("good.png", b"good"), (name, b"evil")])
    refused(archive, "a name that is refused")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_two_files_in_one_place_are_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with pytest.warns(UserWarning) if kind == "zip" else nullcontext():
        twice = pack(tmp_path / "1" / "a", kind, [("a.png", b"1"), ("a.png", b"2")])
    refused(twice, "twice")
    refused(pack(tmp_path / "2" / "a", kind, [("a", b"1"), ("a/b", b"2")]), "below a file")


TAR_TYPES = {
    "symbolic link": (tarfile.SYMTYPE, "/etc/passwd"),
    "symbolic link inside": (tarfile.SYMTYPE, "good.png"),
    "hard link": (tarfile.LNKTYPE, "good.png"),
    "hard link outside": (tarfile.LNKTYPE, "../../../a"),
    "character device": (tarfile.CHRTYPE, ""),
    "block device": (tarfile.BLKTYPE, ""),
    "pipe": (tarfile.FIFOTYPE, ""),
    "unknown": (b"Z", ""),
}


@pytest.mark.parametrize("what", TAR_TYPES)
def test_links_and_devices_in_a_tar_file_are_refused(tmp_path: Path, what: str) -> None:
    with tarfile.open(tmp_path / "a", "w") as archive:
        good = tarfile.TarInfo("good.png")
        good.size = 4
        archive.addfile(good, io.BytesIO(b"good"))
        evil = tarfile.TarInfo("evil")
        evil.type, evil.linkname = TAR_TYPES[what]
        archive.addfile(evil)
        below = tarfile.TarInfo("evil/x")
        archive.addfile(below)
    refused(tmp_path / "a", "'evil', a link or a device")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_file_are_refused(tmp_path: Path, kind: int) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        evil = zipfile.ZipInfo("evil")
        evil.create_system, evil.external_attr = 3, (kind | 0o777) << 16
        archive.writestr(evil, "/etc")
        archive.writestr("evil/x", "x")
    refused(tmp_path / "a", "'evil', a link or a device")


@pytest.mark.parametrize("kind", KINDS)
def test_bombs_are_stopped(tmp_path: Path, kind: str) -> None:
    for folder in "123":
        (tmp_path / folder).mkdir()
    zeros = pack(tmp_path / "1" / "a", kind, [("zeros", bytes(5_000_000))])
    refused(zeros, "unpacks to more")
    parts = pack(tmp_path / "2" / "a", kind, [(f"{n}", bytes(400_000)) for n in range(5)])
    refused(parts, "unpacks to more")
    many = pack(tmp_path / "3" / "a", kind, [(f"{n}", b"") for n in range(200)])
    refused(many, "more than 100 files")


def test_folders_count_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        for number in range(101):
            archive.writestr(f"{number}/", "")
    refused(tmp_path / "a", "more than 100 files")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_folders_that_only_a_name_tells_of_count_too(tmp_path: Path, kind: str) -> None:
    deep = "/".join("abcd") + "/1.png"
    for most in (1, 4):
        (tmp_path / f"{most}").mkdir()
        archive = pack(tmp_path / f"{most}" / "a", kind, [(deep, b"1")])
        refused(archive, f"more than {most} files and folders", max_files=most)
    (tmp_path / "folder").mkdir()
    archive = pack(tmp_path / "a", kind, [(deep, b"1"), ("a/b/2.png", b"2")])
    unpack(archive, tmp_path / "folder", 10**6, max_files=6)  # each folder counts once
    assert len(list((tmp_path / "folder").rglob("*"))) == 6


@pytest.mark.parametrize("claim", [1, 999_999, 2**32 - 2])
def test_sizes_that_a_zip_file_lies_about(tmp_path: Path, claim: int) -> None:
    """The true size, 5 MB, is replaced in both headers."""
    content = pack(tmp_path / "a", "zip", [("zeros", bytes(5_000_000))]).read_bytes()
    assert content.count(struct.pack("<I", 5_000_000)) == 2
    (tmp_path / "a").write_bytes(
        content.replace(*(struct.pack("<I", n) for n in (5_000_000, claim)))
    )
    refused(tmp_path / "a", "damaged|unpacks to more")


def tar_header(**fields: object) -> bytes:
    info = tarfile.TarInfo("file")
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "header",
    [
        tar_header(size=10**11),  # content
        tar_header(size=10**11, type=tarfile.XHDTYPE),  # what tarfile takes into memory at once
        tar_header(size=10**11, type=tarfile.GNUTYPE_LONGNAME),
    ],
    ids=["file", "pax header", "long name"],
)
def test_sizes_that_a_tar_file_lies_about(tmp_path: Path, header: bytes) -> None:
    for words, content in {"unpacks to more": bytes(3_000_000), "damaged": b"short"}.items():
        archive = tmp_path / words / "a"
        archive.parent.mkdir()
        archive.write_bytes(gzip.compress(header + content))
        refused(archive, words)


def test_a_sparse_file_is_as_large_as_what_it_unpacks_to(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("holes")
        info.pax_headers = {
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "holes",
            "GNU.sparse.realsize": str(10**12),
        }  # fmt: skip
        info.size = 512
        archive.addfile(info, io.BytesIO(b"0\n".ljust(512, b"\0")))
    refused(tmp_path / "a", "unpacks to more")


def _encrypted(content: bytes) -> bytes:
    flags = bytearray(content)
    flags[6] |= 1
    flags[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(flags)


NO_ARCHIVE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda content: b"",
    "text": lambda content: b"<html>404, or a page to log in</html>" * 50,
    "PK": lambda content: b"PK\x03\x04 and no more",
    "gzip of nothing": lambda content: gzip.compress(b""),
    "gzip of text": lambda content: gzip.compress(b"text " * 1000),
    "encrypted": _encrypted,
    "zip of nothing": lambda content: b"PK\x05\x06" + bytes(18),
    "tar of nothing": lambda content: bytes(10_240),
}


@pytest.mark.parametrize("what", NO_ARCHIVE)
def test_no_archive_is_one_line(tmp_path: Path, what: str) -> None:
    content = pack(tmp_path / "a", "zip", GOOD).read_bytes()
    (tmp_path / "a").write_bytes(NO_ARCHIVE[what](content))
    refused(tmp_path / "a", "damaged|empty")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w", method) as archive:
        archive.writestr("zeros", bytes(5_000_000))
    refused(tmp_path / "a", "packed in a rare way")


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_cut_short_is_damaged(tmp_path: Path, kind: str) -> None:
    noise = [(f"{n}.png", os.urandom(3000)) for n in range(3)]
    content = pack(tmp_path / "a", kind, noise).read_bytes()
    for cut in range(1, 9000, 700):
        (tmp_path / str(cut)).mkdir()
        (tmp_path / str(cut) / "a").write_bytes(content[:cut])
        refused(tmp_path / str(cut) / "a", "damaged")


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_is_told_or_harmless(tmp_path: Path, kind: str) -> None:
    """No crash and nothing outside; that the content is right is what the SHA-256 is for."""
    content = pack(tmp_path / "a", kind, GOOD).read_bytes()
    for number, place in enumerate(range(0, len(content), max(1, len(content) // 60))):
        flipped = bytearray(content)
        flipped[place] ^= 0x55
        (tmp_path / "a").write_bytes(flipped)
        folder = tmp_path / f"folder-{number}"
        folder.mkdir()
        try:
            unpack(tmp_path / "a", folder, 10**6, 100)
        except LacrError as error:
            assert "\n" not in str(error)
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("folder-")} == {
        "a"
    }
