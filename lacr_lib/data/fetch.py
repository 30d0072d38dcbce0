"""A data set from the network to a folder, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lacr_lib.data.catalogue import Archive
from lacr_lib.data.download import download
from lacr_lib.data.unpack import unpack
from lacr_lib.errors import LacrError


def fetch(
    archive: Archive,
    out: str | Path,
    at: Callable[[int], object] = lambda position: None,
    tell: Callable[[str], object] = lambda line: None,
) -> None:
    """Download, check and unpack an archive; `out`, which must not exist, appears when all is done.

    Until then everything is in a hidden folder beside it. A download that was cut off stays there
    and is continued by the next call. at: told how many bytes are there. tell: told why a source
    was given up.
    Raises LacrError if `out` exists, another process fetches it, no source gave the file, or the
    archive is not fit; OSError if it cannot be written.
    """
    out = Path(out).expanduser()
    check_new(out)
    work = out.parent / f".{out.name}.lacr-fetch"
    work.mkdir(parents=True, exist_ok=True)
    part, unpacked = work / f"{archive.sha256}.part", work / "unpacked"
    with _alone(work, out):
        download(archive.sources, part, archive.bytes, archive.sha256, at, tell)
        _unpack(archive, part, unpacked)
        check_new(out)
        os.rename(unpacked, out)
        for each in work.glob("*.part"):
            each.unlink()


def check_new(out: Path) -> None:
    """Raises LacrError if a folder cannot be made there, or something is there already."""
    if os.path.lexists(out):
        raise LacrError(f"{out} exists and is left as it is; give another folder by -o DIR")
    above = next(parent for parent in out.absolute().parents if parent.exists())
    if not above.is_dir():
        raise LacrError(f"cannot make {out}: {above} is a file, not a folder")


def _unpack(archive: Archive, part: Path, unpacked: Path) -> None:
    """Into a fresh folder; an archive that is not fit is thrown away, a full disk keeps it."""
    shutil.rmtree(unpacked, ignore_errors=True)  # of a process that was killed
    unpacked.mkdir()
    try:
        unpack(part, unpacked, archive.unpacked_bytes, archive.max_files)
    except BaseException as error:
        shutil.rmtree(unpacked, ignore_errors=True)
        if isinstance(error, LacrError):
            part.unlink()
        raise


@contextmanager
def _alone(work: Path, out: Path) -> Iterator[None]:
    """The work folder for one process at a time; it goes when there is no download to continue."""
    lock = FileLock(work / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LacrError(f"another process is fetching {out}; wait for it") from None
    try:
        yield
    finally:
        if not any(work.glob("*.part")):
            shutil.rmtree(work, ignore_errors=True)
        lock.release()
        with suppress(OSError):  # where an open file cannot be removed, the lock goes only now
            work.rmdir()
