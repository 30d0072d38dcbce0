"""Recorded results: what `lacr evaluate` and `lacr pull` measured on real photographs.

    python -m lacr_lib.results.records --data DIR      DIR: the held-out scenes, e.g. sice/val

measures every baseline and every released weight, writes a JSON file for each to this folder, and
renews the tables of README.md and the model cards. A record is the JSON of `lacr evaluate` with the
method, the command and the date before it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import write_text

FOLDER = Path(__file__).resolve().parent
Photo = NDArray[np.uint8]


def read_records(prefix: str = "sice-val", folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Recorded evaluations on one set, by method, best PSNR first; empty where there is none."""
    files = folder.glob(f"{prefix}-evaluate-*.json")
    records = [json.loads(file.read_text("utf-8")) for file in files]
    return {each["method"]: each for each in sorted(records, key=lambda each: -each["psnr"])}


def read_pull(prefix: str = "sice-val", folder: Path = FOLDER) -> dict[str, Any]:
    """The recorded pull metrics on one set; empty where there is none."""
    file = folder / f"{prefix}-pull.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def measure(data: str, prefix: str, only: list[str] | None = None) -> None:
    """Measure every method on a set and write its record. Raises LacrError for bad data."""
    from lacr_lib.data.layouts import open_photoset
    from lacr_lib.evaluation.evaluate import evaluate

    photoset = open_photoset(data)
    for name, (flag, method) in _methods().items():
        if only and name not in only:
            continue
        evaluation = evaluate(method, photoset, name)
        about = _about(f"lacr evaluate --data {prefix} {flag} {name}")
        record = {"method": name, **about, **evaluation.as_dict()}
        _write(f"{prefix}-evaluate-{name}.json", record)
        print(f"{name}: {evaluation.mean('psnr'):.2f} dB, SSIM {evaluation.mean('ssim'):.3f}")


def measure_pull(data: str, prefix: str) -> None:
    """Measure the pull of the default weights against their twin and write the record."""
    from lacr_lib.data.layouts import open_photoset
    from lacr_lib.inference.load import load_model
    from lacr_lib.latent.pull import pull

    result = pull(load_model("lacr-vae"), load_model("lacr-vae-no-lacr"), open_photoset(data))
    _write(f"{prefix}-pull.json", {**_about(f"lacr pull --data {prefix}"), **result})


def _methods() -> dict[str, tuple[str, Callable[[Photo], Photo]]]:
    """Name of each method -> the option that runs it, the function that is run."""
    from functools import partial

    from lacr_lib.evaluation.baselines import BASELINES
    from lacr_lib.inference.enhance import enhance
    from lacr_lib.inference.load import load_model
    from lacr_lib.inference.released import released_weights

    methods = {name: ("--method", method) for name, method in BASELINES.items()}
    for weights in released_weights():
        methods[weights.name] = ("--weights", partial(enhance, load_model(weights.name)))
    return methods


def _about(command: str) -> dict[str, str]:
    today = datetime.date.today().isoformat()
    return {"command": command, "date": today, "machine": f"CPU, {platform.machine()}"}


def _write(name: str, record: dict[str, Any]) -> None:
    write_text(FOLDER / name, json.dumps(record, indent=None, allow_nan=False) + "\n")


def main(arguments: list[str] | None = None) -> int:
    from lacr_lib.results.tables import write_tables

    parser = argparse.ArgumentParser(prog="python -m lacr_lib.results.records")
    parser.add_argument(
        "--data", help="folder of held-out scenes; without it, only tables are made"
    )
    parser.add_argument("--name", default="sice-val", help="how the records call this set")
    parser.add_argument("--only", nargs="*", help="methods to measure, in place of all")
    options = parser.parse_args(arguments)
    try:
        if options.data:
            measure(options.data, options.name, options.only)
            measure_pull(options.data, options.name)
        write_tables()
    except LacrError as error:
        print(f"records: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
