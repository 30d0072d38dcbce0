"""A chain of models, the same regions in each, maps laid over each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lacr_lib.errors import LacrError
from lacr_lib.inference.load import save_model
from lacr_lib.latent import film
from lacr_lib.latent.encode import encode_photoset
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


@pytest.fixture
def table(ladders, known_model):
    return encode_photoset(known_model(), ladders, regions=6)


CONFIG = ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)


def write(folder, name, step, seed=7):
    torch.manual_seed(step)
    save_model(LacrVae(CONFIG), folder / f"{name}.safetensors", {"step": step, "seed": seed})


@pytest.fixture
def folder(tmp_path):
    for side in ("with", "without"):
        for step in (5, 20):
            write(tmp_path, f"{side}-{step:04d}", step)
    return tmp_path


def test_the_chain_runs_back_to_the_common_start_and_on(folder):
    chain = film.read_chain(folder)
    assert [shot.side for shot in chain] == ["without", "without", "start", "with", "with"]
    assert [shot.step for shot in chain] == [20, 5, 0, 5, 20]
    torch.manual_seed(7)
    torch.testing.assert_close(chain[2].model.state_dict(), LacrVae(CONFIG).state_dict())


def test_a_folder_that_is_no_chain_is_told(folder):
    with pytest.raises(LacrError, match="no such folder"):
        film.read_chain(folder / "nothing")
    write(folder, "with-0040", 40)
    with pytest.raises(
        LacrError, match=r"with LACR at \[5, 20, 40\] and"
    ):
        film.read_chain(folder)


def test_partners_are_the_same_place_of_the_same_scene(table):
    low, clear = film.partners(table)
    moved = table.of("enhanced")
    for i in range(len(moved)):
        for row, kind in ((low[i], "low"), (clear[i], "clear")):
            same = ("scene", "row", "col")
            assert table.kind[row] == kind
            assert all(getattr(table, k)[row] == getattr(moved, k)[i] for k in same)


def test_the_pull_is_zero_where_nothing_moved_and_one_where_all_arrived(table):
    low, clear = film.partners(table)
    enhanced = np.flatnonzero(table.kind == "enhanced")
    for ends, expected in ((low, 0.0), (clear, 1.0)):
        mu = table.mu.copy()
        mu[enhanced] = mu[ends]
        moved = replace(table, mu=mu)
        np.testing.assert_allclose(film.region_pull(moved), expected, atol=1e-5)
        assert film.pull_of(moved).mean == pytest.approx(expected, abs=1e-5)
        shuffled = film.region_pull(moved, shuffle=True)
        assert (np.abs(shuffled - 1) > 1e-3).any() or expected == 0


def test_clear_points_of_the_aligned_maps_lie_still(table, monkeypatch):
    stills = [film.Still("with", step, table) for step in (0, 1)]
    base = np.random.default_rng(0).normal(size=(len(table.of("low", "clear")), 2))
    turned = base @ np.array([[0.0, -2.0], [2.0, 0.0]]) + 5
    monkeypatch.setattr(film, "_aligned_umap", lambda latents, seed: [turned, base])
    maps = film.aligned_maps(stills)
    np.testing.assert_allclose(maps.fitted[0], maps.fitted[1], atol=1e-4)
    assert maps.moved.shape == (2, len(table.of("enhanced")), 2)
    with pytest.raises(LacrError, match="two stills"):
        film.aligned_maps(stills[:1])
