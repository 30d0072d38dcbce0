"""A warning of something on its way out, raised by our own code, fails the test that meets it."""

from __future__ import annotations

import warnings

import pytest

KINDS = [DeprecationWarning, PendingDeprecationWarning, FutureWarning]


def warn_in(module: str, kind: type[Warning]) -> None:
    warnings.warn_explicit("soon gone", kind, "some.py", 1, module)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("module", ["lacr_lib", "lacr_lib.models.vae"])
def test_our_own_are_errors(module: str, kind: type[Warning]) -> None:
    with pytest.raises(kind, match="soon gone"):
        warn_in(module, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_those_of_other_packages_are_not(kind: type[Warning]) -> None:
    with pytest.warns(kind, match="soon gone"):
        warn_in("some.package", kind)
