"""Clear photographs through the ablation's models: measured, kept, and compared in pairs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from lacr_lib import enhance
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.errors import LacrError
from lacr_lib.evaluation.metrics import psnr
from lacr_lib.inference.load import save_model
from lacr_lib.models.vae import LacrVae
from lacr_lib.results.ablation_clear import (
    CLEAR,
    PAIRS,
    clear_gap,
    clear_table,
    measure_runs,
    read_clear,
)
from lacr_lib.training.sweep import read_grid

GRID = """
seeds = [0, 1]
[every]
base_channels = 4
latent_channels = 4
[runs."full"]
[runs."full without LACR"]
lambda_lacr = 0.0
"""


@pytest.fixture
def photoset():
    """Two scenes of noise."""
    photos = np.random.default_rng(0).integers(40, 256, (2, 32, 32, 3), dtype=np.uint8)
    scenes = [Scene(f"s{i}", "test", Frame("clear", lambda i=i: photos[i], None, None), ())
              for i in (0, 1)]  # fmt: skip
    return PhotoSet("toys", "ladder", tuple(scenes))


def toy(run):
    """A model of the run's shape that changes photographs; a fresh one returns them."""
    torch.manual_seed(len(run.names[0]))
    model = LacrVae(run.model).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.05 * torch.randn_like(weight)
    return model


@pytest.fixture
def swept(tmp_path):
    """The runs of a small grid, and the folder of those of seed 0."""
    (tmp_path / "grid.toml").write_text(GRID)
    runs = read_grid(tmp_path / "grid.toml")
    for run in runs:
        if run.train.seed == 0:
            folder = tmp_path / "runs" / run.folder
            folder.mkdir(parents=True)
            save_model(toy(run), folder / "model.safetensors", {})
            (folder / "record.json").write_text(json.dumps({"settings": run.settings}))
    return runs, tmp_path / "runs"


def test_finished_runs_are_measured_once(swept, photoset, tmp_path, capsys):
    runs, folder = swept
    for _ in range(2):
        measure_runs(runs, folder, photoset, tmp_path / "clear.jsonl")
    assert len(capsys.readouterr().out.splitlines()) == 2
    found = read_clear(tmp_path / "clear.jsonl")
    assert {name: [*seeds] for name, seeds in found.items()} == {
        "full": [0], "full without LACR": [0],
    }  # fmt: skip
    photo = photoset.scenes[1].clear.read()
    back = enhance(toy(next(run for run in runs if run.names[0] == "full")), photo)
    assert 5 < psnr(back, photo) < 50
    assert found["full"][0]["psnr"]["s1"] == pytest.approx(psnr(back, photo), abs=1e-4)
    change = (back.astype(float) - photo).mean() / 255
    assert found["full"][0]["brighter"]["s1"] == pytest.approx(change, abs=1e-5)


def test_a_folder_of_another_grid_is_refused(swept, photoset, tmp_path):
    runs, folder = swept
    (folder / runs[0].folder / "record.json").write_text(
        json.dumps({"settings": {"model": {}, "train": {"seed": 9}}})
    )
    with pytest.raises(LacrError, match="other settings"):
        measure_runs(runs, folder, photoset, tmp_path / "clear.jsonl")


def test_the_gap_is_paired_by_seed_and_scene():
    def found(a, b, brighter=0.0):
        return {"psnr": {"a": a, "b": b}, "brighter": {"a": brighter, "b": brighter}}

    by_name = {
        "full": {0: found(20.0, 30.0, 0.1), 1: found(22.0, 30.0, 0.3), 2: found(1.0, 1.0)},
        "full without LACR": {0: found(24.0, 29.0), 1: found(24.0, 31.0)},
    }
    gap = clear_gap(by_name, "full", "full without LACR")
    assert gap.seeds == 2 and gap.psnr == (-1.5, -3.0, 0.0)  # both scenes: -3 and 0
    assert (gap.worse, gap.scenes) == (1, 2)
    assert gap.brighter.mean == pytest.approx(0.2)
    assert clear_gap(by_name, "full", "VAE") is None
    rows = clear_table(by_name).splitlines()
    assert len(rows) == 3 and "-1.50 [-3.00, +0.00] | 1 of 2 | +0.200" in rows[2]
    assert clear_table({}) == ""


def test_what_is_recorded_are_runs_of_the_grid_on_the_held_out_scenes():
    recorded = read_clear()
    assert recorded and CLEAR.is_file()
    names = {name for couple in PAIRS for name in couple}
    assert names <= set(recorded)
    for seeds in recorded.values():
        for each in seeds.values():
            assert each["measured_on"] == "sice" and len(each["psnr"]) == 20
