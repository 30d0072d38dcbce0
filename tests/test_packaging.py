"""The lists of dependencies agree with each other and with what the code imports."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import lacr_lib
from lacr_lib.teaching.environment import DISTRIBUTION

ROOT = Path(lacr_lib.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def _pins(file: str) -> list[Requirement]:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


LOCK = _pins("requirements.lock")
# What each of these extras needs beyond that.
EXTRA_LOCKS = {
    "book": _pins("requirements-book.lock"),
    "lint": _pins("requirements-dev.lock"),
}
CODE = ("lacr_lib", "notebooks/src", "notebooks/instructor", "book", "tests")
# Used without an import: the file and the words in it that use them.
USED_OTHERWISE = {
    "jupyterlab": ("Makefile", "-m jupyterlab"),
    "nbval": ("Makefile", "--nbval-lax"),
    "onnx": ("lacr_lib/inference/export.py", '"onnx"'),
    "onnxscript": ("lacr_lib/inference/export.py", '"onnxscript"'),
    "onnxruntime": ("tests/inference/test_export.py", '"onnxruntime"'),
    "pytest-xdist": ("Makefile", "--dist loadfile"),
    "coverage": ("Makefile", "-m coverage"),
    "mypy": ("Makefile", "-m mypy"),
    "ruff": ("Makefile", "-m ruff"),
    "types-tqdm": ("pyproject.toml", "strict = true"),
    "ipykernel": ("lacr_lib/teaching/build.py", 'kernel_name="python3"'),
    "myst-nb": ("book/conf.py", '"myst_nb"'),
    "furo": ("book/conf.py", 'html_theme = "furo"'),
    "sphinxcontrib-bibtex": ("book/conf.py", '"sphinxcontrib.bibtex"'),
    "sphinx-mathjax-offline": ("book/conf.py", '"sphinx-mathjax-offline"'),
    "sphinx-revealjs": ("book/slides.py", '"sphinx_revealjs"'),
}
# Import names that do not follow from the distribution's name.
IMPORT_NAMES = {
    "pillow": "PIL", "scikit-image": "skimage", "scikit-learn": "sklearn", "umap-learn": "umap",
    "ipython": "IPython", "pyyaml": "yaml",
}  # fmt: skip


def requirements() -> list[Requirement]:
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return [Requirement(line) for lines in lists for line in lines]


@cache
def imported() -> frozenset[str]:
    """First part of every module that the library, the notebooks or the tests import."""
    names: set[str] = set()
    for file in (file for folder in CODE for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(_without_magics(file.read_text("utf-8")))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(str(node.module).partition(".")[0])
    return frozenset(names)


def _without_magics(script: str) -> str:
    return re.sub(r"^\s*[%!].*$", "", script, flags=re.MULTILINE)


def import_name(name: str) -> str:
    return IMPORT_NAMES.get(canonicalize_name(name), name.replace("-", "_"))


@pytest.mark.parametrize("requirement", requirements(), ids=lambda each: each.name)
def test_every_dependency_is_used(requirement: Requirement) -> None:
    if requirement.name in USED_OTHERWISE:
        file, words = USED_OTHERWISE[requirement.name]
        assert words in (ROOT / file).read_text("utf-8")
    else:
        assert import_name(requirement.name) in imported()


def test_every_import_is_a_dependency() -> None:
    declared = {import_name(each.name) for each in requirements()}
    foreign = imported() - set(sys.stdlib_module_names) - {"lacr_lib", "conftest", "tests"}
    assert foreign - declared == set()


@pytest.mark.parametrize("requirement", requirements(), ids=lambda each: each.name)
def test_the_lock_pins_what_the_project_asks_for(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    extras = PROJECT["optional-dependencies"]
    if str(requirement) in extras["export"]:  # pinned where it stands
        assert [each.operator for each in requirement.specifier] == ["=="]
        return
    lock = next((EXTRA_LOCKS[e] for e in EXTRA_LOCKS if str(requirement) in extras[e]), LOCK)
    [pin] = [each for each in lock if canonicalize_name(each.name) == name]
    [specifier] = pin.specifier
    assert specifier.operator == "=="
    assert requirement.specifier.contains(specifier.version)
    assert pin.marker is None


@pytest.mark.parametrize("extra", EXTRA_LOCKS)
def test_the_lock_holds_plain_pins_once_each(extra: str) -> None:
    pins = LOCK + EXTRA_LOCKS[extra]
    names = [canonicalize_name(each.name) for each in pins]
    assert len(names) == len(set(names))
    for pin in pins:
        [specifier] = pin.specifier
        assert specifier.operator == "=="
        assert Version(specifier.version).local is None  # no "+cpu": every build will do
        assert not pin.name.startswith("nvidia")  # torch pins those itself
        assert pin.url is None


@pytest.mark.parametrize("extra", ["", *EXTRA_LOCKS])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", [("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows")])
def test_the_lock_is_closed(python: str, system: tuple[str, str], extra: str) -> None:
    """Whatever a pinned package needs is pinned too (torch's CUDA packages apart)."""
    lock = LOCK + EXTRA_LOCKS.get(extra, [])
    environment = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system[0],
        "platform_system": system[1],
        "os_name": "nt" if system[0] == "win32" else "posix",
    }
    held = {canonicalize_name(p.name) for p in lock if _holds(p, environment, {""})}
    missing = {
        f"{pin.name}: {need.name}"
        for pin in lock
        if canonicalize_name(pin.name) in held and _installed(pin.name)
        for need in map(Requirement, importlib.metadata.requires(pin.name) or [])
        if pin.name != "torch"
        and _holds(need, environment, {""})
        and canonicalize_name(need.name) not in held
    }
    assert missing == set()


def _holds(requirement: Requirement, environment: dict[str, str], extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate(environment | {"extra": e}) for e in extras)


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def test_the_conda_environment_installs_the_lock_and_the_project() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, packages = environment["dependencies"]
    assert python.replace(" ", "") == f"python{PROJECT['requires-python']}"
    assert pip == "pip"
    assert packages == {"pip": ["-r requirements.lock", "-e ."]}
    assert environment["name"] == PROJECT["name"]


def test_names_and_versions_are_the_same_everywhere() -> None:
    assert PROJECT["name"] == DISTRIBUTION
    assert importlib.metadata.version(DISTRIBUTION) == lacr_lib.__version__
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert str(citation["version"]) == lacr_lib.__version__
    assert lacr_lib.__version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_without_a_python_that_fits_make_says_so_in_one_line(tmp_path: Path) -> None:
    for file in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    command = ["make", "run", "PYTHON=/no/such/python"]
    # As from a shell, also where these tests were started by make.
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=tmp_path, env=outer, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("No Python 3.11, 3.12 or 3.13")
    assert done.stdout == ""
    assert not (tmp_path / ".venv").exists()


def test_a_wheel_carries_every_file_of_the_library() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["lacr_lib"]
    files = [
        f for f in (ROOT / "lacr_lib").rglob("*") if f.is_file() and "__pycache__" not in f.parts
    ]
    kinds = {file.suffix for file in files} - {".py"}
    assert {".html", ".safetensors", ".csv"} <= kinds
    assert kinds <= {f".{pattern.rpartition('.')[2]}" for pattern in patterns}
