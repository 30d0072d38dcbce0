"""From one solved source to the learner's cells and the solutions, and back."""

from __future__ import annotations

import nbformat
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.teaching.build import build
from lacr_lib.teaching.exercise_rules import exercises_are_stubs, no_leak, solved_and_green
from lacr_lib.teaching.exercises import in_one_block, solution_lines, stub
from lacr_lib.teaching.sources import (
    read_built,
    read_notebook,
    read_script,
    read_solutions,
    read_source,
)
from lacr_lib.teaching.sync import sync

BLOCK = '''# ## Your turn

# %% [markdown] tags=["exercise"]
# ### 1 · Twice

# %% tags=["exercise"]
def free_bits(kl_per_unit, floor):
    """What is above the floor."""
    # begin solution
    above = (kl_per_unit - floor).clamp_min(0.0)
    return above.mean(dim=1)
    # end solution


from lacr_lib.exercises import check

check("02-free-bits", free_bits)

# %% tags=["solution"]
print("what it shows")

# %% [markdown]
# ## Think!
'''
SOLVED = ("# ## Your turn\n# ## Think!\n", BLOCK)


@pytest.fixture
def notebook(write):
    return write(SOLVED)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    from tests.teaching.conftest import write_source

    notebook = write_source(tmp_path_factory.mktemp("exercises") / "notebooks", SOLVED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LACR_PROFILE", "demo")
        build(notebook)
    return notebook


def code_of(page):
    return "\n".join(cell.source for cell in page.cells)


def test_a_stub_keeps_signature_docstring_and_check():
    head, tail = 'def f(x):\n    """Doc."""\n', "\n\n\ncheck(f)"
    body = "    # begin solution\n    y = x\n    return y\n    # end solution"
    todo = '    raise NotImplementedError("your turn")'
    assert stub(head + body + tail) == head + todo + tail


def test_learners_get_no_solution_and_the_solutions_nothing_else_of_the_course(notebook):
    learner, solutions = read_source(notebook), read_solutions(notebook)
    assert 'raise NotImplementedError("your turn")' in code_of(learner)
    for word in ("clamp_min", "begin solution", "what it shows"):
        assert word not in code_of(learner)
    assert "clamp_min" in code_of(solutions) and "what it shows" in code_of(solutions)
    assert "begin solution" not in code_of(solutions) and "plt.plot" not in code_of(solutions)
    assert 'PROFILE = "demo"' in code_of(solutions)
    ids = [cell.id for page in (learner, solutions) for cell in page.cells]
    assert len(set(ids)) == len(ids)


def test_built_exercises_are_to_do_and_solutions_are_correct(built):
    page = read_built(built)
    for rule in (exercises_are_stubs, no_leak, solved_and_green):
        assert list(rule(page, built)) == []
    said = str(read_notebook(built.solutions).cells)
    assert "02-free-bits: correct" in said and "what it shows" in said


def test_a_leak_is_seen(built):
    page = read_built(built)
    cell = next(c for c in page.cells if "NotImplementedError" in c.source)
    cell.source += "\n# above = (kl_per_unit - floor).clamp_min(0.0)"
    assert list(no_leak(page, built)) == []  # a comment is not the line itself
    cell.source += "\nabove = (kl_per_unit - floor).clamp_min(0.0)"
    assert len(list(no_leak(page, built))) == 1


def test_a_wrong_or_stale_solution_is_seen(built, tmp_path):
    solutions = read_notebook(built.solutions)
    kept = built.solutions.read_text("utf-8")
    for cell in solutions.cells:
        for output in cell.get("outputs", []):
            if "correct" in output.get("text", ""):
                output.text = "02-free-bits: wrong: that is not it\n"
    try:
        nbformat.write(solutions, built.solutions)
        assert list(solved_and_green(read_built(built), built)) == [
            "solutions: 02-free-bits is not correct"
        ]
        solutions.cells.pop()
        nbformat.write(solutions, built.solutions)
        assert "differ from their source" in next(solved_and_green(read_built(built), built))
    finally:
        built.solutions.write_text(kept, "utf-8")


def test_sync_keeps_the_solutions_and_refuses_edited_exercises(built):
    source, kept = built.source.read_text("utf-8"), built.built.read_text("utf-8")
    try:
        page = read_built(built)
        page.cells[0].source = page.cells[0].source.replace("A small one", "Another name")
        nbformat.write(page, built.built)
        sync(built)
        assert "Another name" in built.source.read_text("utf-8")
        assert solution_lines(read_script(built)) == {
            "above = (kl_per_unit - floor).clamp_min(0.0)",
            "return above.mean(dim=1)",
        }
        page = read_built(built)
        next(c for c in page.cells if "NotImplementedError" in c.source).source += "\n# mine"
        nbformat.write(page, built.built)
        with pytest.raises(LacrError, match="exercises are written in notebooks/src"):
            sync(built)
    finally:
        built.source.write_text(source, "utf-8")
        built.built.write_text(kept, "utf-8")


def test_exercises_stand_in_one_block(notebook, write):
    assert in_one_block(read_script(notebook))
    torn = BLOCK.replace('# %% tags=["solution"]', "# %%")
    apart = write(("# ## Your turn\n# ## Think!\n", torn), name="01_torn")
    assert in_one_block(read_script(apart))  # the untagged cell only ends the block
    second = torn.replace(
        "# %% [markdown]\n# ## Think!", '# %% tags=["exercise"]\n1\n\n# %% [markdown]\n# ## Think!'
    )
    assert not in_one_block(read_script(write(("# ## Your turn\n# ## Think!\n", second))))
