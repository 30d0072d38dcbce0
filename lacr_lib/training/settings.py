"""`--set key=value`: text into the typed fields of TrainConfig and ModelConfig."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable
from typing import Any

from lacr_lib.errors import LacrError

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def read_settings(words: Iterable[str], *kinds: type) -> tuple[dict[str, Any], ...]:
    """The keyword arguments for each dataclass of `kinds` from words `key=value`.

    A value is read as its field's type says: numbers; true or false; 1,2,4 for a tuple; a name.
    Raises LacrError for no "=", a key given twice, an unknown key (the close ones are named), or a
    value of another type. Ranges are checked by the dataclass itself.
    """
    hints = [typing.get_type_hints(kind) for kind in kinds]
    fields = [{field.name for field in dataclasses.fields(kind)} for kind in kinds]
    found: list[dict[str, Any]] = [{} for _ in kinds]
    seen = set()
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise LacrError(f"--set takes key=value, not {word!r}")
        if key in seen:
            raise LacrError(f"--set {key} is given twice; keep one")
        seen.add(key)
        owners = [index for index, names in enumerate(fields) if key in names]
        if not owners:
            raise LacrError(_unknown(key, sorted(set().union(*fields))))
        for index in owners:
            found[index][key] = _value(key, text.strip(), hints[index][key])
    return tuple(found)


def _unknown(key: str, known: list[str]) -> str:
    close = [name for name in known if key and key in name]
    close += [name for name in difflib.get_close_matches(key, known) if name not in close]
    hint = f"did you mean {' or '.join(close[:3])}?" if close else f"known are {', '.join(known)}"
    return f"--set {key}: no such setting; {hint}"


def _value(key: str, text: str, kind: Any) -> Any:
    """Text as a value of a type: int, float, bool, str, Literal, tuple[X, ...] or X | None."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if text.lower() == "none" and type(None) in parts:
            return None
        return _value(key, text, next(part for part in parts if part is not type(None)))
    if origin is typing.Literal:
        if text not in parts:
            raise LacrError(f"--set {key}: one of {', '.join(map(str, parts))}, not {text!r}")
        return text
    if origin is tuple:
        inner = text.strip("()[]").rstrip(",")
        items = inner.split(",") if inner else []
        return tuple(_value(key, item.strip(), parts[0]) for item in items)
    if kind is bool:
        if text.lower() not in TRUE + FALSE:
            raise LacrError(f"--set {key}: true or false, not {text!r}")
        return text.lower() in TRUE
    try:
        return kind(text)
    except ValueError:
        names = {int: "a whole number", float: "a number"}
        raise LacrError(f"--set {key}: {names.get(kind, kind)}, not {text!r}") from None
