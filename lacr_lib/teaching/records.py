"""What a notebook measured, stored in its outputs where tests and tables can read it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from lacr_lib.errors import LacrError

METRICS_MIME = "application/vnd.lacr.metrics+json"
CLAIM_MIME = "application/vnd.lacr.claim+json"


def record(**metrics: Any) -> None:
    """Stores named numbers in the cell's output and prints them on one line.

    Values: a number, or `(value, low, high)` for a number with its interval; torch and numpy
    scalars too. A number that is not finite is stored as null, for which the tests look.
    Errors: LacrError for anything else, and for no metric at all.
    """
    if not metrics:
        raise LacrError("record() needs at least one name=value")
    stored = {name: _number(name, value) for name, value in metrics.items()}
    line = "   ".join(f"{name} {_text(value)}" for name, value in stored.items())
    _emit(METRICS_MIME, stored, line)


def record_claim(
    text: str,
    value: Any,
    low: Any = None,
    high: Any = None,
    *,
    above: float | None = None,
    below: float | None = None,
    shown: bool = True,
) -> None:
    """Stores a claim of the prose with its verdict, and prints both; never raises on a failure.

    The verdict is *shown* when `value` and its whole interval `low` .. `high` lie above `above`,
    or below `below`; else *not shown*. `shown` is the verdict that the prose
    states: a test compares the two in the committed notebook, so that words and numbers agree.
    Errors: LacrError unless exactly one of `above`, `below` is given.
    """
    if (above is None) == (below is None):
        raise LacrError("record_claim() needs exactly one of above= and below=")
    number, lower, upper = _finite(value), _finite(low), _finite(high)
    given = [_finite(part) for part in (value, low, high) if part is not None]
    holds = bool(given) and all(_beyond(part, above, below) for part in given)
    relation = f"> {above:g}" if above is not None else f"< {below:g}"
    claim = {
        "claim": text,
        "value": number,
        "low": lower,
        "high": upper,
        "needs": relation,
        "holds": holds,
        "expected": shown,
    }
    interval = {"value": number, "low": lower, "high": upper} if low is not None else number
    verdict = "SHOWN" if holds else "NOT SHOWN"
    _emit(CLAIM_MIME, claim, f"{verdict}: {text}: {_text(interval)}, needs {relation}")


def read_records(notebook: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The metrics and the claims that an executed notebook holds: ({name: value}, [claim]).

    Errors: LacrError when one name was recorded twice.
    """
    metrics: dict[str, Any] = {}
    claims: list[dict[str, Any]] = []
    for data in _output_data(notebook):
        for name, value in data.get(METRICS_MIME, {}).items():
            if name in metrics:
                raise LacrError(f"the metric {name!r} is recorded twice: give it two names")
            metrics[name] = value
        if CLAIM_MIME in data:
            claims.append(data[CLAIM_MIME])
    return metrics, claims


def not_finite(metrics: Mapping[str, Any]) -> list[str]:
    """The names of the metrics that hold something else than finite numbers."""
    return [
        name
        for name, value in metrics.items()
        if any(part is None for part in (value.values() if isinstance(value, dict) else [value]))
    ]


def _output_data(notebook: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            yield output.get("data", {})


def _number(name: str, value: Any) -> Any:
    if isinstance(value, tuple | list):
        if len(value) != 3:
            raise LacrError(f"record({name}=...) takes a number or (value, low, high)")
        return dict(zip(("value", "low", "high"), map(_finite, value), strict=True))
    try:
        return _finite(value)
    except (TypeError, ValueError):
        raise LacrError(f"record({name}=...) takes a number or (value, low, high)") from None


def _finite(value: Any) -> float | int | None:
    """A plain number; None for None and for what is not finite (JSON has no NaN)."""
    if value is None:
        return None
    if isinstance(value, bool | int):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None


def _beyond(number: float | None, above: float | None, below: float | None) -> bool:
    if number is None:
        return False
    return number > above if above is not None else number < (below or 0.0)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{_text(value['value'])} [{_text(value['low'])}, {_text(value['high'])}]"
    if value is None:
        return "not finite"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _emit(mime: str, content: Any, line: str) -> None:
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:  # a plain script: there is no output cell to write to
        print(line)
    else:
        display({"text/plain": line, mime: content}, raw=True)
