"""The ablation's models of one seed, to be looked at side by side; no enhancers to be used.

    python -m lacr_lib.results.ablation_models runs/ablation --data DIR/sice

writes them from the run folders of a sweep to lacr_lib/weights/ablation/, as float16, if they still
reach what the sweep recorded of them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from lacr_lib.data.layouts import PhotoSet, open_photoset
from lacr_lib.errors import LacrError, exit_code
from lacr_lib.inference.load import load_model, read_metadata, save_model
from lacr_lib.inference.released import WEIGHTS_FOLDER
from lacr_lib.models.vae import LacrVae
from lacr_lib.results.ablation import GRID
from lacr_lib.training.run_folder import WEIGHTS
from lacr_lib.training.run_records import read_record
from lacr_lib.training.sweep import Run, measure, read_grid

FOLDER = WEIGHTS_FOLDER / "ablation"
SEED = 1
NAMES = ("VAE", "VAE + RCAM", "full")  # more would not fit into a wheel of 20 MB
ALLOWED = 0.01  # dB that storing as float16 may change


def read_models(folder: Path = FOLDER) -> dict[str, LacrVae]:
    """The models by the name of their run, in the order of `NAMES`; those that are there."""
    files = {read_metadata(path)["about"]["run"]: path for path in folder.glob("*.safetensors")}
    return {name: load_model(files[name]) for name in NAMES if name in files}


def few_embedded() -> PhotoSet:
    """Photographs that everybody has: of each embedded test scene the middle one of its ladder."""
    photos = open_photoset("embedded").select("test")
    middle = len(photos.scenes[0].low) // 2
    return replace(photos, scenes=tuple(replace(s, low=(s.low[middle],)) for s in photos.scenes))


def release(
    runs: list[Run], folder: Path, held_out: PhotoSet, few: PhotoSet, out: Path = FOLDER
) -> None:
    """Writes the model of each run from its run folder below `folder`.

    The PSNR on the held-out scenes, as recorded, and on the few photographs is kept in the file.
    Raises LacrError for a run without a record, or if float16 changes its PSNR on the held-out
    scenes by more than 0.01 dB.
    """
    out.mkdir(exist_ok=True)
    for run in runs:
        record = read_record(folder / run.folder)
        trained = folder / run.folder / WEIGHTS
        if record is None or not trained.is_file():
            raise LacrError(f"{folder / run.folder} holds no finished run; lacr sweep makes it")
        model = load_model(trained).half().float()  # what float16 keeps of it
        now, then = measure(model, held_out)["summary"]["psnr"], record["summary"]["psnr"]
        if abs(now - then) > ALLOWED:
            raise LacrError(f"{run.names[0]}: {now:.2f} dB as float16, {then:.2f} dB recorded")
        about = {
            **read_metadata(trained)["about"],
            "run": run.names[0],
            "psnr": {held_out.name: then, few.name: measure(model, few)["summary"]["psnr"]},
        }
        file = out / f"{run.folder}.safetensors"
        save_model(model, file, about, half=True)
        print(f"{file}: {about['psnr']}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Writes the models of `NAMES`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lacr_lib.results.ablation_models")
    parser.add_argument("runs", type=Path, help="the --out folder of the sweep")
    parser.add_argument("--data", type=Path, required=True, help="the folder it was measured on")
    options = parser.parse_args(arguments)
    chosen = {run.names[0]: run for run in read_grid(GRID) if run.train.seed == SEED}

    def work() -> None:
        held_out = open_photoset(options.data).select("test")
        release([chosen[name] for name in NAMES], options.runs, held_out, few_embedded())

    return exit_code("results", work)


if __name__ == "__main__":
    sys.exit(main())
