"""The index of released weights: written, read, and verified by SHA-256."""

import hashlib
import json

import pytest

from lacr_lib.errors import LacrError
from lacr_lib.inference import released
from lacr_lib.inference.load import load_model
from lacr_lib.inference.released import MAX_BYTES, add, released_weights, verify


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "toy.safetensors").write_bytes(b"weights")
    add("toy", "no data", {"val": {"psnr": 20.5}}, folder=tmp_path)
    return tmp_path


def test_entry_says_what_the_file_is(folder):
    (entry,) = released_weights(folder)
    assert entry.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert (entry.name, entry.size, entry.data) == ("toy", 7, "no data")
    assert verify(entry, folder) == folder / "toy.safetensors"
    line = entry.line()
    assert line.startswith("toy ") and "\n" not in line
    assert entry.sha256 in line and "no data" in line and "val: psnr 20.5" in line


def test_adding_again_renews_the_entry_and_keeps_the_others(folder):
    (folder / "other.safetensors").write_bytes(b"x")
    add("other", "data", folder=folder)
    (folder / "toy.safetensors").write_bytes(b"better weights")
    add("toy", "more data", folder=folder)
    assert [each.name for each in released_weights(folder)] == ["toy", "other"]
    assert released_weights(folder)[0].data == "more data"


def test_changed_or_missing_file_is_refused(folder):
    (entry,) = released_weights(folder)
    (folder / "toy.safetensors").write_bytes(b"weightz")
    with pytest.raises(LacrError, match="sha256 differs"):
        verify(entry, folder)
    (folder / "toy.safetensors").unlink()
    with pytest.raises(LacrError, match="is missing"):
        verify(entry, folder)


def test_unfit_names_large_files_and_broken_indexes_are_refused(folder):
    with pytest.raises(LacrError, match="no weight name"):
        add("../toy", "data", folder=folder)
    with (folder / "big.safetensors").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(LacrError, match="stay under"):
        add("big", "data", folder=folder)
    (folder / "index.json").write_text(json.dumps([{"name": "toy"}]))
    with pytest.raises(LacrError, match="not a list of released weights"):
        released_weights(folder)


def test_no_index_means_no_weights(tmp_path):
    assert released_weights(tmp_path) == []


@pytest.mark.parametrize("entry", released_weights(), ids=lambda entry: entry.name)
def test_every_released_file_is_the_indexed_one_and_loads(entry):
    assert verify(entry).stat().st_size == entry.size <= MAX_BYTES
    assert entry.path().with_suffix(".md").is_file(), "each released file has a model card"
    model = load_model(entry.name)
    assert not model.training


def test_check_command(folder, monkeypatch, capsys):
    monkeypatch.setattr(released, "released_weights", lambda: [])
    assert released.main(["check"]) == 0
    assert released.main(["add", "no-such-file", "--data", "x"]) == 1
    assert capsys.readouterr().err.startswith("lacr: ")
