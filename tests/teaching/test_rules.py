"""Each rule finds the breach that it is there for, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Callable

import nbformat
import pytest
from nbformat import NotebookNode

from lacr_lib.teaching import lesson_rules, rules
from lacr_lib.teaching.build import WIDGET_MIME
from lacr_lib.teaching.sources import Numbered, read_built


def code(page: NotebookNode, index: int) -> NotebookNode:
    return [cell for cell in page.cells if cell.cell_type == "code"][index]


def output(page: NotebookNode, **data: str) -> None:
    mimes = {name.replace("_", "/"): value for name, value in data.items()}
    code(page, 2).outputs.append(nbformat.v4.new_output("display_data", mimes))


def edit(page: NotebookNode) -> None:
    page.cells[0].source += "\nA new line."


def new_id(page: NotebookNode) -> None:
    page.cells[0].id = "another"


def smoke(page: NotebookNode) -> None:
    page.metadata.lacr.profile = "smoke"


def not_run(page: NotebookNode) -> None:
    code(page, 4).execution_count = None


def nothing_to_compare(page: NotebookNode) -> None:
    code(page, 3).outputs = []


def raised(page: NotebookNode) -> None:
    new = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    code(page, 2).outputs.append(new)


def may_raise(page: NotebookNode) -> None:
    code(page, 2).metadata["tags"] = ["raises-exception"]


def widget(page: NotebookNode) -> None:
    code(page, 2).outputs.append(nbformat.v4.new_output("display_data", {WIDGET_MIME: {}}))


def no_recap(page: NotebookNode) -> None:
    page.cells[-1].source = page.cells[-1].source.replace("## Recap\n", "")


def other_number(page: NotebookNode) -> None:
    page.cells[0].source = page.cells[0].source.replace("# 00", "# 01")


def blocks_swapped(page: NotebookNode) -> None:
    page.cells[-1].source = "## Your turn\n## Recap\n## Think!\n## Next"


def no_minutes(page: NotebookNode) -> None:
    page.cells[0].source = page.cells[0].source.replace("in a minute", "quickly")


def no_machine(page: NotebookNode) -> None:
    page.cells[0].source = page.cells[0].source.replace("2 CPU cores", "my machine")


def one_question(page: NotebookNode) -> None:
    page.cells[-1].source = page.cells[-1].source.replace("<details>", "<p>", 1)


def open_answer(page: NotebookNode) -> None:
    page.cells[-1].source = page.cells[-1].source.replace("</details>", "", 1)


def long_setup(page: NotebookNode) -> None:
    code(page, 0).source = "import sys\n" * 13


def computed_parameter(page: NotebookNode) -> None:
    code(page, 1).source += "\nSTEPS = 2 * 3"


def missing_parameter(page: NotebookNode) -> None:
    code(page, 1).source = 'PROFILE = "demo"\nSEED = 0'


def untagged(page: NotebookNode) -> None:
    code(page, 1).metadata.pop("tags")


def long_cell(page: NotebookNode) -> None:
    code(page, 3).source = "x = 1\n" * 31


def long_cells(page: NotebookNode) -> None:
    for index in range(2, 5):
        code(page, index).source = "x = 1\n" * 13


def home_path(page: NotebookNode) -> None:
    output(page, text_plain="saved to /home/ada/picture.png")


def windows_path(page: NotebookNode) -> None:
    output(page, text_plain=r"saved to C:\Users\ada")


def address(page: NotebookNode) -> None:
    output(page, text_plain="<Line2D object at 0x7f0012345678>")


def unread_picture(page: NotebookNode) -> None:
    output(page, image_png="AAAA")


def drawing(page: NotebookNode) -> None:
    code(page, 4).outputs[0].data["image/svg+xml"] = "<svg/>"


def picture_again(page: NotebookNode) -> None:
    code(page, 4).outputs.append(code(page, 4).outputs[0])


BREACHES: list[tuple[rules.Rule, Callable[[NotebookNode], None]]] = [
    (rules.same_cells, edit),
    (rules.same_cells, new_id),
    (rules.built_in_demo, smoke),
    (rules.executed, not_run),
    (rules.executed, nothing_to_compare),
    (rules.no_errors, raised),
    (rules.no_errors, may_raise),
    (rules.no_widgets, widget),
    (rules.fixed_blocks, no_recap),
    (rules.fixed_blocks, other_number),
    (rules.fixed_blocks, blocks_swapped),
    (lesson_rules.time_is_told, no_minutes),
    (lesson_rules.time_is_told, no_machine),
    (lesson_rules.folded_answers, one_question),
    (lesson_rules.folded_answers, open_answer),
    (rules.parameters, long_setup),
    (rules.parameters, computed_parameter),
    (rules.parameters, missing_parameter),
    (rules.parameters, untagged),
    (rules.short_cells, long_cell),
    (rules.short_cells, long_cells),
    (rules.no_traces, home_path),
    (rules.no_traces, windows_path),
    (rules.no_traces, address),
    (rules.read_pictures, unread_picture),
    (rules.read_pictures, drawing),
    (rules.pictures_once, picture_again),
]


@pytest.mark.parametrize(("rule", "breach"), BREACHES, ids=lambda each: each.__name__)
def test_a_rule_finds_its_breach(
    built_once: Numbered, rule: rules.Rule, breach: Callable[[NotebookNode], None]
) -> None:
    page = read_built(built_once)
    assert list(rule(page, built_once)) == []
    breach(page)
    assert len(list(rule(page, built_once))) == 1


@pytest.mark.parametrize("block", rules.BLOCKS)
def test_each_block_is_missed_where_it_is_gone(built_once: Numbered, block: str) -> None:
    page = read_built(built_once)
    gone = re.compile("^" + block + ".*$", re.MULTILINE)
    assert sum(bool(gone.search(cell.source)) for cell in page.cells) == 1
    for cell in page.cells:
        cell.source = gone.sub("", cell.source)
    assert any(repr(block) in line for line in rules.fixed_blocks(page, built_once))


@pytest.mark.parametrize(("checks", "wrong"), [(0, 1), (1, 1), (2, 0), (3, 0), (4, 1)])
def test_a_numbered_notebook_has_two_or_three_exercises(
    built_once: Numbered, checks: int, wrong: int
) -> None:
    page = read_built(built_once)
    code(page, 3).source += "".join(f'\ncheck("01-{i}", each)' for i in range(checks))
    numbered = built_once._replace(name="01_small")
    assert len(list(lesson_rules.enough_exercises(page, numbered))) == wrong
    assert list(lesson_rules.enough_exercises(page, built_once)) == []


def test_a_large_file_is_found(small: Numbered) -> None:
    with small.built.open("a") as file:
        file.write(" " * 1_500_000)
    assert len(list(rules.small(read_built(small), small))) == 1


@pytest.mark.parametrize(
    "text", ["https://x.org/home/page", "1/home/2", "lacr_lib/tmp/x", "a ratio of 3/4", "T: 2"]
)
def test_what_is_no_path_passes(built_once: Numbered, text: str) -> None:
    page = read_built(built_once)
    output(page, text_plain=text)
    assert list(rules.no_traces(page, built_once)) == []


def test_a_missing_and_a_broken_notebook_are_one_line_each(small: Numbered) -> None:
    small.built.write_text("{}")
    assert len(rules.problems(small)) == 1
    small.built.unlink()
    [line] = rules.problems(small)
    assert "not built" in line
