"""Show the library's real source in a notebook."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lacr_lib.errors import LacrError

if TYPE_CHECKING:
    from IPython.display import Markdown


def show(*objects: Any) -> Markdown:
    """The source of functions, classes or methods, as Markdown for the end of a cell.

    No line numbers, so that a checked cell changes only when the shown code changes.
    Errors: LacrError for something without Python source (a value, a built-in).
    """
    from IPython.display import Markdown

    return Markdown("\n\n".join(_block(item) for item in objects))


def _block(item: Any) -> str:
    try:
        code = textwrap.dedent(inspect.getsource(item)).rstrip()
        file = Path(inspect.getsourcefile(item) or "")
    except (TypeError, OSError):
        raise LacrError(
            f"show() found no source of {item!r}: pass a function, a class or a method"
        ) from None
    root = Path(__file__).parents[2]
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else "this notebook"
    return f"`{name}`\n\n```python\n{code}\n```"
