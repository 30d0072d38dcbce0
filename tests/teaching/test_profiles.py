"""Which size a notebook runs in."""

from __future__ import annotations

import pytest

from lacr_lib.errors import LacrError
from lacr_lib.teaching import choose
from lacr_lib.teaching.profiles import active_profile


@pytest.mark.parametrize(("profile", "value"), [("smoke", 1), ("demo", 2), ("full", 3)])
def test_the_parameter_chooses(monkeypatch: pytest.MonkeyPatch, profile: str, value: int) -> None:
    monkeypatch.delenv("LACR_PROFILE", raising=False)
    assert choose(profile, smoke=1, demo=2, full=3) == value


def test_the_environment_overrides_the_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LACR_PROFILE", "smoke")
    assert active_profile("full") == "smoke"


def test_an_empty_variable_overrides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LACR_PROFILE", "")
    assert active_profile("full") == "full"


def test_an_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LACR_PROFILE", "quick")
    with pytest.raises(LacrError, match=r"'quick'.*smoke, demo, full"):
        active_profile()
