"""What the prose of the committed notebooks says is what their numbers show."""

from __future__ import annotations

import pytest

from lacr_lib.teaching.records import not_finite, read_records
from lacr_lib.teaching.sources import Numbered, find_notebooks, read_built


@pytest.mark.parametrize("notebook", find_notebooks(), ids=lambda each: each.name)
def test_each_claim_has_the_verdict_that_the_prose_states(notebook: Numbered) -> None:
    _, claims = read_records(read_built(notebook))
    # A claim that fails keeps its place, with `shown=False` and words that say so.
    differing = {each["claim"]: each for each in claims if each["holds"] != each["expected"]}
    assert differing == {}


@pytest.mark.parametrize("notebook", find_notebooks(), ids=lambda each: each.name)
def test_metrics_are_recorded_and_finite(notebook: Numbered) -> None:
    metrics, _ = read_records(read_built(notebook))
    assert metrics
    assert not_finite(metrics) == []
