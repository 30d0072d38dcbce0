"""Released weights: the mean of stages, as float16, with where they came from."""

from __future__ import annotations

import pytest
import torch

from lacr_lib import load_model
from lacr_lib.inference.load import read_metadata, save_model
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from lacr_lib.results.release import main, mean_model

SMALL = ModelConfig(base_channels=4, latent_channels=4)


@pytest.fixture
def stages(tmp_path):
    """Three weights files of one configuration."""
    files = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = LacrVae(SMALL)
        for weight in model.parameters():
            torch.nn.init.normal_(weight)
        save_model(model, tmp_path / f"stage-{seed}.safetensors", {"seed": seed})
        files.append(tmp_path / f"stage-{seed}.safetensors")
    return files


def test_every_weight_is_the_mean_over_the_files(stages):
    states = [load_model(file).state_dict() for file in stages]
    mean = mean_model(stages).state_dict()
    assert set(mean) == set(states[0])
    for name, weight in mean.items():
        expected = torch.stack([state[name] for state in states]).double().mean(0)
        torch.testing.assert_close(weight.double(), expected, rtol=1e-5, atol=1e-6)


def test_the_mean_of_one_file_is_its_own(stages):
    mean, own = mean_model(stages[:1]), load_model(stages[0])
    assert all(torch.equal(a, b) for a, b in zip(mean.parameters(), own.parameters(), strict=True))


def test_it_is_written_in_half_the_bytes_and_tells_what_it_is_made_of(stages, tmp_path, capsys):
    out = tmp_path / "released.safetensors"
    assert main([str(out), *map(str, stages[:2])]) == 0
    assert read_metadata(out)["about"] == {"mean_of": [{"seed": 0}, {"seed": 1}]}
    assert out.stat().st_size < 0.6 * stages[0].stat().st_size
    for a, b in zip(load_model(out).parameters(), mean_model(stages[:2]).parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)
    assert "the mean of 2" in capsys.readouterr().out


def test_other_configurations_and_files_are_refused(stages, tmp_path, capsys):
    other = tmp_path / "other.safetensors"
    save_model(LacrVae(ModelConfig(base_channels=4, latent_channels=4, amsm=False)), other)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    out = tmp_path / "released.safetensors"
    for wrong, told in ((other, "another configuration"), (broken, "broken.safetensors")):
        assert main([str(out), str(stages[0]), str(wrong)]) == 2
        assert told in capsys.readouterr().err and not out.exists()
