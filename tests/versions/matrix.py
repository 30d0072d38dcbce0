"""`make versions`: quick tests with the oldest, the locked and the newest packages.

Each environment is made once, under build/versions, of what pyproject.toml asks for: `oldest` has
the lower bound of every dependency, `newest` what the package index has today. A build of PyTorch
for Linux brings gigabytes of CUDA; PIP_EXTRA_INDEX_URL names another index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "versions"
TESTS = ("data", "models", "losses", "training", "inference", "evaluation")
SETTINGS = {
    "LACR_PROFILE": "smoke", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),  # the library is not installed there
}  # fmt: skip
SHOWN = (
    "import sys, torch, numpy; print(sys.version.split()[0], torch.__version__, numpy.__version__)"
)


class Row(NamedTuple):
    """One line of the matrix: a Python, found on PATH, and what pip installs for it."""

    python: str
    packages: list[str]


def rows() -> dict[str, Row]:
    """The matrix, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return {
        "oldest": Row("python3.11", lower_bounds(wanted)),
        "lock": Row("python3.12", ["-r", str(ROOT / "requirements.lock")]),
        "newest": Row("python3.13", ["--upgrade", *wanted]),
    }


def lower_bounds(wanted: list[str]) -> list[str]:
    """`name>=1.2` as `name==1.2`, which is the oldest that is promised to work."""
    return [re.sub(r">=([\d.]+).*", r"==\1", line) for line in wanted]


def check(name: str, row: Row) -> bool:
    """Makes the environment where it is missing, and runs the tests in it; True if all pass."""
    python = PLACE / name / "bin" / "python"
    ready = PLACE / name / "ready"
    listed = " ".join([row.python, *row.packages])
    if not ready.exists() or ready.read_text("utf-8") != listed:
        _run([row.python, "-m", "venv", "--clear", str(PLACE / name)])
        _run([str(python), "-m", "pip", "install", "-q", "--prefer-binary", *row.packages])
        ready.write_text(listed, "utf-8")
    _run([str(python), "-c", SHOWN])
    command = [str(python), "-m", "pytest", "-q", "-x", *(f"tests/{each}" for each in TESTS)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **SETTINGS}).returncode == 0


def _run(command: list[str]) -> None:
    print("+", *command[:8], flush=True)
    subprocess.run(command, check=True, cwd=ROOT)


def main(names: list[str]) -> int:
    """Checks the named rows, or all; prints a line for each and returns the exit status."""
    passed = {}
    for name in names or list(rows()):
        try:
            passed[name] = check(name, rows()[name])
        except (OSError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            passed[name] = False
    for name, good in passed.items():
        print(f"{name}: {'passed' if good else 'FAILED'}")
    return 0 if all(passed.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
