"""The folder of a training run: its lock, its history, its checkpoints, its final weights."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from accelerate import Accelerator
from accelerate.utils import load
from filelock import FileLock, Timeout
from safetensors import SafetensorError

from lacr_lib.errors import LacrError, first_line
from lacr_lib.inference.files import write_text
from lacr_lib.inference.load import save_model
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from lacr_lib.training.config import TrainConfig
from lacr_lib.training.run_settings import CONFIG, differences, held_settings, settings_of

Record = dict[str, float]
WEIGHTS = "model.safetensors"


def is_finished(out: Path) -> bool:
    """True when a run has written its final weights."""
    return (out / WEIGHTS).is_file()


class RunFolder:
    """RUN_DIR/ config.json, history.jsonl, checkpoint-STEP/, and at the end model.safetensors.

    Averaged weights at the steps of config.snapshots are kept as snapshot-STEP.safetensors.

    An operating-system lock, released when the process ends however it ends, guards the folder. A
    checkpoint is written beside and renamed, so one whole checkpoint always exists. Without a
    folder (`out` is None) only the history is kept, in memory. about: JSON values for config.json
    and for the metadata of the weights. Raises LacrError when another process holds the folder,
    when it holds another run, or when it cannot be made.
    """

    def __init__(
        self,
        out: str | Path | None,
        accelerator: Accelerator,
        config: TrainConfig,
        model: ModelConfig,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.out = None if out is None else Path(out)
        self.about = dict(about or {})
        self.accelerator = accelerator
        self.config = config
        self.settings = settings_of(model, config)
        self.history: list[Record] = []
        self.writes = out is not None and accelerator.is_main_process

    def __enter__(self) -> RunFolder:
        if self.out is not None and self.writes:
            self.lock = FileLock(self.out / ".lock", timeout=0)
            try:
                self.out.mkdir(parents=True, exist_ok=True)
                self.lock.acquire()
            except Timeout:
                raise LacrError(f"{self.out}: another training run is using this folder") from None
            except OSError as error:
                raise LacrError(
                    f"{self.out}: a run folder cannot be made there ({error.strerror}); choose "
                    "another folder"
                ) from error
            for left_over in self.out.glob(".lacr-*.part"):  # of a process that was killed
                left_over.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.writes:
            self.lock.release()

    def begin(self, resume: bool) -> int:
        """The step to start from: 0, or with `resume` that of the last checkpoint, now loaded."""
        if self.out is None:
            return 0
        if not resume and (self.checkpoints() or is_finished(self.out)):
            raise LacrError(f"{self.out} holds a run; resume it or choose another folder")
        held = held_settings(self.out)  # raises for a config.json of something else
        step = self.restore() if resume else 0
        if resume and held:
            self.go_on(held.get("about", {}))
        if self.writes:
            settings = {**self.settings, **({"about": self.about} if self.about else {})}
            write_text(self.out / CONFIG, json.dumps(settings, indent=1) + "\n")
        return step

    def restore(self) -> int:
        """Load the last checkpoint, if there is one, and return the step to go on from."""
        self.check_same_run()
        found = self.checkpoints()
        if not found:
            print("no checkpoint yet: starting at step 0", file=sys.stderr)
            return 0
        step = step_of(found[-1])
        try:
            for pickled in sorted(found[-1].glob("*.pkl")):
                load(pickled, map_location="cpu")  # refuses all but tensors and plain values
            self.accelerator.load_state(str(found[-1]))
            lines = (found[-1] / "history.jsonl").read_text().splitlines()
            self.history = [json.loads(line) for line in lines]
        except Exception as error:  # whatever a damaged file makes of its reader
            raise LacrError(
                f"{found[-1]} cannot be read ({first_line(error)}); train anew"
            ) from error
        print(f"resuming at step {step}", file=sys.stderr)
        return step

    def go_on(self, about: Mapping[str, Any]) -> None:
        """What a run began from stays; raises LacrError where it was begun on other photographs."""
        assert self.out is not None
        for key in ("data", "photographs"):  # older runs do not tell the second
            before, now = about.get(key), self.about.get(key)
            if before and now and before != now:
                raise LacrError(f"{self.out} holds a run on {before}, not on {now}; choose that")
        self.about = {**about, **self.about}

    def check_same_run(self) -> None:
        """Raises LacrError where the folder's settings are not those of now."""
        assert self.out is not None
        held = held_settings(self.out)
        if held and (differ := differences(held, self.settings)):
            raise LacrError(f"{self.out} holds a run of other settings: {'; '.join(differ)}")

    def after_step(
        self, record: Record, model: LacrVae, averaged: LacrVae, stop: bool = False
    ) -> None:
        """Remember the record; save a snapshot and a checkpoint when they are due, or at a stop."""
        self.history.append(record)
        step = int(record["step"])
        if self.out is not None and self.writes and step in self.config.snapshots:
            facts = {"step": step, "seed": self.config.seed, **self.about}
            save_model(averaged, self.out / f"snapshot-{step:07d}.safetensors", facts)
        if self.out is not None and (stop or step % self.config.checkpoint_every == 0):
            weights = (*model.parameters(), *averaged.parameters())
            if not all(weight.isfinite().all() for weight in weights):
                raise LacrError(f"step {step}: the weights are not finite; lower learning_rate")
            self.save(step)

    def save(self, step: int) -> None:
        """Write checkpoint-STEP whole, then drop the older ones. Raises LacrError if it cannot."""
        assert self.out is not None
        beside, older = self.out / "checkpoint.part", self.checkpoints()
        try:
            if self.writes:
                shutil.rmtree(beside, ignore_errors=True)
            self.accelerator.wait_for_everyone()
            self.accelerator.save_state(str(beside))
            self.accelerator.wait_for_everyone()
            if self.writes:
                self.write_history(beside)
                self.write_history(self.out)
                flush(beside)
                os.replace(beside, self.out / f"checkpoint-{step:07d}")
        except (OSError, RuntimeError, SafetensorError) as error:
            reason = why_not_written(error, self.out)
            shutil.rmtree(beside, ignore_errors=True)
            kept = f"resume from {older[-1].name}" if older else "start anew"
            raise LacrError(
                f"{self.out}: the checkpoint of step {step} cannot be written ({reason}); make "
                f"room there and {kept}"
            ) from error
        if self.writes:
            for folder in older:
                shutil.rmtree(folder, ignore_errors=True)

    def finish(self, model: LacrVae) -> None:
        """Write the history and, once and last, the averaged weights."""
        if self.out is not None and self.writes:
            self.write_history(self.out)
            facts = {"steps": self.config.steps, "seed": self.config.seed, **self.about}
            save_model(model, self.out / WEIGHTS, {**facts, "train": asdict(self.config)})

    def write_history(self, folder: Path) -> None:
        """One record a line to history.jsonl."""
        lines = "".join(json.dumps(record) + "\n" for record in self.history)
        write_text(folder / "history.jsonl", lines)

    def checkpoints(self) -> list[Path]:
        """Whole checkpoints, oldest first."""
        if self.out is None:
            return []
        return sorted(self.out.glob("checkpoint-[0-9]*"), key=step_of)


def why_not_written(error: Exception, folder: Path) -> str:
    """The reason in one line; torch's own writer does not say so when the disk is full."""
    if shutil.disk_usage(folder).free < 2**16:
        return os.strerror(errno.ENOSPC)
    return first_line(error)


def flush(folder: Path) -> None:
    """Have a folder's files on the disk before it gets its name: power may fail as well."""
    for file in filter(Path.is_file, folder.rglob("*")):
        with file.open("rb+") as opened:
            os.fsync(opened.fileno())


def step_of(checkpoint: Path) -> int:
    """The number at the end of a checkpoint's name."""
    return int(checkpoint.name.split("-")[1])
