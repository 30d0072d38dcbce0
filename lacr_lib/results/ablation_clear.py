"""What the ablation's models make of photographs that are clear already: with LACR and without.

    python -m lacr_lib.results.ablation_clear runs/ablation --data DIR/sice

measures each finished model of a sweep on the clear photographs of the held-out scenes, and adds
its line to ablation-clear.jsonl beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lacr_lib.data.layouts import PhotoSet, open_photoset
from lacr_lib.errors import LacrError, exit_code
from lacr_lib.evaluation.bootstrap import Interval, paired_interval
from lacr_lib.inference.files import write_text
from lacr_lib.models.vae import LacrVae
from lacr_lib.results.ablation import FOLDER, GRID
from lacr_lib.training.run_folder import WEIGHTS
from lacr_lib.training.run_records import read_record
from lacr_lib.training.run_settings import differences
from lacr_lib.training.sweep import Run, read_grid

CLEAR = FOLDER / "ablation-clear.jsonl"
PAIRS = (  # models that differ in LACR alone: with it, without
    ("full", "full without LACR"),
    ("full without AMSM", "VAE + RCAM"),
    ("full without RCAM", "VAE + AMSM"),
    ("LACR: clear images take part", "full without LACR"),
)

Scores = dict[str, float]  # scene -> PSNR of what comes back, dB


class Gap(NamedTuple):
    """With LACR minus without, on clear photographs: over scenes, the mean of equal seeds.

    psnr: dB. worse: in how many of the scenes. brighter: of white, by how much more the mean of a
    photograph rises.
    """

    seeds: int
    psnr: Interval
    worse: int
    scenes: int
    brighter: Interval


def measure_clear(model: LacrVae, photoset: PhotoSet) -> dict[str, Scores]:
    """PSNR of each clear photograph after "enhancement" in dB, at most 60, and how much brighter.

    Returns {"psnr": scene -> dB, "brighter": scene -> change of the mean, white = 1}.
    """
    from lacr_lib.evaluation.unharmed import returned
    from lacr_lib.inference.enhance import enhance

    found = returned(lambda photo: enhance(model, photo), photoset)
    return {
        "psnr": {scene: round(each.psnr, 4) for scene, each in found.items()},
        "brighter": {scene: round(each.brighter, 5) for scene, each in found.items()},
    }


def measure_runs(runs: Iterable[Run], folder: Path, held_out: PhotoSet, out: Path = CLEAR) -> None:
    """Adds a line for each run that is finished below `folder` and has none yet."""
    from lacr_lib.inference.load import load_model

    lines = out.read_text("utf-8").splitlines() if out.is_file() else []
    there = {(each["names"][0], each["seed"]) for each in map(json.loads, lines)}
    for run in runs:
        record, weights = read_record(folder / run.folder), folder / run.folder / WEIGHTS
        done = record is not None and weights.is_file()
        if not done or (run.names[0], run.train.seed) in there:
            continue
        if record and differences(record["settings"], run.settings):
            raise LacrError(f"{folder / run.folder} holds a run of other settings")
        found = measure_clear(load_model(weights), held_out)
        named = {"names": list(run.names), "seed": run.train.seed, "measured_on": held_out.name}
        lines.append(json.dumps({**named, **found}))
        write_text(out, "\n".join(lines) + "\n")
        print(f"{run.folder}: {np.mean([*found['psnr'].values()]):.2f} dB", flush=True)


def read_clear(path: Path = CLEAR) -> dict[str, dict[int, dict[str, Scores]]]:
    """What is recorded: name of the run -> seed -> what `measure_clear` found."""
    by_name: dict[str, dict[int, dict[str, Scores]]] = {}
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for each in map(json.loads, lines):
        for name in each["names"]:
            by_name.setdefault(name, {})[each["seed"]] = each
    return by_name


def clear_gap(
    by_name: dict[str, dict[int, dict[str, Scores]]], name: str, reference: str
) -> Gap | None:
    """One model against another, of equal seeds; None where there is no seed in common."""
    first, second = by_name.get(name, {}), by_name.get(reference, {})
    seeds = sorted(first.keys() & second.keys())
    if not seeds:
        return None
    scenes = [*first[seeds[0]]["psnr"]]

    def paired(key: str) -> tuple[list[float], list[float]]:
        couple = ([np.mean([of[s][key][scene] for s in seeds]) for scene in scenes]
                  for of in (first, second))  # fmt: skip
        a, b = ([float(value) for value in each] for each in couple)
        return a, b

    psnr, brighter = paired("psnr"), paired("brighter")
    worse = sum(a < b for a, b in zip(*psnr, strict=True))
    return Gap(
        len(seeds), paired_interval(*psnr, scenes), worse, len(scenes),
        paired_interval(*brighter, scenes),
    )  # fmt: skip


def clear_table(by_name: dict[str, dict[int, dict[str, Scores]]]) -> str:
    """With LACR minus without, a couple of `PAIRS` a row; Markdown, empty without records."""
    gaps = [(couple, gap) for couple in PAIRS if (gap := clear_gap(by_name, *couple))]
    headings = ("with LACR minus without", "seeds", "PSNR (dB), 95 % over scenes", "worse in",
                "brighter by")  # fmt: skip
    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    for (name, reference), gap in gaps:
        mean, low, high = gap.psnr
        lines.append(
            f"| {name} minus {reference} | {gap.seeds} | {mean:+.2f} [{low:+.2f}, {high:+.2f}] | "
            f"{gap.worse} of {gap.scenes} | {gap.brighter.mean:+.3f} |"
        )
    return "\n".join(lines) if gaps else ""


def main(arguments: list[str] | None = None) -> int:
    """Measures what is finished and not yet recorded; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lacr_lib.results.ablation_clear")
    parser.add_argument("runs", type=Path, help="the --out folder of the sweep")
    parser.add_argument("--data", type=Path, required=True, help="the folder it was measured on")
    options = parser.parse_args(arguments)

    def work() -> None:
        held_out = open_photoset(options.data).select("test")
        measure_runs(read_grid(GRID), options.runs, held_out)

    return exit_code("results", work)


if __name__ == "__main__":
    sys.exit(main())
