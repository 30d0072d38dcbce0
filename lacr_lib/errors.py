"""The one error this library raises for bad input: one line, what is wrong and what to do."""

import difflib
import sys
from collections.abc import Callable, Iterable


class LacrError(ValueError):
    """Bad input, configuration or file; its message is one line fit to show to a user."""


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type where it has none."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question about the known name that is near, to stand in a message; "" where none is."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}? " if close else ""


def exit_code(program: str, work: Callable[[], object]) -> int:
    """Does the work of a `python -m` program: 0, or 2 after one line about a LacrError."""
    try:
        work()
    except LacrError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    return 0
