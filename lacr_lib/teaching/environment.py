"""Does this machine have what the course needs? One [OK] or [FAIL] line for each answer."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from typing import NamedTuple

from packaging.requirements import Requirement

from lacr_lib.errors import LacrError

DISTRIBUTION = "lacr-vae"
MENDED_BY = "run `make run` (or the pip lines of the README) again"


class Check(NamedTuple):
    """One line of the environment check."""

    ok: bool
    text: str

    def line(self) -> str:
        """As it is printed."""
        return f"{'[OK]  ' if self.ok else '[FAIL]'} {self.text}"


def check_environment() -> bool:
    """Prints a line for each thing that the course needs; True if none failed."""
    checks = [_python(), *_packages(), _weights(), _machine(), _device()]
    print("\n".join(check.line() for check in checks))
    return all(check.ok for check in checks)


def _python() -> Check:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check(True, f"Python {version}")
    return Check(False, f"Python {version}: the course needs 3.11, 3.12 or 3.13")


def _packages() -> Iterator[Check]:
    """torch on a line of its own, the others on one, and a line for each that is not right."""
    try:
        listed = importlib.metadata.requires(DISTRIBUTION) or []
        yield Check(True, f"lacr_lib {importlib.metadata.version(DISTRIBUTION)}")
    except importlib.metadata.PackageNotFoundError:
        yield Check(False, f"lacr_lib is not installed in this environment: {MENDED_BY}")
        return
    requirements = [Requirement(line) for line in listed]
    needed = [each for each in requirements if each.marker is None or each.marker.evaluate()]
    checks = {each.name: package(each) for each in needed}
    if "torch" in checks:
        yield checks.pop("torch")
    failed = [check for check in checks.values() if not check.ok]
    yield from failed
    if not failed:
        yield Check(True, f"{len(checks)} further packages, each in a version that fits")


def package(requirement: Requirement) -> Check:
    """Is the package installed, in a version that the requirement allows?"""
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Check(False, f"{requirement.name} is missing: {MENDED_BY}")
    if requirement.specifier.contains(version, prereleases=True):
        return Check(True, f"{requirement.name} {version}")
    wanted = f"{requirement.name} {version}: needed is {requirement.specifier}"
    return Check(False, f"{wanted}; {MENDED_BY}")


def _weights() -> Check:
    from lacr_lib.inference.released import released_weights, verify

    try:
        names = [verify(weights).stem for weights in released_weights()]
    except LacrError as error:
        return Check(False, str(error))
    if not names:
        return Check(False, "no released weights found; get the repository anew")
    return Check(True, f"released weights: {', '.join(names)}")


def _machine() -> Check:
    cores = os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return Check(True, f"{cores} CPU cores")
    if memory < 3.5:  # the notebooks stay under 4 GB in the demo profile
        return Check(False, f"{memory:.1f} GB of memory: the notebooks need up to 4")
    return Check(True, f"{cores} CPU cores, {memory:.0f} GB of memory")


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        return Check(True, f"GPU: {torch.cuda.get_device_name(0)}")
    return Check(True, "no GPU: every notebook runs on the CPU, training in small")
