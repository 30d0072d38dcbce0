"""Weight files that were changed, by accident or by somebody: none gets in, and none runs code."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from lacr_lib.errors import LacrError
from lacr_lib.inference import released
from lacr_lib.inference.load import METADATA_KEY, load_model, read_metadata, save_model, sealed
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

CONFIG = ModelConfig(base_channels=4, latent_channels=3, token_grids=(1,), kernel_sizes=(3,))


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("toy") / "toy.safetensors"
    torch.manual_seed(0)
    save_model(LacrVae(CONFIG), path, {"steps": 3, "data": "none"})
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "toy.safetensors").write_bytes(content)
    return tmp_path / "toy.safetensors"


def end_of_header(content: bytes) -> int:
    return 8 + int.from_bytes(content[:8], "little")


def test_a_flipped_byte_anywhere_is_caught(path: Path, content: bytes) -> None:
    """Length and metadata byte by byte, the list of weights and the weights at random places."""
    rng = np.random.default_rng(0)
    metadata_ends = content.index(b'"},') + 3
    header, size = end_of_header(content), len(content)
    places = [*range(metadata_ends), header - 1, header, size - 1]
    places += rng.integers(metadata_ends, header, 200).tolist()
    places += rng.integers(header, size, 200).tolist()
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= int(rng.integers(1, 256))
        path.write_bytes(flipped)
        with pytest.raises(LacrError) as told:
            load_model(path)
        assert "\n" not in str(told.value) and path.name in str(told.value), place


def test_a_file_cut_short_or_with_more_at_its_end_is_caught(path: Path, content: bytes) -> None:
    header = end_of_header(content)
    for wrong in (*(content[:n] for n in (0, 7, 8, 100, header, len(content) - 1)), content + b"x"):
        path.write_bytes(wrong)
        with pytest.raises(LacrError):
            load_model(path)


def test_a_flipped_byte_of_released_weights_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = released.released_weights()[0]
    content = weights.path().read_bytes()
    monkeypatch.setattr(released, "WEIGHTS_FOLDER", tmp_path)
    rng = np.random.default_rng(0)
    for place in (0, 8, *rng.integers(0, len(content), 20)):
        flipped = bytearray(content)
        flipped[place] ^= int(rng.integers(1, 256))
        weights.path(tmp_path).write_bytes(flipped)
        with pytest.raises(LacrError, match="sha256 differs"):
            released.verify(weights, tmp_path)


SHIPPED = sorted(released.WEIGHTS_FOLDER.rglob("*.safetensors"))


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_a_copy_of_a_shipped_file_is_known_and_a_flipped_byte_of_it_is_caught(
    tmp_path: Path, shipped: Path
) -> None:
    """By its path, anywhere: none of the names that we know helps."""
    content = shipped.read_bytes()
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(content)
    state, original = load_model(copy).state_dict(), load_file(shipped)
    assert all(torch.equal(state[name], original[name].float()) for name in original)
    rng = np.random.default_rng(0)
    header = end_of_header(content)
    places = [0, 8, header - 1, header, len(content) - 1]
    places += rng.integers(8, header, 6).tolist() + rng.integers(header, len(content), 9).tolist()
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        copy.write_bytes(flipped)
        with pytest.raises(LacrError) as told:
            load_model(copy)
        assert "\n" not in str(told.value) and copy.name in str(told.value), place


def test_all_we_ship_is_tried() -> None:
    assert {"lacr-vae", "lacr-vae-no-lacr"} < {path.stem for path in SHIPPED} and len(SHIPPED) >= 4


def test_a_file_without_sha256_is_refused(path: Path) -> None:
    header = read_metadata(path)
    for seal in ({}, {"sha256": None}):
        save_file(load_file(path), path, {METADATA_KEY: json.dumps(header | seal)})
        with pytest.raises(LacrError, match="holds no sha256"):
            load_model(path)
    for wrong in ("0" * 64, "", "\ud800", 5, [], True):
        save_file(load_file(path), path, {METADATA_KEY: json.dumps(header | {"sha256": wrong})})
        with pytest.raises(LacrError, match="its sha256 differs"):
            load_model(path)


def test_a_list_of_snapshots_that_is_damaged_is_told(tmp_path: Path) -> None:
    assert released.shipped_digests(tmp_path) == set()
    (tmp_path / "film").mkdir()
    for text in ("[1", "[]", '{"a": {}}'):
        (tmp_path / "film" / "sha256.json").write_text(text)
        with pytest.raises(LacrError, match="not a list of snapshots"):
            released.shipped_digests(tmp_path)


def rewritten(path: Path, header: object, **changes: torch.Tensor) -> Path:
    """A file that somebody wrote: any metadata, any tensors, and a sha256 that is right."""
    weights = {**load_file(path), **changes}
    if isinstance(header, dict):
        path.write_bytes(sealed(weights, header))
    else:
        save_file(weights, path, {METADATA_KEY: json.dumps(header)})
    return path


@pytest.mark.parametrize("kind", [torch.int64, torch.float64, torch.bool, torch.float8_e4m3fn])
def test_weights_of_another_type_are_named(path: Path, kind: torch.dtype) -> None:
    bias = torch.zeros(4).to(kind)
    with pytest.raises(LacrError, match=r"another type: encoder\.stem\.bias"):
        load_model(rewritten(path, read_metadata(path), **{"encoder.stem.bias": bias}))


@pytest.mark.parametrize(
    "config",
    [
        {"base_channels": 16.0},
        {"base_channels": "16"},
        {"base_channels": True},
        {"rcam": "yes"},
        {"light": ["odds"]},
        {"skip_dropout": "0.1"},
        {"token_grids": 4},
        {"token_grids": [1.5]},
        {"kernel_sizes": [[3]]},
        {"base_channels": None},
        {"skip_dropout": float("nan")},
    ],
    ids=str,
)
def test_a_setting_of_another_type_is_named(path: Path, config: dict) -> None:
    header = read_metadata(path)
    header["config"] |= config
    with pytest.raises(LacrError, match=next(iter(config))):
        load_model(rewritten(path, header))


@pytest.mark.parametrize("channels", [2**20, 4 * 10**12, 4 * 10**30])
def test_a_giant_configuration_is_refused_before_it_takes_memory(path: Path, channels: int) -> None:
    header = read_metadata(path)
    header["config"]["base_channels"] = channels
    with pytest.raises(LacrError, match=r"another shape|configuration"):
        load_model(rewritten(path, header))


def test_a_configuration_cannot_name_code(path: Path) -> None:
    original = read_metadata(path)
    for config in ({"_target_": "os.system"}, {"auto_map": {"AutoModel": "evil.Model"}}):
        header = {**original, "config": original["config"] | config}
        with pytest.raises(LacrError, match=f"unknown configuration {next(iter(config))}"):
            load_model(rewritten(path, header))
    header = original | {"__class__": "evil.Model"}
    with pytest.raises(LacrError, match="__class__"):
        load_model(rewritten(path, header))


@pytest.mark.parametrize(
    "header", [[], 3, {}, {"config": {}}, {"config": [], "about": {}}, {"config": {}, "about": 1}]
)
def test_metadata_of_another_form_is_refused(path: Path, header: object) -> None:
    with pytest.raises(LacrError, match="metadata is damaged"):
        load_model(rewritten(path, header))


def test_deeply_nested_metadata_is_refused(path: Path) -> None:
    save_file(load_file(path), path, {METADATA_KEY: "[" * 100_000})
    with pytest.raises(LacrError, match="metadata is damaged"):
        load_model(path)


@pytest.mark.parametrize("writer", ["pickle", "torch.save", "torch.save, old form"])
@pytest.mark.parametrize("name", ["model.safetensors", "model.weights", "model"])
def test_a_pickle_under_another_name_is_not_opened(tmp_path: Path, writer: str, name: str) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return (pytest.fail, ("the pickle was opened",))

    with (tmp_path / name).open("wb") as file:
        if writer == "pickle":
            pickle.dump(Bomb(), file)
        else:
            torch.save([Bomb()], file, _use_new_zipfile_serialization=writer == "torch.save")
    with pytest.raises(LacrError, match="pickled weights can run code"):
        load_model(tmp_path / name)
