"""The committed notebooks keep the rules of notebooks/README.md; nothing is executed."""

from __future__ import annotations

import re

import papermill
import pytest

from lacr_lib.teaching.exercise_rules import CHECK
from lacr_lib.teaching.lesson_rules import told_minutes
from lacr_lib.teaching.rules import PARAMETERS, RULES, Rule
from lacr_lib.teaching.sources import NOTEBOOKS, Numbered, find_notebooks, read_built, read_source
from lacr_lib.teaching.syllabus import old_minutes
from tests.exercises.test_exercises import MISTAKES, SOLVED, STUBS

COURSE = find_notebooks()


@pytest.mark.parametrize("notebook", COURSE, ids=lambda each: each.name)
@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.__name__)
def test_a_committed_notebook_keeps_the_rule(notebook: Numbered, rule: Rule) -> None:
    assert list(rule(read_built(notebook), notebook)) == []


@pytest.mark.parametrize("notebook", COURSE, ids=lambda each: each.name)
def test_papermill_knows_the_parameters(notebook: Numbered) -> None:
    # Papermill only prints a warning for a parameter that it does not find.
    assert set(papermill.inspect_notebook(str(notebook.built))) >= PARAMETERS


def test_the_course_is_numbered_without_a_gap_and_each_notebook_has_a_source() -> None:
    numbers = [int(notebook.name[:2]) for notebook in COURSE]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 8
    assert {file.stem for file in NOTEBOOKS.glob("*.ipynb")} == {each.name for each in COURSE}


@pytest.mark.parametrize("notebook", COURSE, ids=lambda each: each.name)
def test_the_guide_tells_the_misconception_behind_every_question(notebook: Numbered) -> None:
    page = "\n".join(cell.source for cell in read_source(notebook).cells)
    think = page.partition("## Think!")[2].partition("## Next")[0]
    asked = re.findall(r"^(\d)\. ", think, re.MULTILINE)
    guide = (NOTEBOOKS / "instructor" / "guide.md").read_text("utf-8")
    rows = re.findall(
        rf"^\| {notebook.name[:2]} · (\d) ", guide.partition("## Marking")[0], re.MULTILINE
    )
    assert 2 <= len(asked) <= 3 and rows == asked


@pytest.mark.parametrize("notebook", COURSE, ids=lambda each: each.name)
def test_the_guide_has_a_marking_hint_for_every_exercise(notebook: Numbered) -> None:
    page = "\n".join(cell.source for cell in read_source(notebook).cells)
    checks = re.findall(r"^check\(", page, re.MULTILINE)
    guide = (NOTEBOOKS / "instructor" / "guide.md").read_text("utf-8")
    rows = re.findall(
        rf"^\| {notebook.name[:2]} · \d ", guide.partition("## Marking")[2], re.MULTILINE
    )
    assert len(rows) == len(checks)


@pytest.mark.parametrize("notebook", COURSE, ids=lambda each: each.name)
def test_the_minutes_that_a_notebook_tells_were_measured(notebook: Numbered) -> None:
    measured = old_minutes((NOTEBOOKS.parent / "README.md").read_text("utf-8"))
    told = told_minutes(read_built(notebook))
    assert told is not None
    assert measured[notebook.name] <= 1.5 * told, "it takes longer than it says"


def test_every_exercise_has_its_three_tests() -> None:
    """Reference, stub and mistakes: tests/exercises runs over exactly what learners are given."""
    from lacr_lib.exercises.check import EXERCISES

    given = {name for each in COURSE for cell in read_source(each).cells
             for name, _ in CHECK.findall(cell.source)}  # fmt: skip
    assert given == set(EXERCISES) == set(SOLVED) == set(STUBS) == set(MISTAKES)
