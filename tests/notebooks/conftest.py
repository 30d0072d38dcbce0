"""A notebook behind a wall: no network, a home folder of its own, and a list of what it writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lacr_lib.teaching.build import kernel_environment
from lacr_lib.teaching.sources import NOTEBOOKS

ROOT = NOTEBOOKS.parent


@dataclass(frozen=True)
class Wall:
    """home: the empty home folder; log: what wall/sitecustomize.py noted, a line each."""

    home: Path
    log: Path

    @contextmanager
    def environment(self) -> Iterator[None]:
        """As `make run` sets it, in the smoke profile and on one thread, and behind the wall."""
        folders = [str(Path(__file__).with_name("wall")), os.environ.get("PYTHONPATH", "")]
        settings = {
            "LACR_PROFILE": "smoke",
            "OMP_NUM_THREADS": "1",
            "HOME": str(self.home),
            "LACR_WALL": str(self.log),
            "PYTHONPATH": os.pathsep.join(filter(None, folders)),
        }
        with kernel_environment(settings):
            yield

    def noted(self, kind: str) -> set[str]:
        """kind: begin (process numbers), network (hosts) or write (paths)."""
        lines = self.log.read_text("utf-8", "surrogateescape").splitlines()
        return {line.partition(" ")[2] for line in lines if line.startswith(f"{kind} ")}

    def astray(self) -> list[str]:
        """What was written elsewhere than under build/ and the system's temporary folder.

        Python's own byte code, and what numba compiles, lies beside the sources: not counted.
        """
        return sorted(path for path in self.noted("write") if not self._may_be_written(Path(path)))

    def _may_be_written(self, path: Path) -> bool:
        if "__pycache__" in path.parts or path.is_relative_to("/dev"):
            return True
        if path.is_relative_to(self.home):
            return False
        if path.is_relative_to(ROOT):
            return path.is_relative_to(ROOT / "build")
        return path.is_relative_to(Path(tempfile.gettempdir()).resolve())


@pytest.fixture
def wall(tmp_path: Path) -> Wall:
    (tmp_path / "home").mkdir()
    return Wall(tmp_path / "home", tmp_path / "wall.log")


def contents(folder: Path) -> dict[Path, tuple[int, int]]:
    """Every file below a folder with its size and time, byte code apart."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {path: path.stat() for path in files if "__pycache__" not in path.parts}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}
