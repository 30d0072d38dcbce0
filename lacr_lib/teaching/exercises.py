"""Exercises are written once, solved; here they become the learner's cells and the solutions.

In a source, cells tagged `exercise` belong to both, cells tagged `solution` to the solutions only.
In an exercise the lines from `# begin solution` to `# end solution` are what the learner writes.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from nbformat import NotebookNode, v4

from lacr_lib.errors import LacrError

EXERCISE, SOLUTION = "exercise", "solution"
TODO = 'raise NotImplementedError("your turn")'
_SOLVED = re.compile(r"^( *)# begin solution\n(.*?)^ *# end solution$", re.MULTILINE | re.DOTALL)
_INVITATION = re.compile(r"\A## Your turn\n\nWrite each function.*?\n\n", re.DOTALL)
_MARKS = re.compile(r"^ *# (?:begin|end) solution\n?", re.MULTILINE)


def learner_cells(script: NotebookNode) -> NotebookNode:
    """The notebook that learners open: solutions taken out, with a line to do in their place."""
    page = copy.copy(script)
    page.cells = [_edited(cell, stub) for cell in script.cells if SOLUTION not in tags_of(cell)]
    return page


def solution_cells(script: NotebookNode, title: str, learners: str) -> NotebookNode:
    """Setup, parameters and all exercises solved, under a title; learners: the file they open."""
    page = copy.copy(script)
    code = [cell for cell in script.cells if cell.cell_type == "code"]
    kept = [cell for cell in script.cells if _of_exercises(cell)]
    text = (
        f"# Solutions · {title}\n\nOf the exercises of [{learners}](../{learners}). Try them there "
        "first: a solution that one has read is soon forgotten, one that was found is not."
    )
    page.cells = [
        v4.new_markdown_cell(text),
        *code[:2],
        *(_answered(_edited(c, solved)) for c in kept),
    ]
    return page


def with_solutions(cells: list[NotebookNode], script: NotebookNode) -> list[NotebookNode]:
    """Edited learner's cells with the exercises of the script, solved, in their place.

    Errors: LacrError where the exercises themselves were edited: they are written in the source.
    """
    block = [cell for cell in script.cells if _of_exercises(cell)]
    theirs = [cell.source.rstrip() for cell in cells if EXERCISE in tags_of(cell)]
    ours = [cell.source.rstrip() for cell in learner_cells(script).cells if _of_exercises(cell)]
    if theirs != ours:
        raise LacrError("an exercise was edited: exercises are written in notebooks/src, solved")
    first = next((i for i, cell in enumerate(cells) if EXERCISE in tags_of(cell)), len(cells))
    rest = [cell for cell in cells[first:] if EXERCISE not in tags_of(cell)]
    return [*cells[:first], *block, *rest]


def in_one_block(script: NotebookNode) -> bool:
    """Whether the cells of the exercises follow each other, without others between."""
    marked = [_of_exercises(cell) for cell in script.cells]
    return "10" not in "".join("01"[m] for m in marked).strip("0")


def has_exercises(script: NotebookNode) -> bool:
    """Whether a source marks any cell as an exercise."""
    return any(EXERCISE in tags_of(cell) for cell in script.cells)


def stub(text: str) -> str:
    """A solved exercise as the learner gets it."""
    return _SOLVED.sub(lambda found: found.group(1) + TODO, text)


def solved(text: str) -> str:
    """A solved exercise without the comment lines around its solution."""
    return _MARKS.sub("", text)


def solution_lines(script: NotebookNode) -> set[str]:
    """The lines that no learner's notebook may hold: those inside the marks, stripped."""
    parts = [part for cell in script.cells for _, part in _SOLVED.findall(cell.source)]
    return {line.strip() for part in parts for line in part.splitlines() if line.strip()}


def tags_of(cell: Any) -> tuple[str, ...]:
    """The tags of a cell."""
    return tuple(cell.metadata.get("tags", ()))


def _of_exercises(cell: NotebookNode) -> bool:
    return bool({EXERCISE, SOLUTION} & set(tags_of(cell)))


def _answered(cell: NotebookNode) -> NotebookNode:
    """A cell as the solutions show it: nobody is invited, and links lead out of solutions/."""
    text = _INVITATION.sub("## The exercises, solved\n\n", cell.source)
    return NotebookNode({**cell, "source": text.replace("](solutions/", "](")})


def _edited(cell: NotebookNode, edit: Any) -> NotebookNode:
    if cell.cell_type != "code" or EXERCISE not in tags_of(cell):
        return cell
    return NotebookNode({**cell, "source": edit(cell.source)})
