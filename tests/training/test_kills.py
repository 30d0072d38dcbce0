"""kill -9 at random moments: a training goes on to the same weights, an output is whole or absent.

Three kills in every test run; with LACR_TORTURE=1 (`make torture`) thirty of each kind. The seed of
the moments is printed, and taken from LACR_SEED where that is set.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import secrets
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib import cli

KILLS = 30 if os.environ.get("LACR_TORTURE") else 3
STEPS = KILLS + 6
ENOUGH = 500.0  # seconds; a slow machine gets through fewer kills
LONGEST = 120.0  # seconds that a process may take
LOADED_ONCE = ["lacr_lib.training.fit", "lacr_lib.commands.train", "lacr_lib.inference.enhance"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is a matter of Unix")


@pytest.fixture(scope="module")
def start():
    """Starts `lacr ARGUMENTS` as a process of its own, forked from one that has torch loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED_ONCE)

    def start(*arguments: str) -> multiprocessing.process.BaseProcess:
        process = context.Process(target=cli.main, args=(list(arguments),))
        process.start()
        return process

    warm = start("weights")
    warm.join()
    return start


@pytest.fixture
def moments() -> random.Random:
    seed = int(os.environ.get("LACR_SEED") or secrets.randbits(32))
    print(f"\n{KILLS} kills, LACR_SEED={seed}")
    return random.Random(seed)


def kill_after(process: multiprocessing.process.BaseProcess, seconds: float | None) -> bool:
    """Kill a process after some seconds; False if it had ended by itself (None: let it end)."""
    process.join(LONGEST if seconds is None else seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def wait_for_training(process: multiprocessing.process.BaseProcess, out: Path) -> float:
    """Wait until a process has taken its run folder; returns the time."""
    config = out / "config.json"
    before = config.stat().st_mtime_ns if config.exists() else 0
    latest = time.perf_counter() + LONGEST
    while process.is_alive() and not (config.exists() and config.stat().st_mtime_ns != before):
        assert time.perf_counter() < latest, "the training does not begin"
        time.sleep(0.01)
    return time.perf_counter()


def put_photographs(folder: Path, *names: str) -> str:
    rng = np.random.default_rng(0)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 200, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return str(folder)


def test_a_training_killed_at_random_moments_ends_in_the_same_weights(
    start, moments: random.Random, tmp_path: Path
) -> None:
    data = put_photographs(tmp_path / "data", "a/low_0.png", "a/low_1.png", "a/clear.png")
    train = ["train", "--data", data, "--steps", str(STEPS), "--checkpoint-every", "1", "--resume"]
    train += ["--set", "batch_size=2", "crop=32", "base_channels=4", "latent_channels=4", "--out"]
    whole = tmp_path / "whole"
    process = start(*train, str(whole))
    began = wait_for_training(process, whole)
    process.join()
    seconds = time.perf_counter() - began
    kills = runs = within_a_save = reached = 0
    last = False
    while not last:
        out = tmp_path / f"killed-{runs}"
        process = start(*train, str(out))
        wait_for_training(process, out)
        # what is left in the end is let to its end
        last = kills >= KILLS or time.perf_counter() - began > ENOUGH
        if killed := kill_after(process, None if last else moments.uniform(0.0, seconds)):
            kills += 1
            within_a_save += (out / "checkpoint.part").exists()
        steps = [int(found.name[-7:]) for found in out.glob("checkpoint-*")]
        assert max(steps, default=0) >= reached, "a checkpoint was lost"
        reached = max(steps, default=0)
        assert not (last and killed), "too slow"
        if not killed:
            for file in ("model.safetensors", "history.jsonl"):
                assert (out / file).read_bytes() == (whole / file).read_bytes()
            assert not list(out.glob("*.part"))
            runs, reached = runs + 1, 0
    print(f"\n{kills} kills survived, {within_a_save} of them within a save, in {runs} runs")


def test_enhancing_killed_at_random_moments_leaves_whole_photographs_only(
    start, moments: random.Random, tmp_path: Path
) -> None:
    names = [f"{number}.jpg" for number in range(12)]
    photos, out = put_photographs(tmp_path / "photos", *names), tmp_path / "out"
    enhance = ["enhance", photos, "--out", str(out)]
    began = time.perf_counter()
    start(*enhance).join()
    seconds = time.perf_counter() - began
    whole = {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(whole) == len(names)
    kills = 0
    for _ in range(KILLS):
        for path in out.iterdir():
            path.unlink()
        kills += kill_after(start(*enhance), moments.uniform(0.0, seconds))
        for path in out.glob("*.png"):
            if not path.name.startswith("."):
                assert path.read_bytes() == whole[path.name]
    print(f"\n{kills} kills survived")
