"""Whole files or none: write beside the target, then rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path`, to be written in the block and renamed to `path` after it.

    A reader sees the old file or the whole new one, and a failure leaves neither a half file nor
    a left-over. Parent folders are made. Raises OSError.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".lacr-", suffix=".part")
    os.close(number)
    try:
        yield Path(name)
        if os.name == "posix":  # mkstemp makes private files; give the usual permissions
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_whole(path: str | Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file, which appears at `path` whole or not at all. Raises OSError."""
    with beside(path) as part, part.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all. Raises OSError."""
    write_whole(path, lambda file: file.write(text.encode("utf-8")))
