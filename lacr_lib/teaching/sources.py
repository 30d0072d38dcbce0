"""The percent scripts of the notebooks: finding, reading and comparing them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat
from nbformat import NotebookNode

from lacr_lib.errors import LacrError
from lacr_lib.teaching.exercises import learner_cells, solution_cells
from lacr_lib.teaching.reach import with_reach

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


class Numbered(NamedTuple):
    """One notebook of the course: its source and the file that learners open."""

    name: str
    source: Path
    built: Path

    @property
    def solutions(self) -> Path:
        """The notebook of its exercises, solved."""
        return self.built.parent / "solutions" / self.built.name


def find_notebooks(folder: Path = NOTEBOOKS, names: Sequence[str] = ()) -> list[Numbered]:
    """The notebooks whose numbers or names are asked for, all without `names`; in order.

    Errors: LacrError if the folder holds no source, or a name fits none of them.
    """
    sources = sorted((folder / "src").glob("[0-9][0-9]_*.py"))
    if not sources:
        raise LacrError(f"no notebook source in {folder / 'src'}: use a clone of the course")
    found = [Numbered(file.stem, file, folder / f"{file.stem}.ipynb") for file in sources]
    if not names:
        return found
    wanted = [Path(name).stem for name in names]
    for name in wanted:
        if not any(_fits(name, each) for each in found):
            known = ", ".join(each.name for each in found)
            raise LacrError(f"no notebook {name!r}: there are {known}")
    return [each for each in found if any(_fits(name, each) for name in wanted)]


def _fits(name: str, notebook: Numbered) -> bool:
    return name == notebook.name or name == notebook.name.partition("_")[0]


def read_script(notebook: Numbered) -> NotebookNode:
    """The percent script as it is written: all cells, exercises solved, no outputs."""
    try:
        script: NotebookNode = jupytext.read(notebook.source, fmt="py:percent")
    except (OSError, UnicodeDecodeError) as error:
        raise LacrError(f"{notebook.source}: {error}") from None
    return script


def read_source(notebook: Numbered) -> NotebookNode:
    """The notebook that learners open, from its source: no outputs, its own kernel and cell ids."""
    page = with_reach(learner_cells(read_script(notebook)), notebook.built.name)
    return prepared(page, notebook.name)


def read_solutions(notebook: Numbered) -> NotebookNode:
    """The notebook of its solutions, from the same source; as `read_source`."""
    script = read_script(notebook)
    title = script.cells[0].source.splitlines()[0].removeprefix("# ")
    page = solution_cells(script, title, notebook.built.name)
    return prepared(page, f"solutions/{notebook.name}")


def prepared(page: NotebookNode, name: str) -> NotebookNode:
    """Metadata, format and cell ids of every notebook we write; in place."""
    page.metadata = nbformat.from_dict(METADATA)
    page.nbformat, page.nbformat_minor = 4, 5
    for index, cell in enumerate(page.cells):
        # Ids from name and place: a rebuilt notebook differs only where its cells do.
        cell.id = hashlib.sha1(f"{name}/{index}".encode()).hexdigest()[:12]
    return page


def read_built(notebook: Numbered) -> NotebookNode:
    """The `.ipynb` that learners open.

    Errors: LacrError if it is missing or is no notebook.
    """
    return read_notebook(notebook.built)


def read_notebook(path: Path) -> NotebookNode:
    """An `.ipynb` that was built here. Errors: LacrError if it is missing or is no notebook."""
    try:
        page: NotebookNode = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise LacrError(f"{path.name} is not built: run `make notebooks`") from None
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        raise LacrError(f"{path.name} is no readable notebook: {error}") from None
    return page


def cells_of(notebook: NotebookNode) -> list[tuple[str, str, tuple[str, ...]]]:
    """What a source and its notebook share: kind, text and tags of each cell."""
    return [
        (cell.cell_type, cell.source.rstrip(), tuple(cell.metadata.get("tags", ())))
        for cell in notebook.cells
    ]


def fingerprint(notebook: NotebookNode) -> str:
    """A short hash of the cells, by which `sync` sees which side was edited."""
    return hashlib.sha1(json.dumps(cells_of(notebook)).encode()).hexdigest()[:16]
