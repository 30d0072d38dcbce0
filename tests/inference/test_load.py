"""Weights to a file and back, and every way in which a file can be wrong."""

import dataclasses
import hashlib
import importlib
import pickle
import re

import pytest
import torch
from safetensors.torch import load_file, save_file

from lacr_lib.errors import LacrError
from lacr_lib.inference import load
from lacr_lib.inference.load import METADATA_KEY, load_model, read_metadata, save_model, sealed
from lacr_lib.inference.released import ReleasedWeights
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

CONFIG = ModelConfig(base_channels=4, latent_channels=3, token_grids=(1, 2), stem_stride=2)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return LacrVae(CONFIG)


@pytest.fixture
def path(model, tmp_path):
    save_model(model, tmp_path / "toy.safetensors", {"steps": 3, "data": "none"})
    return tmp_path / "toy.safetensors"


def rewrite(path, config=None, **changes):
    """The same file with other tensors (None: removed) or another configuration."""
    weights = load_file(path)
    weights.update({name: value for name, value in changes.items() if value is not None})
    weights = {name: value for name, value in weights.items() if changes.get(name, 0) is not None}
    header = read_metadata(path)
    header["config"].update(config or {})
    path.write_bytes(sealed(weights, header))


def test_round_trip(model, path):
    loaded = load_model(path)
    assert loaded.config == CONFIG and isinstance(loaded.config.token_grids, tuple)
    assert not loaded.training
    for name, value in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, rtol=0, atol=0)
    assert read_metadata(path)["about"] == {"steps": 3, "data": "none"}


def test_same_model_same_bytes(model, tmp_path):
    digests = set()
    for number in range(4):
        file = tmp_path / f"{number}.safetensors"
        save_model(model, file, {"steps": 3, "data": "none", "seed": 0, "a": [1, 2]})
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_what_does_not_learn_is_loaded_as_such(tmp_path):
    free = LacrVae(ModelConfig(base_channels=4, latent_channels=4, gain_from_latent=False))
    path = tmp_path / "free.safetensors"
    save_model(free, path)
    learns = {name: p.requires_grad for name, p in load_model(path).named_parameters()}
    assert learns == {name: not name.startswith("gain_head") for name in learns}


def test_half_stores_half_the_bytes_and_computes_in_float32(model, path, tmp_path):
    half = tmp_path / "half.safetensors"
    save_model(model, half, {"steps": 3, "data": "none"}, half=True)
    stored, whole = load_file(half), load_file(path)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    size = sum(tensor.nbytes for tensor in whole.values())
    assert sum(tensor.nbytes for tensor in stored.values()) == size / 2
    loaded = load_model(half)
    for name, tensor in loaded.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, whole[name], rtol=1e-3, atol=1e-7)
    with torch.no_grad():
        model.decoder.head.weight.fill_(1e5)
    with pytest.raises(LacrError, match=r"decoder\.head\.weight holds NaN or infinity"):
        save_model(model, half, half=True)


def test_loading_leaves_the_random_numbers_alone(path):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    load_model(path)
    torch.testing.assert_close(torch.rand(3), expected)


def test_missing_unknown_and_misshapen_weights_are_named(path):
    stem, one = "encoder.stem", torch.zeros(1)
    rewrite(path, **{f"{stem}.bias": None, "encoder.steam": one, f"{stem}.weight": one.clone()})
    with pytest.raises(LacrError) as told:
        load_model(path)
    text = str(told.value)
    assert "missing: encoder.stem.bias" in text
    assert "unknown: encoder.steam" in text
    assert "another shape: encoder.stem.weight (1,) for (4, 4, 3, 3)" in text
    assert "\n" not in text


def test_weights_that_are_not_finite_are_refused(model, path, tmp_path):
    rewrite(path, **{"encoder.stem.bias": torch.full((4,), float("nan"))})
    with pytest.raises(LacrError, match=r"encoder\.stem\.bias holds NaN"):
        load_model(path)
    with torch.no_grad():
        model.encoder.stem.bias.fill_(float("inf"))
    with pytest.raises(LacrError, match="NaN or infinity"):
        save_model(model, tmp_path / "bad.safetensors")
    assert not (tmp_path / "bad.safetensors").exists()


def test_configuration_of_the_future_or_out_of_range(path):
    rewrite(path, {"colour_head": True})
    with pytest.raises(LacrError, match="unknown configuration colour_head"):
        load_model(path)


def test_configuration_out_of_range(path):
    rewrite(path, {"stem_stride": 5})
    with pytest.raises(LacrError, match="configuration is not valid: stem_stride"):
        load_model(path)


def test_older_file_without_a_newer_field_takes_its_default(model, path):
    header = read_metadata(path)
    del header["config"]["skip_dropout"]
    path.write_bytes(sealed(load_file(path), header))
    assert load_model(path).config.skip_dropout == ModelConfig().skip_dropout


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.PTH", "model.ckpt", "model.bin"])
def test_pickles_are_refused_unread(tmp_path, name):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was opened",))

    (tmp_path / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(LacrError, match=r"can run code .* \.safetensors"):
        load_model(tmp_path / name)


def test_what_a_refused_pickle_is_told_to_use_exists(tmp_path):
    with pytest.raises(LacrError) as told:
        load_model(tmp_path / "model.pt")
    module, _, name = re.search(r"\((\S+) writes one\)", str(told.value))[1].rpartition(".")
    assert getattr(importlib.import_module(module), name) is save_model


def test_other_files_are_refused(tmp_path, path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(LacrError, match="not a readable safetensors file"):
        load_model(broken)
    save_file({"a": torch.zeros(1)}, broken)
    with pytest.raises(LacrError, match="no LACR-VAE configuration"):
        load_model(broken)
    save_file({"a": torch.zeros(1)}, broken, {METADATA_KEY: "{"})
    with pytest.raises(LacrError, match="metadata is damaged"):
        load_model(broken)
    with pytest.raises(LacrError, match="is a folder"):
        load_model(tmp_path)


def test_unknown_name_names_the_close_one(monkeypatch):
    listed = [ReleasedWeights("lacr-vae", "lacr-vae.safetensors", 1, "0", "data")]
    monkeypatch.setattr(load, "released_weights", lambda: listed)
    with pytest.raises(LacrError, match="did you mean lacr-vae"):
        load_model("lacr-vea")


def test_released_name_is_verified(monkeypatch, tmp_path, path):
    good = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = ReleasedWeights("toy", str(path), path.stat().st_size, good, "data")
    monkeypatch.setattr(load, "released_weights", lambda: [entry])
    assert load_model("toy").config == CONFIG
    changed = dataclasses.replace(entry, sha256="0" * 64)
    monkeypatch.setattr(load, "released_weights", lambda: [changed])
    with pytest.raises(LacrError, match="sha256 differs"):
        load_model("toy")


def test_metadata_must_be_json(model, tmp_path):
    with pytest.raises(LacrError, match="must be JSON"):
        save_model(model, tmp_path / "a.safetensors", {"steps": torch.zeros(1)})


def test_a_name_that_loading_would_refuse_is_refused_when_saving(tmp_path):
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=2))
    with pytest.raises(LacrError, match=r"name it \.safetensors, which it is, not \.pt$"):
        save_model(model, tmp_path / "model.pt")
    assert not list(tmp_path.iterdir())
