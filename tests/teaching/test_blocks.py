"""A block between two comment lines is written anew, and nothing else is touched."""

import pytest

from lacr_lib.errors import LacrError
from lacr_lib.teaching.blocks import marks, replace_block

BEGIN, END = marks("numbers", "python -m somewhere")


@pytest.mark.parametrize("prefix", ["", "# "])
def test_block_is_replaced_and_the_rest_is_kept(prefix):
    text = f"above\n{prefix}{BEGIN}\n{prefix}| old |\n{prefix}{END}\nbelow\n"
    once = replace_block(text, "| new |", BEGIN, END, prefix)
    assert f"\n{prefix}| new |\n" in once and "old" not in once
    assert once.startswith("above\n") and once.endswith("\nbelow\n")
    assert replace_block(once, "| new |", BEGIN, END, prefix) == once


@pytest.mark.parametrize("text", ["no block", f"{BEGIN}\n", f"{BEGIN}\n{END}\n" * 2])
def test_missing_or_double_marks_are_told(text):
    with pytest.raises(LacrError, match="must stand once each"):
        replace_block(text, "| new |", BEGIN, END)
