"""The data sets that `lacr fetch` knows: catalogue.toml, or a catalogue of your own in its form."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lacr_lib.data.download import is_allowed
from lacr_lib.errors import LacrError, did_you_mean, first_line

CATALOGUE = Path(__file__).with_name("catalogue.toml")
MAX_FILES = 100_000
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_TEXTS = ("title", "page", "terms", "how", "then")
_LISTS = ("layout", "sources")
_NUMBERS = ("bytes", "unpacked_bytes", "max_files")
_OF_ARCHIVE = ("sources", "bytes", "sha256", "unpacked_bytes")


@dataclass(frozen=True)
class Archive:
    """One file that holds a data set: where it is, what it is, and how much may come out of it."""

    sources: tuple[str, ...]
    bytes: int
    sha256: str
    unpacked_bytes: int
    max_files: int = MAX_FILES


@dataclass(frozen=True)
class DataSet:
    """A data set of the field; `archive` where its terms allow a direct download.

    The texts are one line each: `how` to get it from the page, the command that comes `then`.
    """

    name: str
    title: str
    page: str
    terms: str
    layout: tuple[str, ...]
    then: str
    how: str = ""
    archive: Archive | None = None


def read_catalogue(path: str | Path | None = None) -> dict[str, DataSet]:
    """The data sets of a catalogue by name, in its order; without a path those we ship.

    Raises LacrError if it cannot be read, or one of its entries is not as it should be.
    """
    path = CATALOGUE if path is None else Path(path).expanduser()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LacrError(f"{path}: no catalogue of data sets ({first_line(error)})") from None
    try:
        return {name: _data_set(name, table) for name, table in tables.items()}
    except LacrError as error:
        raise LacrError(f"{path}: {error}") from None


def find_data_set(name: str, catalogue: Mapping[str, DataSet]) -> DataSet:
    """A data set by name. Raises LacrError, with the name that is near, if there is none."""
    if name in catalogue:
        return catalogue[name]
    meant = did_you_mean(name, catalogue)
    raise LacrError(f"no data set {name!r}: {meant}known are {', '.join(catalogue) or 'none'}")


def _data_set(name: str, table: Any) -> DataSet:
    if not _NAME.fullmatch(name):
        raise LacrError(f"{name!r} is no name; use small letters, digits, '-' and '.'")
    if not isinstance(table, dict):
        raise LacrError(f"{name}: a table [{name}] is needed, not {table!r}")
    _check_fields(name, table)
    texts = {key: table.get(key, "") for key in _TEXTS}
    archive = _archive(name, table) if table.keys() & {*_OF_ARCHIVE, "max_files"} else None
    return DataSet(name, layout=tuple(table["layout"]), archive=archive, **texts)


def _check_fields(name: str, table: dict[str, Any]) -> None:
    unknown = table.keys() - {*_TEXTS, *_LISTS, *_NUMBERS, "sha256"}
    if unknown:
        raise LacrError(f"{name}: unknown: {', '.join(sorted(unknown))}")
    missing = [key for key in ("title", "page", "terms", "layout", "then") if not table.get(key)]
    if missing:
        raise LacrError(f"{name}: missing: {', '.join(missing)}")
    for key, value in table.items():
        if key in _NUMBERS:
            fits = type(value) is int and value > 0
        elif key in _LISTS:
            fits = isinstance(value, list) and all(_is_line(each) for each in value)
        else:
            fits = _is_line(value)
        if not fits:
            raise LacrError(f"{name}: {key} is no {_kind(key)}: {value!r}")


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()  # printed as it is, to a terminal


def _kind(key: str) -> str:
    kinds = {"whole number from 1": _NUMBERS, "list of texts": _LISTS}
    return next((kind for kind, keys in kinds.items() if key in keys), "text of one line")


def _archive(name: str, table: dict[str, Any]) -> Archive:
    missing = [key for key in _OF_ARCHIVE if not table.get(key)]
    if missing:
        raise LacrError(f"{name}: a direct download needs {', '.join(missing)} too")
    refused = [url for url in table["sources"] if not is_allowed(url)]
    if refused:
        raise LacrError(f"{name}: {refused[0]} is refused: only https is fetched")
    if not re.fullmatch("[0-9a-f]{64}", table["sha256"]):
        raise LacrError(f"{name}: sha256 is no SHA-256 in hex: {table['sha256']!r}")
    return Archive(
        tuple(table["sources"]), table["bytes"], table["sha256"], table["unpacked_bytes"],
        table.get("max_files", MAX_FILES),
    )  # fmt: skip
