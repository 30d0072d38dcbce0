"""show() displays the real source."""

from __future__ import annotations

import inspect

import pytest

from lacr_lib.errors import LacrError
from lacr_lib.teaching import choose, show
from lacr_lib.teaching.environment import Check


def test_the_source_is_the_library_s_own() -> None:
    text = show(choose).data
    assert inspect.getsource(choose).rstrip() in text
    assert text.startswith("`lacr_lib/teaching/profiles.py`")


def test_methods_lose_their_indent_and_several_objects_follow_each_other() -> None:
    text = show(Check.line, choose).data
    assert "```python\ndef line(self)" in text
    assert text.index("def line") < text.index("def choose")


@pytest.mark.parametrize("value", [3, len, "choose"])
def test_what_has_no_source_is_refused(value: object) -> None:
    with pytest.raises(LacrError, match="no source"):
        show(value)
