"""Turns and ratios on a clock that the test turns, and what a child process says."""

import pytest
import torch

from lacr_lib.bench.timing import in_child, one_thread, ratio, turns
from lacr_lib.errors import LacrError


def test_turns_leave_out_the_first_round_and_alternate():
    now, order = [0.0], []

    def call(name, cost):
        def run():
            order.append(name)
            now[0] += cost if len(order) > 2 else 100.0  # the first round is slow

        return run

    seconds = turns({"a": call("a", 3.0), "b": call("b", 2.0)}, 3, clock=lambda: now[0])
    assert seconds == {"a": [3.0] * 3, "b": [2.0] * 3}
    assert "".join(order) == "ba" + "ab" + "ba" + "ab"


def test_ratio_is_the_median_turn_by_turn():
    assert ratio([2.0, 30.0, 4.0], [1.0, 10.0, 2.0]) == 2.0  # a slow spell hits both


def test_one_thread_gives_the_others_back():
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), one_thread():
        assert torch.get_num_threads() == 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == before


def test_a_child_that_fails_is_told_in_one_line():
    with pytest.raises(LacrError, match=r"no_such_module failed: .*No module named"):
        in_child("no_such_module")
