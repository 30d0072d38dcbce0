"""The environment check of notebook 00."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from lacr_lib.inference import released
from lacr_lib.teaching import check_environment, environment


def test_every_line_says_ok_or_fail(capsys: pytest.CaptureFixture[str]) -> None:
    passed = check_environment()
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("[OK]", "[FAIL]")) for line in lines)
    assert passed == (not any(line.startswith("[FAIL]") for line in lines))
    assert any("torch 2" in line for line in lines)


@pytest.mark.parametrize(
    ("requirement", "ok", "text"),
    [
        ("numpy>=1.0", True, "numpy"),
        ("numpy>=999", False, ">=999"),
        ("no-such-package-for-lacr>=1", False, "missing"),
    ],
)
def test_a_package_is_there_and_new_enough(requirement: str, ok: bool, text: str) -> None:
    check = environment.package(Requirement(requirement))
    assert check.ok is ok
    assert text in check.text


def test_an_old_python_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.sys, "version_info", (3, 10, 4))
    assert environment._python().line().startswith("[FAIL] Python")


def test_missing_weights_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "released_weights", lambda: [])
    assert not environment._weights().ok
