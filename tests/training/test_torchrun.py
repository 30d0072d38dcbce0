"""Two processes of half the batch train as one process does with the whole batch.

pytest runs the tests; `torchrun --nproc_per_node=2 test_torchrun.py RUN_DIR` runs `main`, which
trains the same toy and leaves what each process saw beside the run's folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from lacr_lib import LacrVae, ModelConfig, TrainConfig, fit, load_model
from lacr_lib.data.batches import TrainingBatches
from lacr_lib.data.layouts import Frame, PhotoSet, Scene

STEPS, BATCH = 4, 4
GLOO = dist.is_available() and dist.is_gloo_available()


class MeanVae(LacrVae):
    """Decodes the posterior mean in training too: eps is drawn per process, and would differ."""

    def forward(self, x, z=None, sample=None):
        return super().forward(x, z, sample=False)


def toy_photos() -> PhotoSet:
    photo = np.random.default_rng(0).random((48, 48, 3))

    def frame(name, factor):
        pixels = np.round(photo * factor * 255).astype(np.uint8)
        return Frame(name, lambda: pixels, None, None)

    low = (frame("low_0", 0.2), frame("low_1", 0.5))
    return PhotoSet("toy", "ladder", (Scene("s0", "train", frame("clear", 1.0), low),))


def toy_model() -> LacrVae:
    torch.manual_seed(0)
    return MeanVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2, skip_dropout=0.0))


def toy_config(batch: int) -> TrainConfig:
    return TrainConfig(steps=STEPS, crop=32, batch_size=batch, checkpoint_every=2)


def main(out: Path) -> None:
    """One of two processes: half the batch; what it saw goes to RUN_DIR.RANK.json."""
    seen, read = [], TrainingBatches.__getitem__
    TrainingBatches.__getitem__ = lambda self, index: seen.append(index) or read(self, index)
    history = fit(toy_model(), toy_photos(), toy_config(BATCH // 2), out).history
    noise = torch.randn(1).item()
    rank = dist.get_rank()
    report = {"seen": seen, "history": history, "noise": noise, "world": dist.get_world_size()}
    out.with_name(f"{out.name}.{rank}.json").write_text(json.dumps(report))
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The run folder of two processes, and what each of them reports."""
    if not GLOO:
        pytest.skip("this build of torch has no gloo: no two processes on a CPU")
    out = tmp_path_factory.mktemp("two") / "run"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, __file__, str(out)], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    reports = [json.loads(out.with_name(f"run.{rank}.json").read_text()) for rank in (0, 1)]
    return out, reports


@pytest.fixture(scope="module")
def one():
    """What one process makes of the whole batch."""
    return fit(toy_model(), toy_photos(), toy_config(BATCH))


def test_no_sample_is_seen_twice_and_none_is_missed(two):
    _, reports = two
    assert [report["world"] for report in reports] == [2, 2]
    seen = [set(report["seen"]) for report in reports]
    assert not seen[0] & seen[1]
    assert sorted(reports[0]["seen"] + reports[1]["seen"]) == list(range(STEPS * BATCH))


def test_the_loss_curve_is_that_of_one_process_with_the_double_batch(two, one):
    _, reports = two
    curves = [report["history"] for report in reports]
    for ours, other, theirs in zip(*curves, one.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)
        assert ours == other  # every process logs the mean over all, not its own half
    half = fit(toy_model(), toy_photos(), toy_config(BATCH // 2)).history
    assert half[-1]["loss"] != pytest.approx(one.history[-1]["loss"], rel=1e-3)  # it can fail


def test_one_process_writes_and_the_weights_are_those_of_one_process(two, one):
    out, _ = two
    whole = one.model.state_dict()
    assert [path.name for path in out.glob("checkpoint-*")] == [f"checkpoint-{STEPS:07d}"]
    lines = (out / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4]
    weights = load_model(out / "model.safetensors").state_dict()
    assert weights.keys() == whole.keys()
    for name, value in weights.items():
        torch.testing.assert_close(value, whole[name], rtol=1e-3, atol=2e-4, msg=name)


def test_each_process_draws_noise_of_its_own(two):
    _, reports = two
    assert reports[0]["noise"] != reports[1]["noise"]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
