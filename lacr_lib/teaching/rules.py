"""The rules that every committed notebook keeps; each gives the problems it finds, as lines."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Callable, Iterator
from itertools import pairwise

from nbformat import NotebookNode

from lacr_lib.errors import LacrError
from lacr_lib.teaching.build import WIDGET_MIME
from lacr_lib.teaching.exercise_rules import EXERCISE_RULES
from lacr_lib.teaching.exercises import EXERCISE, tags_of
from lacr_lib.teaching.lesson_rules import LESSON_RULES
from lacr_lib.teaching.pictures import MAX_BYTES
from lacr_lib.teaching.reach import REACH
from lacr_lib.teaching.records import CLAIM_MIME, METRICS_MIME
from lacr_lib.teaching.sources import Numbered, cells_of, read_built, read_source

Rule = Callable[[NotebookNode, Numbered], Iterator[str]]

CHECKED = "# NBVAL_CHECK_OUTPUT"
READING = "**What you see"
PIXELS = {"image/png", "image/jpeg"}
BLOCKS = (
    r"# \d\d · \S", r"\*\*What you will learn", r"\*\*Before you start", r"\*\*Time",
    r"## Recap", r"## Your turn", r"## Think!", r"## Next",
)  # fmt: skip
MAX_SETUP, MAX_MEDIAN, MAX_CELL = 12, 12, 30  # lines that are not blank
PARAMETERS = {"PROFILE", "SEED", "DATA"}
_PRIVATE_PATH = re.compile(
    r"(?<![\w.:/-])(?:/(?:home|root|tmp|var|private|Users|opt|mnt|work)/\w|[A-Z]:\\\\?\w)"
)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")


def problems(notebook: Numbered) -> list[str]:
    """Every breach of a rule in one notebook, a line each; empty if there is none."""
    try:
        page = read_built(notebook)
    except LacrError as error:
        return [str(error)]
    return [problem for rule in RULES for problem in rule(page, notebook)]


def same_cells(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Every notebook has exactly its source's cells, under stable ids."""
    source = read_source(notebook)
    ours, theirs = cells_of(page), cells_of(source)
    differing = [i for i, pair in enumerate(zip(ours, theirs, strict=False)) if len(set(pair)) > 1]
    where = differing[0] if differing else min(len(ours), len(theirs))
    if ours != theirs:
        yield f"differs from its source at cell {where}: run `make notebooks` or `make sync`"
    elif [cell.get("id") for cell in page.cells] != [cell.id for cell in source.cells]:
        yield "cell ids are not those of the build: run `make notebooks`"


def built_in_demo(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Committed outputs come from the demo profile, of the build command."""
    profile = page.metadata.get("lacr", {}).get("profile")
    if profile != "demo":
        yield f"was built in the profile {profile!r}, not in 'demo'"
    if page.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "has no kernel 'python3' in its metadata"


def executed(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Every cell ran, in order, and each checked cell has an output to compare with."""
    code = [cell for cell in _code(page) if cell.source.strip()]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "was not executed from top to bottom in one go"
    for cell in code:
        if cell.source.startswith(CHECKED) and not cell.outputs:
            yield f"checked cell without output, so nothing is compared: {_name(cell)}"


def no_errors(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """No cell raises, warns on stderr, or is allowed to raise."""
    for cell in _code(page):
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"error output: {_name(cell)}"
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"stderr output: {_name(cell)}"
        if "raises-exception" in cell.metadata.get("tags", ()):
            yield f"tag raises-exception hides real errors: {_name(cell)}"


def no_widgets(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """No widget state: it is large, and shows nothing without a kernel."""
    views = any(WIDGET_MIME in output.get("data", {}) for output in _outputs(page))
    if "widgets" in page.metadata or views:
        yield "holds widget state or widget views"


def small(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """A file that a code-hosting page still renders."""
    size = notebook.built.stat().st_size
    if size > MAX_BYTES:
        yield f"is {size / 1e6:.2f} MB, over {MAX_BYTES / 1e6:.1f}"


def fixed_blocks(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """The headings that open and close every notebook, in this order."""
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    start = 0
    for block in BLOCKS:
        found = re.compile("^" + block, re.MULTILINE).search(text, start)
        if found is None:
            yield f"lacks the block {block!r}, or has it in another place"
        else:
            start = found.end()
    if not text.startswith(f"# {notebook.name[:2]} · "):
        yield f"does not start with '# {notebook.name[:2]} · Title'"


def parameters(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """The setup cell, short; then one cell tagged `parameters` that holds only literals."""
    code = [cell for cell in _code(page) if REACH not in tags_of(cell)]
    if code and _lines(code[0]) > MAX_SETUP:
        yield f"setup cell of {_lines(code[0])} lines, over {MAX_SETUP}"
    tagged = [i for i, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", ())]
    if tagged != [1]:
        yield "the second code cell, and no other, must have the tag 'parameters'"
        return
    names = _literals(code[1].source)
    if names is None:
        yield "the parameters cell may only hold NAME = literal lines"
    elif not names >= PARAMETERS:
        yield f"the parameters cell lacks {', '.join(sorted(PARAMETERS - names))}"


def short_cells(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Cells that fit on a screen."""
    lines = [_lines(cell) for cell in _code(page)]
    if lines and statistics.median(lines) > MAX_MEDIAN:
        yield f"median code cell of {statistics.median(lines):g} lines, over {MAX_MEDIAN}"
    for cell, length in zip(_code(page), lines, strict=True):
        if length > MAX_CELL:
            yield f"code cell of {length} lines, over {MAX_CELL}: {_name(cell)}"


def no_traces(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """No path of the author's machine and no memory address in an output."""
    for cell in _code(page):
        for output in cell.outputs:
            text = _text(output)
            for pattern, what in ((_PRIVATE_PATH, "absolute path"), (_ADDRESS, "memory address")):
                found = pattern.search(text)
                if found:
                    yield f"{what} in an output ({found.group()}...): {_name(cell)}"


def read_pictures(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Pictures are made of pixels, and the next cell reads them to the reader."""
    cells = [*page.cells, NotebookNode(cell_type="end", source="")]
    for cell, following in pairwise(cells):
        kinds = {mime for output in cell.get("outputs", []) for mime in output.get("data", {})}
        images = {mime for mime in kinds if mime.startswith("image/")}
        if images - PIXELS:
            yield f"picture as {', '.join(sorted(images))}, not as PNG or JPEG: {_name(cell)}"
        read = following.cell_type == "markdown" and following.source.startswith(READING)
        if images and not read and EXERCISE not in tags_of(cell):  # there it is the learner's part
            yield f"picture not followed by a Markdown cell '**What you see.**': {_name(cell)}"


def pictures_once(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """No cell shows a picture twice, as `display(figure)` does while the figure is still open."""
    for cell in _code(page):
        datas = [output.get("data", {}) for output in cell.outputs]
        pictures = [data[kind] for data in datas for kind in PIXELS if kind in data]
        if len(set(pictures)) < len(pictures):
            yield f"shows a picture twice (plt.show() after each figure helps): {_name(cell)}"


RULES: tuple[Rule, ...] = (
    same_cells, built_in_demo, executed, no_errors, no_widgets, small, fixed_blocks, parameters,
    short_cells, no_traces, read_pictures, pictures_once, *EXERCISE_RULES, *LESSON_RULES,
)  # fmt: skip


def _code(page: NotebookNode) -> Iterator[NotebookNode]:
    return (cell for cell in page.cells if cell.cell_type == "code")


def _outputs(page: NotebookNode) -> Iterator[NotebookNode]:
    return (output for cell in _code(page) for output in cell.outputs)


def _lines(cell: NotebookNode) -> int:
    return sum(1 for line in cell.source.splitlines() if line.strip())


def _name(cell: NotebookNode) -> str:
    first = next((line for line in cell.source.splitlines() if line.strip()), "(empty cell)")
    return first[:60]


def _text(output: NotebookNode) -> str:
    """All text of an output; pictures are left out, since base64 may hold anything."""
    records = (METRICS_MIME, CLAIM_MIME)
    data = {**output.get("data", {})}
    texts = [str(data[mime]) for mime in data if mime.startswith("text/") or mime in records]
    return "\n".join([str(output.get("text", "")), *texts])


def _literals(source: str) -> set[str] | None:
    """The names that the cell sets, or None where it does anything but `NAME = literal`."""
    names = set()
    try:
        for node in ast.parse(source).body:
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                return None
            ast.literal_eval(node.value)
            names.add(node.targets[0].id)
    except (SyntaxError, ValueError):
        return None
    return names
