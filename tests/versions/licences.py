"""Writes THIRD_PARTY.md: name, version and licence of every package that requirements.lock pins.

    python tests/versions/licences.py [WHEEL ...]

Licences are read from the metadata of the installed packages. A package that only another system
or Python needs is not installed; its wheel can be named: `pip download --no-deps`.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "THIRD_PARTY.md"
OSI = "License :: OSI Approved :: "
HEAD = """# Packages that the course installs

None of their code is in this repository; pip installs them, each on its own terms. Written by
`python tests/versions/licences.py` from what the packages say of themselves, for all that
`requirements.lock` pins. A CUDA build of PyTorch brings NVIDIA's libraries besides.

| package | version | licence |
|---|---|---|
"""


def main(wheels: Sequence[str]) -> int:
    """Writes the page; 1, and the names on stderr, if a package's metadata was not found."""
    missing = [pin.name for pin in pins() if licence(pin.name, wheels) is None]
    if missing:
        print("no metadata, name their wheels:", *missing, file=sys.stderr)
        return 1
    rows = [f"| {pin.name} | {version(pin)} | {licence(pin.name, wheels)} |\n" for pin in pins()]
    PAGE.write_text(HEAD + "".join(rows), "utf-8")
    return 0


def pins() -> Iterator[Requirement]:
    """The lines of the lock, in their order."""
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield Requirement(line)


def version(pin: Requirement) -> str:
    """The one version that a pin allows."""
    [specifier] = pin.specifier
    return specifier.version


def licence(name: str, wheels: Sequence[str] = ()) -> str | None:
    """What a package's metadata say; None where it is not installed and no wheel given."""
    found = importlib.metadata.distributions(name=name, path=[*wheels, *sys.path])
    about = next((each.metadata for each in found), None)
    if about is None:
        return None
    if expression := about.get("License-Expression"):
        return expression
    named = [
        line.removeprefix(OSI) for line in about.get_all("Classifier") or [] if line.startswith(OSI)
    ]
    text = (about.get("License") or "").strip()
    is_name = len(text) < 60 and "\n" not in text and text != "UNKNOWN"
    return (is_name and text) or ", ".join(named) or "not said"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
