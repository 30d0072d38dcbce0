"""Each exercise says correct to its solution, to do to its stub, and names each known mistake."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lacr_lib.exercises.check import EXERCISES, check, verdict
from lacr_lib.teaching.exercise_rules import CHECK
from lacr_lib.teaching.exercises import EXERCISE, has_exercises, tags_of
from lacr_lib.teaching.reach import without_reach
from lacr_lib.teaching.sources import (
    Numbered,
    find_notebooks,
    read_script,
    read_solutions,
    read_source,
)

COURSE = [n for n in find_notebooks() if has_exercises(read_script(n))]
FOLDER = Path(__file__).parent / "mistakes"
MISTAKES: dict[str, dict[str, Callable[..., Any]]] = {}
for file in sorted(FOLDER.glob("[a-z]*.py")):
    MISTAKES |= importlib.import_module(f"tests.exercises.mistakes.{file.stem}").MISTAKES
NAMED = [(name, mistake) for name, each in MISTAKES.items() for mistake in each]


def answers(page: Any) -> dict[str, Any]:
    """The functions that a page hands to its checks, from its setup and its exercises alone."""
    code = [cell for cell in without_reach(page.cells) if cell.cell_type == "code"]
    space: dict[str, Any] = {}
    found = {}
    for cell in [*code[:2], *(c for c in code[2:] if EXERCISE in tags_of(c))]:
        source = CHECK.sub("", cell.source)
        exec(compile(source, "exercise", "exec"), space)
        found |= {name: space[function] for name, function in CHECK.findall(cell.source)}
    return found


SOLVED = {k: v for n in COURSE for k, v in answers(read_solutions(n)).items()}
STUBS = {k: v for n in COURSE for k, v in answers(read_source(n)).items()}


def test_every_exercise_of_the_course_has_a_check_and_two_mistakes() -> None:
    assert set(SOLVED) == set(STUBS) == set(EXERCISES) == set(MISTAKES)
    assert all(len(mistakes) >= 2 for mistakes in MISTAKES.values())
    for notebook in COURSE:
        names = answers(read_source(notebook))
        assert 2 <= len(names) <= 3
        assert all(name.startswith(f"{notebook.name[:2]}-") for name in names)


@pytest.mark.parametrize("name", SOLVED)
def test_the_solution_is_correct(name: str) -> None:
    assert verdict(EXERCISES[name], SOLVED[name]) == "correct"


@pytest.mark.parametrize("name", STUBS)
def test_the_stub_is_to_do(name: str) -> None:
    assert verdict(EXERCISES[name], STUBS[name]) == "to do"


@pytest.mark.parametrize(("name", "mistake"), NAMED)
def test_a_mistake_gets_a_hint(name: str, mistake: str) -> None:
    said = verdict(EXERCISES[name], MISTAKES[name][mistake])
    assert said.startswith("wrong: ") and "it raised" not in said
    assert len(said) < 200


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_gets_a_hint_of_its_own(name: str) -> None:
    hints = [verdict(EXERCISES[name], mistake) for mistake in MISTAKES[name].values()]
    assert len(set(hints)) == len(hints)


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("answer", [lambda *a, **k: None, lambda *a, **k: "text", 3, None])
def test_nonsense_is_wrong_and_never_raises(name: str, answer: Any) -> None:
    assert verdict(EXERCISES[name], answer).startswith("wrong: ")


def test_check_prints_the_verdict_and_knows_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    check("02-kl", SOLVED["02-kl"])
    check("02-kl", lambda mu: mu)
    check("99-nothing", print)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "02-kl: correct"
    assert lines[1].startswith("02-kl: wrong: it raised TypeError")
    assert lines[2].startswith("99-nothing: there is no such exercise; there are 0")


def test_a_check_draws_no_random_numbers_that_others_miss() -> None:
    import numpy as np
    import torch

    torch.manual_seed(0), np.random.seed(0)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(0), np.random.seed(0)
    verdict(EXERCISES["02-halfway"], SOLVED["02-halfway"])
    assert (torch.rand(1), np.random.rand()) == expected


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("02-halfway", lambda *given: SOLVED["02-halfway"](*given).clamp(0, 1)),  # as a picture is
        ("06-grey-world", lambda photo: SOLVED["06-grey-world"](photo.astype("float64"))),
    ],
)
def test_another_right_answer_is_correct(name: str, answer: Callable[..., Any]) -> None:
    assert verdict(EXERCISES[name], answer) == "correct"


def test_only_the_stubs_own_error_is_to_do() -> None:
    def not_there(mu: Any, log_var: Any) -> Any:
        raise NotImplementedError("No KL(p || q) is implemented for p type Independent")

    said = verdict(EXERCISES["02-kl"], not_there)
    assert said == (
        "wrong: it raised NotImplementedError: No KL(p || q) is implemented for p type Independent"
    )


@pytest.mark.parametrize("notebook", COURSE, ids=lambda notebook: notebook.name)
def test_solutions_invite_nobody_and_do_not_point_at_themselves(notebook: Numbered) -> None:
    page = "\n".join(cell.source for cell in read_solutions(notebook).cells)
    assert "\n## The exercises, solved\n" in page and "Write each function" not in page
    assert f"]({notebook.built.name})" not in page
