"""The three sizes in which every notebook runs: smoke, demo and full."""

from __future__ import annotations

import os
from typing import TypeVar

from lacr_lib.errors import LacrError

PROFILES = ("smoke", "demo", "full")

T = TypeVar("T")


def active_profile(profile: str = "demo") -> str:
    """The profile in force: `LACR_PROFILE` where it is set, else the notebook's parameter.

    Errors: LacrError for a name that is not a profile.
    """
    # nbval cannot inject parameters, but its kernel inherits the environment.
    name = os.environ.get("LACR_PROFILE") or profile
    if name not in PROFILES:
        raise LacrError(f"unknown profile {name!r}: use one of {', '.join(PROFILES)}")
    return name


def choose(profile: str, *, smoke: T, demo: T, full: T) -> T:
    """The value that belongs to the active profile: `steps = choose(PROFILE, smoke=4, ...)`.

    Errors: LacrError for a name that is not a profile.
    """
    return {"smoke": smoke, "demo": demo, "full": full}[active_profile(profile)]
