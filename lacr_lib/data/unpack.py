"""Archives from strangers: files and folders come out of them, inside one folder, and nothing else.

Neither zipfile nor tarfile writes a file here: they read, and each name, kind and size is checked
before it is used. Sizes are counted as the bytes come out, whatever the archive says of them.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from lacr_lib.errors import LacrError, first_line

CHUNK = 2**18  # bytes
HEADERS = 4096  # bytes of a tar file that a member may need beside its content
_COMPRESSED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open, b"BZh": bz2.open}
# What the readers raise for archives that are cut short, damaged, or none.
_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip


class _Member(NamedTuple):
    """A file of an archive with its content in pieces, or a folder: content is None."""

    name: str
    content: Iterator[bytes] | None


def unpack(archive: Path, folder: Path, max_bytes: int, max_files: int) -> None:
    """Unpack a .zip, .tar, .tar.gz, .tar.xz or .tar.bz2 file into a folder that exists, empty.

    max_bytes: of all files together. max_files: files and folders together, those folders that
    only a file's name tells of among them.
    Raises LacrError for an archive that is damaged or larger than that, or in which something is
    no plain file or folder, lies twice or in no proper place; the folder then holds a part of it.
    Raises OSError where it cannot be written.
    """
    left, number = max_bytes, 0

    def count() -> None:
        nonlocal number
        number += 1
        if number > max_files:
            raise LacrError(f"the archive holds more than {max_files:,} files and folders")

    with closing(_members(archive, max_bytes, max_files)) as members:
        for name, content in members:
            count()
            place = _place(folder, name, content is None, count)
            if content is None:
                continue
            with place.open("xb") as file:
                for piece in content:
                    left -= len(piece)
                    if left < 0:
                        raise LacrError(f"the archive unpacks to more than {max_bytes:,} bytes")
                    file.write(piece)
    if not number:
        raise LacrError("the archive is empty")


def _place(folder: Path, name: str, is_folder: bool, count: Callable[[], None]) -> Path:
    """Where a member goes, with its folders made; raises LacrError for a name that is unfit.

    count: called before each folder that is made on the way there.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not name.isprintable() or name.startswith("/") or ".." in parts or set(name) & set("\\:"):
        raise LacrError(f"the archive holds a name that is refused: {name!r}")
    place = folder
    try:
        for part in parts[:-1]:
            place = place / part
            if not place.is_dir():
                count()
                place.mkdir()
        place = place.joinpath(*parts[-1:])
        if is_folder:
            place.mkdir(exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise LacrError(f"the archive holds {name!r} below a file") from None
    if not is_folder and (not parts or place.exists()):
        raise LacrError(f"the archive holds {name!r} twice, or with another case")
    return place


def _members(archive: Path, max_bytes: int, max_files: int) -> Generator[_Member, None, None]:
    with archive.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"PK"):
        return _zip_members(archive)
    opened = next((o for magic, o in _COMPRESSED.items() if start.startswith(magic)), open)
    return _tar_members(archive, opened, max_bytes + HEADERS * max_files)


def _zip_members(archive: Path) -> Generator[_Member, None, None]:
    with _reading(), zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise LacrError(f"the archive holds {info.filename!r}, a link or a device")
            # the other methods of a zip file are unpacked in pieces of any size
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise LacrError(f"the archive holds {info.filename!r}, packed in a rare way")
            if info.is_dir():
                yield _Member(info.filename, None)
                continue
            with file.open(info) as source:
                yield _Member(info.filename, _pieces(source))


def _tar_members(archive: Path, opened: Any, limit: int) -> Generator[_Member, None, None]:
    # "r|": read once, from start to end, so that no more than the limit is ever unpacked
    with _reading(), opened(archive, "rb") as raw:
        stream = cast("IO[bytes]", _Limited(raw, limit))
        with tarfile.open(fileobj=stream, mode="r|") as file:
            for info in file:
                if info.isdir():
                    yield _Member(info.name, None)
                    continue
                source = file.extractfile(info) if info.isfile() else None
                if source is None:
                    raise LacrError(f"the archive holds {info.name!r}, a link or a device")
                yield _Member(info.name, _pieces(source))


class _Limited:
    """A stream that ends in an error after so many bytes: a header may claim any length."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream, self.left = stream, limit

    def read(self, size: int) -> bytes:
        piece = self.stream.read(size)
        self.left -= len(piece)
        if self.left < 0:
            raise LacrError("the archive unpacks to more bytes than it should")
        return piece


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    with _reading():
        while piece := source.read(CHUNK):
            yield piece


@contextmanager
def _reading() -> Iterator[None]:
    """Turns whatever a reader raises in the block into a LacrError."""
    try:
        yield
    except LacrError:
        raise
    except _BROKEN as error:
        raise LacrError(f"the archive is damaged ({first_line(error)})") from None
