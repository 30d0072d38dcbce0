"""What holds of the exercises of a notebook and of its committed solutions; as rules.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from lacr_lib.errors import LacrError
from lacr_lib.teaching.exercises import (
    EXERCISE,
    TODO,
    has_exercises,
    in_one_block,
    solution_lines,
    tags_of,
)
from lacr_lib.teaching.sources import (
    Numbered,
    cells_of,
    read_notebook,
    read_script,
    read_solutions,
)

CHECK = re.compile(r'^check\("([^"]+)", (\w+)\)$', re.MULTILINE)
SHORTEST_LEAK = 20  # characters; a shorter line, such as `return x`, stands everywhere


def exercises_are_stubs(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Each exercise raises "your turn" in a function, and its check says "to do"."""
    if not in_one_block(read_script(notebook)):
        yield "cells between the exercises are not tagged 'exercise' or 'solution'"
    for cell in page.cells:
        if cell.cell_type != "code" or EXERCISE not in tags_of(cell):
            continue
        for name, _ in CHECK.findall(cell.source):
            said = "".join(output.get("text", "") for output in cell.outputs)
            if f"{name}: to do" not in said or TODO not in cell.source:
                yield f"exercise {name} is not left to do"


def no_leak(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """No line of a solution stands in a learner's exercises."""
    shown = [c.source for c in page.cells if EXERCISE in tags_of(c)]
    lines = {line.strip() for source in shown for line in source.splitlines()}
    for line in sorted(solution_lines(read_script(notebook)) & lines):
        if len(line) >= SHORTEST_LEAK:
            yield f"a line of a solution is shown to learners: {line[:60]}"


def solved_and_green(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """The solutions are built from this source, ran to the end, and every check says "correct"."""
    if not has_exercises(read_script(notebook)):
        return
    try:
        solutions = read_notebook(notebook.solutions)
    except LacrError as error:
        yield f"solutions: {error}"
        return
    if cells_of(solutions) != cells_of(read_solutions(notebook)):
        yield "solutions differ from their source: run `make notebooks`"
    for cell in solutions.cells:
        if cell.cell_type != "code":
            continue
        said = "".join(output.get("text", "") for output in cell.outputs)
        yield from (
            f"solutions: {name} is not correct"
            for name, _ in CHECK.findall(cell.source)
            if f"{name}: correct" not in said
        )
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"solutions: error output: {cell.source[:60]}"


EXERCISE_RULES = (exercises_are_stubs, no_leak, solved_and_green)
