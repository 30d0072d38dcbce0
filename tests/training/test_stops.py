"""What stops a training, and what is left then: one clear line and the last good checkpoint."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lacr_lib import LacrError, LacrVae, TrainConfig, fit, load_model
from lacr_lib.cli import main
from lacr_lib.data.layouts import open_photoset
from lacr_lib.stops import Terminated, sigterm_interrupts
from lacr_lib.training import run_folder

pytestmark = pytest.mark.usefixtures("ctrl_c_is_heard")
CONFIG = TrainConfig(steps=6, crop=32, batch_size=2, checkpoint_every=2)
SMALL = ["batch_size=2", "crop=32", "base_channels=4", "latent_channels=4", "stem_stride=2"]


def same_weights(a: LacrVae, b: LacrVae) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def checkpoints(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("checkpoint*"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve scenes of one pair each."""
    rng = np.random.default_rng(0)
    for number in range(12):
        for role in ("low", "high"):
            path = tmp_path / "data" / role / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 200, (40, 40, 3), dtype=np.uint8)).save(path)
    return tmp_path / "data"


def interrupt_at(step: int, times: int = 1, number: int = signal.SIGINT):
    def on_step(now: int, record: object, model: object) -> None:
        for _ in range(times if now == step else 0):
            signal.raise_signal(number)

    return on_step


@pytest.mark.parametrize("step", [2, 3])  # with a checkpoint of its own, and without
def test_ctrl_c_saves_after_the_step_and_the_run_goes_on(
    make_model, photoset, tmp_path, step: int
) -> None:
    whole = fit(make_model(), photoset, CONFIG)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match=f"saved at step {step + 1}"):
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=interrupt_at(step))
    assert signal.getsignal(signal.SIGINT) is before
    assert checkpoints(tmp_path) == [f"checkpoint-{step + 1:07d}"]
    resumed = fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
    assert same_weights(whole.model, resumed.model) and resumed.history == whole.history


def test_sigterm_saves_too_and_a_second_one_changes_nothing(make_model, photoset, tmp_path) -> None:
    twice = interrupt_at(3, times=2, number=signal.SIGTERM)  # as coreutils' timeout sends it
    with sigterm_interrupts(), pytest.raises(Terminated, match="saved at step 4"):
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=twice)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert checkpoints(tmp_path) == ["checkpoint-0000004"]


def test_a_second_ctrl_c_stops_at_once(make_model, photoset, tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=interrupt_at(3, times=2))
    assert checkpoints(tmp_path) == ["checkpoint-0000002"]


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_told_to_stop_saves(
    data: Path, tmp_path: Path, number: int, code: int
) -> None:
    out = tmp_path / "run"
    run = ["train", "--data", str(data), "--out", str(out), "--steps", "100000", "--set", *SMALL]
    command = [sys.executable, "-m", "lacr_lib", *run, "workers=1", "--checkpoint-every", "3"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, process_group=0) as process:
        while process.poll() is None and not list(out.glob("checkpoint-*")):
            time.sleep(0.05)
        os.killpg(process.pid, number)  # as a terminal or `timeout` does: the workers get it too
        told = process.communicate(timeout=60)[1].strip().splitlines()
    assert process.returncode == code, told
    (kept,) = checkpoints(out)
    assert told[-1] == f"lacr: stopped, saved at step {int(kept[-7:])}: go on with --resume"


@pytest.mark.parametrize("failing", ["save_state", "write_history"])
def test_a_full_disk_keeps_the_last_checkpoint(
    make_model, photoset, tmp_path, monkeypatch, failing: str
) -> None:
    def full(self, folder, *_):
        (Path(folder) / "half").parent.mkdir(exist_ok=True)
        (Path(folder) / "half").write_text("half a file")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    owner = run_folder.Accelerator if failing == "save_state" else run_folder.RunFolder

    def fill_the_disk(step: int, record: object, model: object) -> None:
        if step == 3:
            monkeypatch.setattr(owner, failing, full)

    told = r"step 4 cannot be written \(.*No space left.*\).* resume from checkpoint-0000002"
    with pytest.raises(LacrError, match=told) as error:
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=fill_the_disk)
    assert "\n" not in str(error.value)
    assert checkpoints(tmp_path) == ["checkpoint-0000002"]
    monkeypatch.undo()
    fit(make_model(), photoset, CONFIG, tmp_path, resume=True)


@pytest.mark.skipif(os.name != "posix", reason="limits of Unix")
def test_no_file_may_grow_any_more(make_model, photoset, tmp_path) -> None:
    """The writers of torch and safetensors themselves fail, each in its own way."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(step: int, record: object, model: object) -> None:
        if step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))

    try:
        with pytest.raises(LacrError, match="step 4 cannot be written") as error:
            fit(make_model(), photoset, CONFIG, tmp_path, on_step=limit)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(error.value)
    assert checkpoints(tmp_path) == ["checkpoint-0000002"]
    fit(make_model(), photoset, CONFIG, tmp_path, resume=True)


def test_a_data_set_that_vanishes(make_model, data: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, steps=50, batch_size=1, checkpoint_every=1)

    def vanish(step: int, record: object, model: object) -> None:
        if step == 2:
            shutil.rmtree(data)

    with pytest.raises(LacrError, match=r"no such file: .*\.png") as error:
        fit(make_model(), open_photoset(data), config, tmp_path / "run", on_step=vanish)
    assert "\n" not in str(error.value)
    (kept,) = checkpoints(tmp_path / "run")
    assert int(kept[-7:]) >= 2


def test_a_data_set_that_vanished_is_told_in_one_line_by_a_worker_too(
    data: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    run = ["train", "--data", str(data), "--out", str(tmp_path / "run"), "--steps", "2"]
    opened = open_photoset(data)
    shutil.rmtree(data)
    monkeypatch.setattr("lacr_lib.data.layouts.open_photoset", lambda _: opened)
    for workers in (0, 1):
        assert main([*run, "--set", *SMALL, f"workers={workers}"]) == 1
        line = capsys.readouterr().err.strip().splitlines()[-1]
        assert line.startswith("lacr: no such file: ") and "Traceback" not in line
        assert multiprocessing.active_children() == []  # they ignore SIGTERM: none may be left


@pytest.mark.parametrize("spoilt", ["trained", "averaged"])
@pytest.mark.parametrize("step", [2, 3])  # too many steps are skipped; a checkpoint is due first
def test_weights_and_a_loss_that_are_nan_leave_the_last_good_checkpoint(
    make_model, photoset, tmp_path, spoilt: str, step: int
) -> None:
    def poison(now: int, record: object, averaged: LacrVae) -> None:
        if now == step:
            with torch.no_grad():
                {"trained": model, "averaged": averaged}[spoilt].decoder.head.weight.fill_(
                    torch.nan
                )

    model = make_model()
    with pytest.raises(LacrError, match="not finite") as error:
        fit(model, photoset, replace(CONFIG, skipped_limit=0), tmp_path, on_step=poison)
    assert "\n" not in str(error.value) and checkpoints(tmp_path) == ["checkpoint-0000002"]
    resumed = fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
    assert same_weights(fit(make_model(), photoset, CONFIG).model, resumed.model)


def test_steps_skipped_before_a_stop_still_count(make_model, photoset, tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=interrupt_at(3))
    history = tmp_path / "checkpoint-0000004" / "history.jsonl"
    history.write_text(history.read_text().replace('"skipped": 0', '"skipped": 5'))
    resumed = fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
    assert [record["skipped"] for record in resumed.history] == [5] * 6


def test_a_second_process_is_refused(data: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "run"
    run = ["train", "--data", str(data), "--out", str(out), "--steps", "2", "--set", *SMALL]
    code = "import sys, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); input()"
    out.mkdir()
    other = [sys.executable, "-c", code, str(out / ".lock")]
    with subprocess.Popen(other, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        while not (out / ".lock").exists():
            time.sleep(0.05)
        code = main(run)
        holder.kill()  # the lock dies with its process
    assert code == 1
    assert "another training run is using this folder" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == [".lock"]
    assert main(run) == 0


def test_a_run_of_other_settings_is_not_gone_on_with(make_model, photoset, tmp_path) -> None:
    fit(make_model(), photoset, CONFIG, tmp_path)
    before = (tmp_path / "config.json").read_bytes()
    other = replace(CONFIG, steps=8, seed=1, checkpoint_every=5)
    with pytest.raises(LacrError, match="other settings: seed 0, not 1; steps 6, not 8"):
        fit(make_model(), photoset, other, tmp_path, resume=True)
    with pytest.raises(LacrError, match="holds a run"):
        fit(make_model(), photoset, CONFIG, tmp_path)
    assert (tmp_path / "config.json").read_bytes() == before
    fit(make_model(), photoset, replace(CONFIG, checkpoint_every=5), tmp_path, resume=True)


@pytest.mark.parametrize(
    "file", ["model.safetensors", "optimizer.bin", "custom_checkpoint_0.pkl", "random_states_0.pkl"]
)
def test_a_checkpoint_cut_short_is_told_and_one_with_code_is_not_run(
    make_model, photoset, tmp_path, file: str
) -> None:
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was run",))

    fit(make_model(), photoset, CONFIG, tmp_path)
    held = tmp_path / "checkpoint-0000006" / file
    whole = held.read_bytes()
    for wrong in (whole[: len(whole) // 2], b"", pickle.dumps(Bomb(), protocol=2)):
        held.write_bytes(wrong)
        with pytest.raises(LacrError, match="checkpoint-0000006 cannot be read") as error:
            fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
        assert "\n" not in str(error.value)
    held.write_bytes(whole)
    fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
    assert load_model(tmp_path / "model.safetensors")


def test_ctrl_c_while_the_weights_are_written_is_raised_when_they_are(
    make_model, photoset, tmp_path, monkeypatch
) -> None:
    def save(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)
        save_model(*arguments)

    save_model = run_folder.save_model
    monkeypatch.setattr(run_folder, "save_model", save)
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), photoset, CONFIG, tmp_path)
    assert load_model(tmp_path / "model.safetensors")
