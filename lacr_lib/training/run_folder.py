"""The folder of a training run: its lock, its history, its checkpoints, its final weights."""

from __future__ import annotations

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
from filelock import FileLock, Timeout

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import write_text
from lacr_lib.inference.load import save_model
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from lacr_lib.training.config import TrainConfig

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
    and for the metadata of the weights. Raises LacrError when another process holds the folder.
    """

    def __init__(
        self,
        out: Path | None,
        accelerator: Accelerator,
        config: TrainConfig,
        model: ModelConfig,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.out = out
        self.about = dict(about or {})
        self.accelerator = accelerator
        self.config = config
        self.model_config = model
        self.history: list[Record] = []
        self.writes = out is not None and accelerator.is_main_process

    def __enter__(self) -> RunFolder:
        if self.out is not None and self.writes:
            self.out.mkdir(parents=True, exist_ok=True)
            self.lock = FileLock(self.out / ".lock", timeout=0)
            try:
                self.lock.acquire()
            except Timeout:
                raise LacrError(f"{self.out}: another training run is using this folder") from None
            settings = {"model": asdict(self.model_config), "train": asdict(self.config)}
            settings |= {"about": self.about} if self.about else {}
            write_text(self.out / "config.json", json.dumps(settings, indent=1) + "\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.writes:
            self.lock.release()

    def restore(self) -> int:
        """Load the last checkpoint, if there is one, and return the step to go on from."""
        found = self.checkpoints()
        if not found:
            print("no checkpoint yet: starting at step 0", file=sys.stderr)
            return 0
        self.accelerator.load_state(str(found[-1]))
        step = step_of(found[-1])
        lines = (found[-1] / "history.jsonl").read_text().splitlines()
        self.history = [json.loads(line) for line in lines]
        print(f"resuming at step {step}", file=sys.stderr)
        return step

    def after_step(self, record: Record, averaged: LacrVae) -> None:
        """Remember the record; save a snapshot and a checkpoint when they are due."""
        self.history.append(record)
        step = int(record["step"])
        if self.out is not None and self.writes and step in self.config.snapshots:
            facts = {"step": step, "seed": self.config.seed, **self.about}
            save_model(averaged, self.out / f"snapshot-{step:07d}.safetensors", facts)
        if self.out is not None and step % self.config.checkpoint_every == 0:
            self.save(step)

    def save(self, step: int) -> None:
        """Write checkpoint-STEP whole, then drop the older ones."""
        assert self.out is not None
        beside, final = self.out / "checkpoint.part", self.out / f"checkpoint-{step:07d}"
        older = self.checkpoints()
        if self.writes:
            shutil.rmtree(beside, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(beside))
        self.accelerator.wait_for_everyone()
        if self.writes:
            self.write_history(beside)
            self.write_history(self.out)
            shutil.rmtree(final, ignore_errors=True)
            os.replace(beside, final)
            for folder in older:
                if folder != final:
                    shutil.rmtree(folder, ignore_errors=True)

    def finish(self, model: LacrVae) -> None:
        """Write the history and, once and last, the averaged weights."""
        if self.out is not None and self.writes:
            self.write_history(self.out)
            facts = {"steps": self.config.steps, "seed": self.config.seed, **self.about}
            save_model(model, self.out / WEIGHTS, {**facts, "train": asdict(self.config)})

    def write_history(self, folder: Path) -> None:
        lines = "".join(json.dumps(record) + "\n" for record in self.history)
        write_text(folder / "history.jsonl", lines)

    def checkpoints(self) -> list[Path]:
        """Whole checkpoints, oldest first."""
        if self.out is None:
            return []
        return sorted(self.out.glob("checkpoint-[0-9]*"), key=step_of)


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.split("-")[1])
