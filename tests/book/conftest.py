"""The book and the slides, built once for all tests of this folder; skipped without Sphinx."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("sphinx", "myst_nb", "furo", "sphinxcontrib.bibtex", "sphinx_revealjs")


def _missing() -> list[str]:
    return [name for name in NEEDED if not _found(name)]


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _built(script: str, out: Path) -> Path:
    if _missing():
        pytest.skip(f"{', '.join(_missing())} not installed: `make book` installs what it needs")
    command = [sys.executable, str(ROOT / "book" / script), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:] or done.stdout[-4000:]
    return out


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built book."""
    return _built("build.py", tmp_path_factory.mktemp("book") / "book")


@pytest.fixture(scope="session")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built slides."""
    return _built("slides.py", tmp_path_factory.mktemp("slides") / "slides")
