"""The file of a table of latents: given back as it was, whole or mapped, written as it grows."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import encode_photos, encode_photoset
from lacr_lib.latent.table_file import load_latents, save_latents


def same(one, two):
    for field in fields(one):
        first, second = getattr(one, field.name), getattr(two, field.name)
        np.testing.assert_array_equal(first, second)
        assert first.shape == second.shape


@pytest.mark.parametrize("mapped", [False, True, None])
def test_the_file_gives_the_table_back_without_pickles(tmp_path, ladders, known_model, mapped):
    latents = encode_photoset(known_model(1.0), ladders, regions=2)
    strange = replace(
        latents,
        scene=np.array(["<b>é", *latents.scene[1:]]),
        exposure=np.where(latents.exposure < 0.2, np.float32("nan"), latents.exposure),
    )
    assert save_latents(strange, tmp_path / "new" / "table.npz") == strange.mu.shape
    same(strange, load_latents(tmp_path / "new" / "table.npz", mapped))
    with np.load(tmp_path / "new" / "table.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind != "O" for name in file.files)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["table.npz"]


def test_written_as_it_grows_it_is_the_same_table(tmp_path, ladders, known_model):
    shape = save_latents(encode_photos(known_model(1.0), ladders), tmp_path / "grown.npz")
    whole = encode_photoset(known_model(1.0), ladders)
    assert shape == whole.mu.shape
    same(whole, load_latents(tmp_path / "grown.npz"))


def test_the_file_tells_each_photographs_means_as_pooled_does(tmp_path, ladders, known_model):
    latents = encode_photoset(known_model(1.0), ladders, regions=7)
    some = latents.select(latents.photograph != 3)
    some = some.select(np.random.default_rng(0).permutation(len(some)))  # in many parts
    save_latents(some, tmp_path / "some.npz")
    pooled, there = some.pooled(), np.arange(len(latents.names)) != 3
    with np.load(tmp_path / "some.npz") as file:
        for name in ("mu", "log_var"):
            means = file[f"photo_{name}"]
            np.testing.assert_allclose(means[there], getattr(pooled, name), atol=1e-6)
            assert np.isnan(means[~there]).all()


def test_a_file_over_the_limit_is_mapped_by_itself(tmp_path, ladders, known_model, monkeypatch):
    save_latents(encode_photos(known_model(1.0), ladders), tmp_path / "table.npz")
    size = (tmp_path / "table.npz").stat().st_size
    for limit, mapped in ((size, False), (size - 1, True)):
        monkeypatch.setattr("lacr_lib.latent.table_file.MAPPED_FROM", limit)
        assert isinstance(load_latents(tmp_path / "table.npz").mu, np.memmap) is mapped


def test_some_rows_keep_the_names_of_all(tmp_path, ladders, known_model):
    """Photographs without a row, and two of one name, must not shift the numbers of the others."""
    latents = encode_photoset(known_model(1.0), ladders)
    latents = replace(latents, names=np.full_like(latents.names, "twice"))
    some = latents.select(latents.photograph % 3 == 1)
    save_latents(some, tmp_path / "some.npz")
    same(some, load_latents(tmp_path / "some.npz"))


def test_a_mapped_table_is_read_only_and_stays_on_the_disk(tmp_path, ladders, known_model):
    save_latents(encode_photos(known_model(1.0), ladders), tmp_path / "table.npz")
    table = load_latents(tmp_path / "table.npz", mapped=True)
    assert isinstance(table.mu, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        table.mu[0] = 0


def test_a_compressed_table_is_read_but_cannot_be_mapped(tmp_path, ladders, known_model):
    latents = encode_photoset(known_model(1.0), ladders)
    np.savez_compressed(tmp_path / "packed.npz", **vars(latents))
    same(latents, load_latents(tmp_path / "packed.npz"))
    with pytest.raises(LacrError, match="no table of latents"):
        load_latents(tmp_path / "packed.npz", mapped=True)


def test_a_failure_half_way_leaves_nothing(tmp_path, ladders, known_model):
    def broken():
        yield from list(encode_photos(known_model(1.0), ladders))[:3]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_latents(broken(), tmp_path / "half.npz")
    assert not list(tmp_path.iterdir())


def test_what_is_no_table_is_told_in_one_line(tmp_path):
    np.savez(tmp_path / "other.npz", mu=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("other.npz", "text.npz", "empty.npz", "array.npy", "missing.npz"):
        with pytest.raises(LacrError) as told:
            load_latents(tmp_path / name)
        assert "\n" not in str(told.value) and "lacr latents" in str(told.value)
    with pytest.raises(LacrError, match="without rows"):
        save_latents(iter(()), tmp_path / "none.npz")
