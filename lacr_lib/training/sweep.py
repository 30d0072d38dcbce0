"""A grid of trainings with seeds: one finished record a run, from which all tables are made."""

from __future__ import annotations

import datetime
import json
import math
import platform
import re
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from lacr_lib.data.layouts import PhotoSet
from lacr_lib.errors import LacrError, first_line
from lacr_lib.inference.files import write_text
from lacr_lib.models.config import ModelConfig
from lacr_lib.training.config import TrainConfig
from lacr_lib.training.run_records import Record, join, read_record
from lacr_lib.training.run_settings import (
    CONFIG,
    Settings,
    differences,
    held_settings,
    settings_key,
    settings_of,
)
from lacr_lib.training.settings import read_settings

PER_PAIR = (  # columns of PairMeasures that a record keeps, one number for each pair
    "psnr",
    "ssim",
    "psnr_swapped",
    "psnr_zero",
    "to_clear",
    "to_low",
    "texture",
    "texture_clear",
)


@dataclass(frozen=True)
class Run:
    """One training of a grid. names: the first is its own, the rest name the same settings."""

    names: tuple[str, ...]
    train: TrainConfig
    model: ModelConfig

    @property
    def folder(self) -> str:
        """Name of its folder: the run's name and seed, in letters a path may hold."""
        words = re.findall(r"[^\W_]+", self.names[0].lower())
        return f"{'-'.join(words)}-seed{self.train.seed}"

    @property
    def settings(self) -> Settings:
        """All settings as JSON values."""
        return settings_of(self.model, self.train)


def read_grid(path: str | Path) -> list[Run]:
    """The runs of a TOML grid file, all runs of the first seed first.

        seeds = [0, 1, 2]
        [every]            # settings of each run, fields of TrainConfig and ModelConfig
        steps = 1500
        [runs."VAE"]       # a run: its name, and what it changes
        rcam = false

    Runs of equal settings are one run with several names.
    Raises LacrError for a file that is no grid, an unknown setting, or two names for one folder.
    """
    path = Path(path)
    try:
        grid = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LacrError(f"{path}: not a readable grid ({error})") from None
    unknown = sorted(set(grid) - {"seeds", "every", "runs"})
    if unknown or not isinstance(grid.get("runs"), dict) or not grid["runs"]:
        raise LacrError(
            f"{path}: a grid has seeds = [...], [every] and [runs.NAME]"
            + (f", not {', '.join(unknown)}" if unknown else "; no run is named")
        )
    seeds = grid.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(type(s) is int for s in seeds):
        raise LacrError(f"{path}: seeds is a list of whole numbers, not {seeds!r}")
    names: dict[tuple[TrainConfig, ModelConfig], list[str]] = {}
    for name, changes in grid["runs"].items():
        try:
            names.setdefault(_configurations(grid.get("every", {}), changes), []).append(name)
        except LacrError as error:
            raise LacrError(f"{path}, run {name!r}: {error}") from None
    runs = [
        Run(tuple(same), replace(train, seed=seed), model)
        for seed in seeds
        for (train, model), same in names.items()
    ]
    folders = [run.folder for run in runs]
    if len(set(seeds)) < len(seeds):
        raise LacrError(f"{path}: seeds holds a number twice: {seeds}")
    twice = sorted({folder for folder in folders if folders.count(folder) > 1})
    if twice:
        raise LacrError(f"{path}: two runs share the folder {twice[0]}; name them further apart")
    return runs


def _configurations(
    every: dict[str, Any], changes: dict[str, Any]
) -> tuple[TrainConfig, ModelConfig]:
    if not isinstance(every, dict) or not isinstance(changes, dict):
        raise LacrError("settings are lines key = value")
    if "seed" in every | changes:
        raise LacrError("seed is no setting of a run; the grid's seeds are for all")
    words = [f"{key}={_text(value)}" for key, value in (every | changes).items()]
    for_training, for_model = read_settings(words, TrainConfig, ModelConfig)
    return TrainConfig(**for_training), ModelConfig(**for_model)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def sweep(
    runs: Iterable[Run],
    photoset: PhotoSet,
    out: str | Path,
    tell: Callable[[str], None] = lambda _: None,
    known: Iterable[Record] = (),
) -> list[Record]:
    """Train and measure each run that has no record yet; returns the records of the runs given.

    Trained on the training scenes, measured on the held-out ones. OUT/NAME-seedS/ is a run folder
    with its record.json; OUT/records.jsonl holds all records, a line each. Stopped, it goes on from
    the last checkpoints; several processes with one OUT share the work, each takes the next run
    that nobody holds, and none waits for a run that another one holds. known: records of an
    earlier sweep; a run of equal settings takes its record from there, if it is of these
    photographs. A run that fails is told, and the others go on.
    Raises LacrError when a folder holds a run of other settings or photographs, when fewer than two
    scenes are held out, and at the end when a run has failed.
    """
    from lacr_lib.latent.pairs import group_by_scene

    out, runs = Path(out), list(runs)
    if not any(scene.split for scene in photoset.scenes):  # select gives all of them for either
        raise LacrError(
            f"{photoset.name}: no scene is held out to measure on; put some into a folder val/ and "
            "the others into train/"
        )
    scenes = photoset.select("train"), photoset.select("test")
    photos = _Photos(photoset.name, tuple(pair.name for pair in scenes[1].pairs()))
    group_by_scene(scenes[1].pairs())  # two scenes at least, or there is no interval
    for run in runs:
        _check_same(run, out / run.folder, photos)
    known = list(known)
    usable = [record for record in known if _measured_on(record) == photos]
    if others := len(known) - len(usable):
        tell(f"known records of other photographs, which are not used: {others}")
    recorded = {settings_key(record["settings"]): record for record in usable}
    failed = []
    for run in runs:
        folder = out / run.folder
        folder.mkdir(parents=True, exist_ok=True)
        claim = FileLock(folder / ".claim", timeout=0)
        try:
            held = claim.acquire()
        except Timeout:
            tell(f"{run.folder}: another process is at it")
            continue
        with held:
            _check_same(run, folder, photos)  # once more: another process may have been here
            record, names = read_record(folder), run.names
            if record is not None:  # the grid may have a new name for it
                names = tuple(dict.fromkeys([*names, *record["names"]]))
            else:
                tell(f"{run.folder}: {', '.join(run.names)}, seed {run.train.seed}")
                record = recorded.get(settings_key(run.settings))
            try:
                record = record or train_and_measure(run, *scenes, folder)
            except (LacrError, RuntimeError, MemoryError) as error:  # such as CUDA's out of memory
                tell(f"{run.folder} failed: {first_line(error)}")
                failed.append(run.folder)
                continue
            record = {**record, "names": list(names)}
            write_text(folder / "record.json", json.dumps(record, allow_nan=False) + "\n")
            join(out)
    if failed:
        raise LacrError(f"{len(failed)} of {len(runs)} runs failed: {', '.join(failed)}")
    return [record for run in runs if (record := read_record(out / run.folder))]


def train_and_measure(run: Run, train: PhotoSet, test: PhotoSet, folder: Path) -> Record:
    """One run from its last checkpoint, or from its beginning, to its record."""
    import torch

    from lacr_lib.inference.load import load_model
    from lacr_lib.models.blocks import count_parameters
    from lacr_lib.models.vae import LacrVae
    from lacr_lib.training.fit import fit
    from lacr_lib.training.run_folder import WEIGHTS, is_finished

    torch.manual_seed(run.train.seed)  # runs of one seed and one shape start from equal weights
    model = LacrVae(run.model)
    started = time.perf_counter()
    if not is_finished(folder):
        begun = (folder / CONFIG).is_file()
        about = {"data": train.name, "photographs": train.fingerprint()}
        fit(model, train, run.train, folder, resume=begun, about=about)
    seconds = time.perf_counter() - started
    return {
        "names": list(run.names),
        "seed": run.train.seed,
        "settings": run.settings,
        "parameters": count_parameters(model),
        "data": train.name,
        "date": datetime.date.today().isoformat(),
        "machine": f"{'GPU' if torch.cuda.is_available() else 'CPU'}, {platform.machine()}",
        "seconds_since_start_or_resume": round(seconds, 1),
        **measure(load_model(folder / WEIGHTS), test),
    }


def measure(model: Any, test: PhotoSet) -> Record:
    """What a record keeps of a trained model: numbers of each pair, and the pull metrics."""
    from lacr_lib.latent.pairs import measure_pairs
    from lacr_lib.latent.pull import active_units, pull_statistics
    from lacr_lib.latent.statistics import once

    measures = measure_pairs(model, test)
    summary = {
        key: _number(once(statistic, len(measures.scenes)))
        for key, statistic in pull_statistics(measures).items()
        if key != "alignment_ratio_shared"  # there is no other encoder here
    }
    per_pair: dict[str, list[Any]] = {
        "name": [pair.name for pair in measures.pairs],
        "scene": [pair.scene for pair in measures.pairs],
    }
    for key in PER_PAIR:
        per_pair[key] = [_number(value) for value in measures.column(key)]
    return {
        "measured_on": test.name,
        "summary": {**summary, "active_units": active_units(measures)},
        "per_pair": per_pair,
    }


def _number(value: float) -> float | None:
    """JSON has no infinity and no NaN."""
    return round(float(value), 5) if math.isfinite(value) else None


class _Photos(NamedTuple):
    """What a record was made on: the name of the set, and the pairs that were measured."""

    data: str
    pairs: tuple[str, ...]


def _measured_on(record: Record) -> _Photos:
    return _Photos(record["data"], tuple(record["per_pair"]["name"]))


def _check_same(run: Run, folder: Path, photos: _Photos) -> None:
    """A folder with the same name and other settings or photographs is left alone."""
    record = read_record(folder)
    if record and _measured_on(record) != photos:
        raise LacrError(
            f"{folder} was measured on other photographs (of {record['data']}); choose another "
            "--out"
        )
    held = record["settings"] if record else held_settings(folder)
    if held and (differ := differences(held, run.settings)):
        raise LacrError(
            f"{folder} holds a run of other settings; choose another --out ({'; '.join(differ)})"
        )
