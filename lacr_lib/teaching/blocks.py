"""Tables in pages that a command writes: what stands between two comment lines is written anew."""

from __future__ import annotations

from lacr_lib.errors import LacrError


def marks(name: str, command: str) -> tuple[str, str]:
    """The comment lines around a block; the first says which command writes it."""
    return f"<!-- {name}: begin (written by `{command}`) -->", f"<!-- {name}: end -->"


def replace_block(text: str, new: str, begin: str, end: str, prefix: str = "") -> str:
    """The text with the lines between two marks replaced; `prefix` ("# ") starts each line.

    Raises LacrError if each mark is not there exactly once.
    """
    begin, end = prefix + begin, prefix + end
    if text.count(begin) != 1 or text.count(end) != 1:
        raise LacrError(
            f"no block to write to: the lines {begin!r} and {end!r} must stand once each"
        )
    head, tail = text.split(begin)[0], text.split(end)[1]
    # blank lines: a table directly below a comment would not be set as one
    lines = [begin, prefix.rstrip(), *((prefix + line).rstrip() for line in new.splitlines())]
    return head + "\n".join([*lines, prefix.rstrip(), end]) + tail
