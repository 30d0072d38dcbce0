"""What the commands share: failing after the start, data sets, devices, progress, results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import write_text

if TYPE_CHECKING:
    import torch
    from tqdm import tqdm

    from lacr_lib.data.layouts import PhotoSet
    from lacr_lib.models.vae import LacrVae


class Failed(Exception):
    """The work had begun and then failed: exit code 1, where a LacrError before it gives 2."""


@contextmanager
def begun() -> Iterator[None]:
    """Marks the part of a command in which an error means "failed", no more "not started"."""
    try:
        yield
    except BrokenPipeError:  # nobody reads any more: no failure of ours
        raise
    except (LacrError, OSError, RuntimeError, MemoryError) as error:
        raise Failed(one_line(error)) from error


def one_line(message: object) -> str:
    """A message, or an error's, without line breaks; the error's type where it has no message.

    What cannot be printed is escaped: a file's name may hold anything.
    """
    text = " ".join(str(message).split()) or type(message).__name__
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def say(text: str) -> None:
    """A line for people, on stderr: stdout holds results only."""
    print(text, file=sys.stderr, flush=True)


def check_target(path: Path) -> None:
    """Before hours of work: can the result be written there? Raises LacrError if not."""
    if path.is_dir():
        raise LacrError(f"{path} is a folder; give the name of a file in it")
    existing = next(parent for parent in path.absolute().parents if parent.exists())
    if not existing.is_dir():
        raise LacrError(f"cannot write {path}: {existing} is a file, not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise LacrError(f"cannot write {path}: no permission to write in {existing}")


def write_json(path: Path | None, record: Any) -> None:
    """The record to a file, whole or not at all; nothing without a path."""
    if path is not None:
        write_text(path, json.dumps(record, indent=1, allow_nan=False) + "\n")


def pick_device(name: str) -> torch.device:
    """auto: the GPU where there is one. Raises LacrError for cuda without a GPU."""
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise LacrError("--device cuda: PyTorch sees no GPU here; take --device cpu or auto")
    on_gpu = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if on_gpu else "cpu")


def load_on(weights: str, device: str) -> LacrVae:
    """A model by released name or file, on a device."""
    from lacr_lib.inference.load import load_model

    return load_model(weights).to(pick_device(device))


def held_out(data: str) -> PhotoSet:
    """The scenes to measure on; says in one line what was found and what is used."""
    from lacr_lib.data.layouts import open_photoset

    photoset = open_photoset(data)
    if not any(scene.split for scene in photoset.scenes):
        say(f"{photoset.name}: {photoset.describe()}; no split, all are used")
        return photoset
    try:
        chosen = photoset.select("test")
    except LacrError:
        say(f"{photoset.name}: {photoset.describe()}; none is held out, training scenes are used")
        return photoset
    say(f"{photoset.name}: {photoset.describe()}; held-out scenes only: {chosen.describe()}")
    return chosen


def need_pairs(photoset: PhotoSet) -> None:
    """Raises LacrError for a set without a low-light photograph that has its clear reference."""
    if not photoset.pairs():
        raise LacrError(
            f"{photoset.name} has no clear references ({photoset.describe()}); this needs exposure "
            "ladders or low/clear pairs"
        )


def tell_beside(progress: tqdm[Any], line: str) -> None:
    """Why a photograph is left out, in a line beside the bar."""
    progress.write(f"lacr: {one_line(line)}", file=sys.stderr)


def told_at_the_end(done: int, total: int) -> int:
    """Once more, how many photographs were left out; the exit code: 1 if any was."""
    if done < total:
        say(f"lacr: left out: {total - done} of {total} photographs")
    return 1 if done < total else 0


class _Log:
    """A log as tqdm writes to it: a bar is a line of its own, where a screen draws over it."""

    def write(self, text: str) -> None:
        for line in filter(str.strip, text.split("\r")):
            sys.stderr.write(line.rstrip() + "\n")

    def flush(self) -> None:
        sys.stderr.flush()


def bar(total: int, what: str, unit: str, scale: bool = False, leave: bool = True) -> tqdm[Any]:
    """A progress bar on stderr; where that is a log, a line of it every ten seconds.

    scale: large numbers as k, M or G. leave: does it stay when it is full?
    """
    from tqdm import tqdm

    on_screen = sys.stderr.isatty()
    pause = 0.1 if on_screen else 10.0
    return tqdm(
        total=total, desc=what, unit=unit if scale else f" {unit}", unit_scale=scale, leave=leave,
        file=None if on_screen else _Log(), dynamic_ncols=True,
        mininterval=pause, maxinterval=max(10.0, pause),
    )  # fmt: skip
