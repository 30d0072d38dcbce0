"""What a notebook records, and what can be read from it again."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from lacr_lib.errors import LacrError
from lacr_lib.teaching import record, record_claim, records
from lacr_lib.teaching.records import not_finite, read_records


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Everything emitted, as one cell's outputs, after the way through JSON."""
    found: list[dict[str, Any]] = []

    def emit(mime: str, content: Any, line: str) -> None:
        text = json.dumps({mime: content, "text/plain": line}, allow_nan=False)
        found.append({"data": json.loads(text)})

    monkeypatch.setattr(records, "_emit", emit)
    return found


def read(outputs: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return read_records({"cells": [{"outputs": outputs}, {"source": "text"}]})


def test_numbers_come_back_as_they_were(outputs: list[dict[str, Any]]) -> None:
    record(psnr=np.float32(20.5), n=7, loss=torch.tensor(0.25), gain=(1.0, 0.5, 1.5))
    metrics, claims = read(outputs)
    gain = {"value": 1.0, "low": 0.5, "high": 1.5}
    assert metrics == {"psnr": 20.5, "n": 7, "loss": 0.25, "gain": gain}
    assert claims == []
    assert outputs[0]["data"]["text/plain"] == "psnr 20.5   n 7   loss 0.25   gain 1 [0.5, 1.5]"


def test_what_is_not_finite_is_found(outputs: list[dict[str, Any]]) -> None:
    record(good=1.0, bad=math.nan, worse=(1.0, -math.inf, 2.0))
    assert not_finite(read(outputs)[0]) == ["bad", "worse"]


@pytest.mark.parametrize("value", ["many", (1.0, 2.0), {"a": 1}, np.zeros(3)])
def test_what_is_no_number_is_refused(outputs: list[dict[str, Any]], value: Any) -> None:
    with pytest.raises(LacrError, match="psnr"):
        record(psnr=value)


def test_a_name_is_recorded_once(outputs: list[dict[str, Any]]) -> None:
    record(psnr=1.0)
    record(psnr=2.0)
    with pytest.raises(LacrError, match="twice"):
        read(outputs)


@pytest.mark.parametrize(
    ("numbers", "bound", "holds"),
    [
        ((1.0, 0.5, 1.5), {"above": 0.0}, True),
        ((1.0, -0.1, 1.5), {"above": 0.0}, False),  # the interval reaches across the bound
        ((1.0,), {"above": 0.0}, True),
        ((0.2, 0.1, 0.3), {"below": 0.5}, True),
        ((0.2, 0.1, 0.6), {"below": 0.5}, False),
        ((-1.0, -2.0, 0.5), {"below": 0.0}, False),
        ((0.0,), {"below": 0.0}, False),
        ((math.nan,), {"above": 0.0}, False),
        ((1.0, math.nan, 2.0), {"above": 0.0}, False),
    ],
)
def test_a_claim_holds_only_with_its_whole_interval(
    outputs: list[dict[str, Any]], numbers: tuple[float, ...], bound: dict[str, float], holds: bool
) -> None:
    record_claim("it pulls", *numbers, **bound)
    [claim] = read(outputs)[1]
    assert claim["holds"] is holds
    assert claim["expected"] is True
    assert outputs[0]["data"]["text/plain"].startswith("SHOWN" if holds else "NOT SHOWN")


@pytest.mark.parametrize("bounds", [{}, {"above": 0.0, "below": 1.0}])
def test_a_claim_needs_one_bound(outputs: list[dict[str, Any]], bounds: dict[str, float]) -> None:
    with pytest.raises(LacrError, match="exactly one"):
        record_claim("it pulls", 0.5, **bounds)


def test_outside_a_notebook_the_line_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    record(psnr=20.5)
    assert capsys.readouterr().out == "psnr 20.5\n"
