"""The list of released weights, lacr_lib/weights/index.json: reading, checking and writing it.

Only the standard library is imported here, so that `lacr weights` answers at once.

    python -m lacr_lib.inference.released check
    python -m lacr_lib.inference.released add lacr-vae --data "SICE Part 1" --results results.json

`index.json` is a list, one object for each file, with the fields of `ReleasedWeights`;
`film/sha256.json` names the snapshots of the film that carry no SHA-256 in themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import write_text

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
MAX_BYTES = 4 * 2**20  # a released file stays small enough to live in the repository
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True)
class ReleasedWeights:
    """One released weight file.

    size: bytes. sha256: of the file, in hex. data: what it was trained on, with its terms.
    results: {data set: {metric: value}}, as `lacr evaluate --json` measured them.
    """

    name: str
    file: str
    size: int
    sha256: str
    data: str
    results: dict[str, dict[str, float]] = field(default_factory=dict)

    def path(self, folder: Path = WEIGHTS_FOLDER) -> Path:
        """The weights' file."""
        return folder / self.file

    def line(self) -> str:
        """Name first, then size, sha256, data and results, on one line."""
        results = "; ".join(
            f"{data_set}: " + ", ".join(f"{metric} {value:g}" for metric, value in values.items())
            for data_set, values in self.results.items()
        )
        size = f"{self.size / 1e6:.2f} MB"
        return "  ".join([self.name, size, f"sha256 {self.sha256}", self.data, results]).rstrip()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def released_weights(folder: Path = WEIGHTS_FOLDER) -> list[ReleasedWeights]:
    """Every released weight file, in the order of index.json; empty where there is none.

    Raises LacrError if index.json cannot be understood.
    """
    index = folder / "index.json"
    if not index.exists():
        return []
    try:
        return [ReleasedWeights(**entry) for entry in json.loads(index.read_text("utf-8"))]
    except (TypeError, ValueError, OSError) as error:
        raise LacrError(f"{index}: not a list of released weights ({error}); reinstall") from None


def shipped_digests(folder: Path = WEIGHTS_FOLDER) -> set[str]:
    """SHA-256 of the files we ship that may carry none in themselves, wherever a copy lies.

    Raises LacrError if a list of them cannot be understood.
    """
    released = {weights.sha256 for weights in released_weights(folder)}
    film = folder / "film" / "sha256.json"
    if not film.exists():
        return released
    try:
        return released | set(json.loads(film.read_text("utf-8")).values())
    except (AttributeError, TypeError, ValueError, OSError) as error:
        raise LacrError(f"{film}: not a list of snapshots ({error}); reinstall") from None


def verify(weights: ReleasedWeights, folder: Path = WEIGHTS_FOLDER) -> Path:
    """Path of a released file, once its SHA-256 is the one that index.json promises.

    Raises LacrError if the file is missing or has other bytes.
    """
    path = weights.path(folder)
    if not path.is_file():
        raise LacrError(f"released weights {weights.name}: {path} is missing; reinstall lacr_lib")
    if sha256_of(path) != weights.sha256:
        raise LacrError(
            f"released weights {weights.name}: {path} is not the released file (its sha256 "
            "differs); reinstall lacr_lib, or give the file's path if the change is yours"
        )
    return path


def add(
    name: str,
    data: str,
    results: dict[str, dict[str, float]] | None = None,
    folder: Path = WEIGHTS_FOLDER,
) -> ReleasedWeights:
    """Write (or renew) the entry of NAME.safetensors, which lies in the folder already.

    Raises LacrError if the name is unfit, or the file is missing or over 4 MiB.
    """
    if not _NAME.fullmatch(name):
        raise LacrError(f"{name!r} is no weight name; use small letters, digits, '-' and '.'")
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        raise LacrError(f"{path} is missing; save_model() the weights there first")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise LacrError(f"{path} has {size} bytes; released weights stay under {MAX_BYTES}")
    entry = ReleasedWeights(name, path.name, size, sha256_of(path), data, results or {})
    entries = {old.name: old for old in released_weights(folder)} | {name: entry}
    listing: list[dict[str, Any]] = [asdict(each) for each in entries.values()]
    write_text(folder / "index.json", json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
    return entry


def main(arguments: list[str] | None = None) -> int:
    """Checks the released files, or adds one to the index; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lacr_lib.inference.released")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="compare every released file with its sha256")
    adding = commands.add_parser("add", help="write the index entry of NAME.safetensors")
    adding.add_argument("name")
    adding.add_argument("--data", required=True, help="what it was trained on, with its terms")
    adding.add_argument("--results", type=Path, help="JSON file {data set: {metric: value}}")
    options = parser.parse_args(arguments)
    try:
        if options.command == "add":
            read = options.results and json.loads(options.results.read_text("utf-8"))
            print(add(options.name, options.data, read).line())
            return 0
        for weights in released_weights():
            verify(weights)
            print(f"{weights.name}: as released")
    except (LacrError, OSError, ValueError) as error:
        print(f"lacr: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
