"""What makes a notebook a lesson: told minutes, exercises, questions; as rules.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from lacr_lib.teaching.exercise_rules import CHECK
from lacr_lib.teaching.sources import Numbered

EXERCISES, QUESTIONS = (2, 3), (2, 4)  # fewest and most in a notebook
_TIME = re.compile(r"^\*\*Time(.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
_WORDS = {"half a": 0.5, "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_MINUTES = re.compile(rf"code runs in [\w ]*?\b({'|'.join(_WORDS)}|[\d.]+) minutes?\b")


def told_minutes(page: NotebookNode) -> float | None:
    """The minutes in which a notebook says that its code runs, or None if it does not say."""
    found = _TIME.search(_prose(page))
    told = _MINUTES.search(" ".join(found.group(1).split())) if found else None
    return None if told is None else float(_WORDS.get(told.group(1), 0) or told.group(1))


def time_is_told(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Minutes to read, and minutes that the code runs on which machine."""
    found = _TIME.search(_prose(page))
    text = " ".join(found.group(1).split()) if found else ""
    if told_minutes(page) is None or "CPU" not in text:
        yield "**Time.** does not say 'the code runs in ... minutes' on which CPU"


def enough_exercises(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Two or three exercises that check themselves; notebook 00 has tasks without a check."""
    names = [name for cell in page.cells for name, _ in CHECK.findall(cell.source)]
    fewest, most = EXERCISES
    if not notebook.name.startswith("00") and not fewest <= len(names) <= most:
        yield f"{len(names)} exercises with a check, not {fewest} to {most}"


def folded_answers(page: NotebookNode, notebook: Numbered) -> Iterator[str]:
    """Questions under "Think!", each with an answer that is shown when it is asked for."""
    part = _prose(page).partition("\n## Think!")[2].partition("\n## Next")[0]
    opened, closed = part.count("<details>"), part.count("</details>")
    fewest, most = QUESTIONS
    if not fewest <= opened <= most or opened != closed:
        yield f"{opened} folded answers under 'Think!', not {fewest} to {most}"


LESSON_RULES = (time_is_told, enough_exercises, folded_answers)


def _prose(page: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
