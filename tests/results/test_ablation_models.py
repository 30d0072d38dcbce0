"""Models of the ablation: whole, of one seed, and what the sweep recorded of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from lacr_lib import load_model
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.errors import LacrError
from lacr_lib.inference.load import read_metadata, save_model
from lacr_lib.models.vae import LacrVae
from lacr_lib.results.ablation import read_so_far
from lacr_lib.results.ablation_models import FOLDER, NAMES, SEED, few_embedded, read_models, release
from lacr_lib.training.sweep import measure, read_grid

GRID = """
[every]
base_channels = 4
latent_channels = 4
[runs."VAE"]
rcam = false
[runs."full"]
"""


@pytest.fixture
def photoset():
    """Two scenes of noise, each with one dark frame."""
    photos = np.random.default_rng(0).integers(40, 256, (2, 32, 32, 3), dtype=np.uint8)

    def scene(index):
        clear = Frame("clear", lambda: photos[index], None, None)
        low = Frame("low", lambda: photos[index] // 4, None, None)
        return Scene(f"s{index}", "test", clear, (low,))

    return PhotoSet("toys", "ladder", (scene(0), scene(1)))


@pytest.fixture
def swept(tmp_path, photoset):
    """The runs of a small grid and the folder of their models and records."""
    (tmp_path / "grid.toml").write_text(GRID)
    runs = read_grid(tmp_path / "grid.toml")
    for run in runs:
        folder = tmp_path / "runs" / run.folder
        folder.mkdir(parents=True)
        torch.manual_seed(run.train.seed)
        model = LacrVae(run.model).eval()
        save_model(model, folder / "model.safetensors", {"seed": 0, "steps": 1})
        (folder / "record.json").write_text(json.dumps(measure(model, photoset)))
    return runs, tmp_path / "runs"


def test_models_are_written_small_and_read_back_by_name_in_order(swept, photoset, tmp_path):
    runs, folder = swept
    release(runs[::-1], folder, photoset, photoset, tmp_path / "out")
    models = read_models(tmp_path / "out")
    assert list(models) == ["VAE", "full"]
    assert not models["VAE"].config.rcam and models["full"].config.rcam
    trained = folder / runs[1].folder / "model.safetensors"
    written = tmp_path / "out" / f"{runs[1].folder}.safetensors"
    assert written.stat().st_size < 0.7 * trained.stat().st_size
    about = read_metadata(written)["about"]
    assert about["run"] == "full" and about["seed"] == 0
    assert about["psnr"]["toys"] == measure(load_model(trained), photoset)["summary"]["psnr"]


def test_a_model_that_is_not_what_was_recorded_is_not_written(swept, photoset, tmp_path):
    runs, folder = swept
    record = json.loads((folder / runs[0].folder / "record.json").read_text())
    record["summary"]["psnr"] += 0.02
    (folder / runs[0].folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(LacrError, match=r"VAE: .* dB as float16, .* dB recorded"):
        release(runs, folder, photoset, photoset, tmp_path / "out")
    assert read_models(tmp_path / "out") == {}


def test_a_run_that_is_not_finished_is_named(swept, photoset, tmp_path):
    runs, folder = swept
    (folder / runs[1].folder / "record.json").unlink()
    with pytest.raises(LacrError, match=f"{runs[1].folder} holds no finished run"):
        release(runs, folder, photoset, photoset, tmp_path / "out")


def test_the_shipped_models_are_those_of_the_records():
    models = read_models()
    assert tuple(models) == NAMES
    for path in FOLDER.glob("*.safetensors"):
        assert path.stat().st_size <= 2e6
        about = read_metadata(path)["about"]
        (recorded,) = [r for r in read_so_far()[about["run"]] if r["seed"] == SEED == about["seed"]]
        assert about["psnr"][recorded["measured_on"]] == recorded["summary"]["psnr"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.safetensors")), ids=lambda path: path.stem)
def test_a_shipped_model_still_reaches_its_figure_on_embedded_photographs(path):
    few = few_embedded()
    then = read_metadata(path)["about"]["psnr"][few.name]
    now = measure(load_model(path), few)["summary"]["psnr"]
    assert now == pytest.approx(then, abs=0.01)
