"""THIRD_PARTY.md is what its command would write."""

from __future__ import annotations

import runpy
from pathlib import Path

TOOL = runpy.run_path(str(Path(__file__).with_name("licences.py")))


def rows() -> dict[str, tuple[str, str]]:
    table = TOOL["PAGE"].read_text("utf-8").removeprefix(TOOL["HEAD"])
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return {name: (version, licence) for name, version, licence in cells}


def test_the_page_lists_what_the_lock_pins() -> None:
    assert TOOL["PAGE"].read_text("utf-8").startswith(TOOL["HEAD"])
    listed = {name: version for name, (version, _) in rows().items()}
    assert listed == {pin.name: TOOL["version"](pin) for pin in TOOL["pins"]()}


def test_licences_are_those_that_the_installed_packages_name() -> None:
    for name, (_, licence) in rows().items():
        assert licence not in ("", "not said")
        assert TOOL["licence"](name) in (licence, None), name  # None: not needed on this system
