"""Ways to a notebook without a clone: links to Colab and Binder, and a cell that installs there.

Both need a public address of the repository. The one place for it is `Repository` under
[project.urls] in pyproject.toml. While none stands there, notebooks and tables get neither links
nor cell: no reader is sent to a place that may not exist. Once it is set, `make notebooks` and
`python -m lacr_lib.teaching.syllabus` write them everywhere.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode, v4

from lacr_lib.errors import LacrError
from lacr_lib.teaching.exercises import tags_of

REACH = "reach"  # tag of the cells that are written here, and never in a source
BRANCH = "main"
PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_ADDRESS = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


class Door(NamedTuple):
    """A service that opens a notebook of a public repository."""

    name: str
    address: str  # {slug}: owner/name, {path}: of the notebook in the repository


DOORS = (
    Door("Colab", f"https://colab.research.google.com/github/{{slug}}/blob/{BRANCH}/{{path}}"),
    Door("Binder", f"https://mybinder.org/v2/gh/{{slug}}/{BRANCH}?labpath={{path}}"),
)
INSTALL = """# On Colab the library is installed first; where it is there, this cell does nothing.
import importlib.util

if importlib.util.find_spec("lacr_lib") is None:
    %pip install --quiet "lacr-vae @ git+https://github.com/{slug}@{branch}"
"""


def repository() -> str | None:
    """owner/name of the public repository, or None where no address is known.

    Errors: LacrError if the address is none of GitHub, which both services open.
    """
    if not PROJECT.is_file():  # an installed package writes no notebooks
        return None
    address = tomllib.loads(PROJECT.read_text("utf-8"))["project"].get("urls", {}).get("Repository")
    if not address:
        return None
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise LacrError(f"the repository must be https://github.com/OWNER/NAME, not {address!r}")
    return found.group(1)


def links(path: str, slug: str) -> list[str]:
    """A Markdown link for each service; path: of the notebook in the repository."""
    return [f"[{door.name}]({door.address.format(slug=slug, path=path)})" for door in DOORS]


def reach_cells(file: str) -> list[NotebookNode]:
    """The links and the installing cell of a notebook in notebooks/; none without a repository.

    Links are words: a picture of a badge would be fetched from elsewhere by every reader.
    """
    slug = repository()
    if slug is None:
        return []
    words = "Open in " + " or ".join(links(f"notebooks/{file}", slug))
    install = INSTALL.format(slug=slug, branch=BRANCH).rstrip()
    cells = [v4.new_markdown_cell(words), v4.new_code_cell(install)]
    for cell in cells:
        cell.metadata["tags"] = [REACH]
    return cells


def with_reach(page: NotebookNode, file: str) -> NotebookNode:
    """A learner's page with these cells below its title; in place."""
    page.cells[1:1] = reach_cells(file)
    return page


def without_reach(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells that were written by hand."""
    return [cell for cell in cells if REACH not in tags_of(cell)]
