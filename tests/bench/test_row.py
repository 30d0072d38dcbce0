"""When a row counts as fallen behind its record."""

import pytest

from lacr_lib.bench.record import not_compared
from lacr_lib.bench.row import Row

RECORDED = {"what": "a photograph", "value": 1.0, "met": True}


@pytest.mark.parametrize(
    ("value", "met", "smaller", "behind"),
    [
        (1.15, True, True, ""),
        (1.25, True, True, "over 20 % behind"),
        (1.15, False, True, "misses <= 2"),
        (0.5, True, True, ""),
        (0.9, True, False, ""),
        (0.8, True, False, "over 20 % behind"),
        (1.5, True, False, ""),
        (None, None, True, ""),
    ],
)
def test_behind(value, met, smaller, behind):
    told = Row("image", "a photograph", "<= 2", value, met, smaller).behind(RECORDED)
    assert behind in told and bool(told) == bool(behind)
    assert "\n" not in told


def test_a_row_without_a_record_is_never_behind():
    row = Row("image", "a photograph", "<= 2", 9.0, False)
    assert row.behind({}) == "" and row.behind({"value": None, "met": None}) == ""


def test_a_target_that_the_record_missed_too_is_no_news():
    row = Row("image", "a photograph", "<= 2", 2.3, False)
    assert row.behind({**RECORDED, "value": 2.2, "met": False}) == ""


def test_a_record_of_other_photographs_is_not_compared_and_that_is_told():
    row = Row("fast-loss", "dB, over 18 pairs of embedded", "<= 0.3", 0.4, False)
    recorded = {**RECORDED, "what": "dB, over 84 pairs of sice", "value": 0.1}
    assert row.behind(recorded) == ""
    [told] = not_compared([row], {"rows": {"fast-loss": recorded}})
    assert told.startswith("fast-loss: not compared") and told.endswith("84 pairs of sice")
    assert not_compared([row], {}) == not_compared([row], {"rows": {"fast-loss": row._asdict()}})
