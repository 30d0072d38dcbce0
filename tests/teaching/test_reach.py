"""Colab and Binder: links to places that exist, a cell that installs only where it must."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lacr_lib import LacrError
from lacr_lib.teaching import reach, syllabus
from lacr_lib.teaching.build import build
from lacr_lib.teaching.rules import problems
from lacr_lib.teaching.sources import NOTEBOOKS, Numbered, find_notebooks, read_built, read_source
from lacr_lib.teaching.sync import sync

ROOT = NOTEBOOKS.parent
COURSE = find_notebooks()


def declare(monkeypatch: pytest.MonkeyPatch, folder: Path, address: str | None) -> None:
    """A project file with this address of its repository, or with none."""
    project = folder / "pyproject.toml"
    urls = f'[project.urls]\nRepository = "{address}"\n' if address else ""
    project.write_text(f'[project]\nname = "x"\n{urls}', "utf-8")
    monkeypatch.setattr(reach, "PROJECT", project)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    declare(monkeypatch, tmp_path, "https://github.com/owner/a-name.git")


def paths(words: str) -> list[str]:
    """Where in the repository the links of a cell or a table lead to."""
    found = []
    for address in re.findall(r"\]\((https://[^)]+)\)", words):
        parts = urlsplit(address)
        if parts.netloc == "mybinder.org":
            assert parts.path == f"/v2/gh/owner/a-name/{reach.BRANCH}"
            found += parse_qs(parts.query)["labpath"]
        else:
            head = f"/github/owner/a-name/blob/{reach.BRANCH}/"
            assert parts.netloc == "colab.research.google.com" and parts.path.startswith(head)
            found.append(parts.path.removeprefix(head))
    return found


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("notebook", COURSE, ids=lambda each: each.name)
def test_each_link_of_a_notebook_opens_that_notebook(notebook: Numbered) -> None:
    title, words, install = read_source(notebook).cells[:3]
    assert title.source.startswith("# ")
    found = paths(words.source)
    assert len(found) == len(reach.DOORS)
    assert all((ROOT / path).samefile(notebook.built) for path in found)
    assert f"github.com/owner/a-name@{reach.BRANCH}" in install.source


@pytest.mark.usefixtures("public")
def test_the_table_has_the_links_too() -> None:
    for row, notebook in zip(syllabus.table(COURSE, {}).splitlines()[2:], COURSE, strict=True):
        assert row.count("|") == 5
        found = paths(row)
        assert len(found) == len(reach.DOORS)
        assert all((ROOT / path).samefile(notebook.built) for path in found)


@pytest.mark.usefixtures("public")
def test_built_with_the_cells_a_notebook_keeps_the_rules_and_its_source_stays_free_of_them(
    write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LACR_PROFILE", "demo")
    notebook = write()
    before = notebook.source.read_text("utf-8")
    build(notebook)
    page = read_built(notebook)
    assert problems(notebook) == []
    [install] = [c for c in page.cells if reach.REACH in reach.tags_of(c) and "outputs" in c]
    assert install.outputs == [], "the library is here, so there was nothing to do"
    page.cells[-1].source += "\n\nA new last line."
    import nbformat

    nbformat.write(page, notebook.built)
    assert "edits written" in sync(notebook)
    after = notebook.source.read_text("utf-8")
    assert "A new last line." in after
    assert reach.REACH not in after and "colab" not in after and len(after) > len(before)


def test_the_cell_installs_where_the_library_is_missing() -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    cell = TransformerManager().transform_cell(reach.INSTALL.format(slug="o/n", branch="main"))
    asked: list[tuple[str, str, str]] = []

    class Shell:
        def run_line_magic(self, magic: str, line: str) -> None:
            asked.append((magic, *line.split(" ", 1)))

    def run(there: bool) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("importlib.util.find_spec", lambda name: object() if there else None)
            exec(cell, {"get_ipython": Shell})

    run(there=True)
    assert asked == []
    run(there=False)
    assert asked == [("pip", "install", '--quiet "lacr-vae @ git+https://github.com/o/n@main"')]


def test_without_an_address_there_are_neither_links_nor_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declare(monkeypatch, tmp_path, None)
    for notebook in COURSE:
        cells = read_source(notebook).cells
        assert not any(reach.REACH in reach.tags_of(cell) for cell in cells)
    assert "Colab" not in syllabus.table(COURSE, {})
    monkeypatch.setattr(reach, "PROJECT", tmp_path / "missing.toml")
    assert reach.repository() is None


@pytest.mark.parametrize("address", ["https://example.org/a/b", "github.com/a/b", "a/b"])
def test_an_address_that_the_services_cannot_open_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    declare(monkeypatch, tmp_path, address)
    with pytest.raises(LacrError, match="OWNER/NAME"):
        reach.repository()


def test_the_address_that_the_project_declares_is_one_or_none() -> None:
    reach.repository()


def test_binder_installs_the_lock_and_then_the_library() -> None:
    folder = ROOT / "binder"
    lines = (folder / "requirements.txt").read_text("utf-8").splitlines()
    [lock] = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    assert (folder / lock).resolve().samefile(ROOT / "requirements.lock")
    assert any(line.startswith("--extra-index-url") and line.endswith("/cpu") for line in lines)
    post = folder / "postBuild"
    assert os.access(post, os.X_OK) and post.read_text("utf-8").startswith("#!")
    assert "--no-deps" in post.read_text("utf-8")
    version = (folder / "runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    from packaging.specifiers import SpecifierSet

    assert SpecifierSet(project["requires-python"]).contains(version)
