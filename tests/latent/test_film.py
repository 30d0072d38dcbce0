"""A film: the chain in order, the same regions in every still, the pull of each."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lacr_lib.errors import LacrError
from lacr_lib.inference.load import save_model
from lacr_lib.latent.film import (
    Snapshot,
    Still,
    aligned_maps,
    pull_of,
    read_chain,
    region_pull,
    shoot,
)
from lacr_lib.latent.neighbours import in_common, nearest, place
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

SMALL = ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)


def snapshot(path, seed, **about):
    torch.manual_seed(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(LacrVae(SMALL), path, metadata={"seed": 7, **about})


@pytest.fixture
def folder(tmp_path):
    for side in ("film-lacr", "film-no-lacr"):
        snapshot(tmp_path / side / "b.safetensors", 1, step=30)
        snapshot(tmp_path / side / "a.safetensors", 2, steps=200)
    return tmp_path


def test_the_chain_runs_back_to_the_start_and_forth(folder):
    chain = read_chain(folder)
    assert [(shot.side, shot.step) for shot in chain] == [
        ("without", 200), ("without", 30), ("start", 0), ("with", 30), ("with", 200),
    ]  # fmt: skip
    torch.manual_seed(7)
    start = LacrVae(SMALL).state_dict()
    assert all(torch.equal(start[k], v) for k, v in chain[2].model.state_dict().items())


def test_a_chain_that_is_none_is_told(folder, tmp_path):
    with pytest.raises(LacrError, match="no such folder"):
        read_chain(tmp_path / "missing")
    (folder / "film-no-lacr" / "a.safetensors").unlink()
    with pytest.raises(LacrError, match=r"with LACR at \[30, 200\] and without LACR at \[30\]"):
        read_chain(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LacrError, match="at none and"):
        read_chain(tmp_path / "empty")
    snapshot(tmp_path / "one" / "c.safetensors", 1)
    with pytest.raises(LacrError, match="tells no training step"):
        read_chain(tmp_path / "one")


def test_the_checkpoints_of_a_run_are_no_snapshots(folder):
    for name in ("checkpoint-0000200", "checkpoint.part"):  # whole, and of a run that was killed
        state = folder / "film-lacr" / name / "model.safetensors"
        state.parent.mkdir()
        save_file({"a": torch.zeros(1)}, state)
    assert len(read_chain(folder)) == 5


def test_a_run_that_began_from_other_weights_has_no_start_here(folder):
    for side in ("film-no-lacr", "film-lacr"):
        snapshot(folder / side / "b.safetensors", 1, step=30, init={"steps": 600})
        with pytest.raises(LacrError, match=f"{side}.b.safetensors: .*--init"):
            read_chain(folder)
        snapshot(folder / side / "b.safetensors", 1, step=30)


@pytest.fixture
def stills(ladders, known_model):
    """Models that brighten to a tenth, to half, and to the whole of the clear level."""
    chain = [Snapshot("with", i, known_model(reach)) for i, reach in enumerate((0.1, 0.5, 1.0))]
    return shoot(chain, ladders, regions=6)


def test_all_stills_show_the_same_regions(stills):
    first = stills[0].table
    for still in stills[1:]:
        for column in ("kind", "scene", "row", "col", "photograph"):
            np.testing.assert_array_equal(getattr(still.table, column), getattr(first, column))


def test_the_pull_is_how_far_the_model_brightens(stills):
    medians = [pull_of(still.table).mean for still in stills]
    assert medians == pytest.approx([0.1, 0.5, 1.0], abs=0.03)
    whole = pull_of(stills[-1].table)
    assert whole.low <= whole.mean <= whole.high


def test_towards_another_scene_the_pull_is_another(stills):
    table = stills[-1].table
    own, other = region_pull(table), region_pull(table, shuffle=True)
    assert np.isfinite(other).all() and np.abs(own - other).max() > 0.05
    assert np.abs(own - 1).mean() < np.abs(other - 1).mean()


def test_the_control_is_never_measured_towards_the_own_scene(stills):
    """Each scene's clear latents lie on an axis of their own, and its enhanced ones arrived."""
    table = stills[-1].table
    place = 10.0 * np.eye(4)[np.unique(table.scene, return_inverse=True)[1]]
    table = replace(table, mu=np.where(table.kind[:, None] == "low", 0.0, place))
    assert (region_pull(table) == 1).all()
    for seed in range(5):
        assert (region_pull(table, shuffle=True, seed=seed) == 0).all()
    assert pull_of(table, shuffle=True) == (0, 0, 0)


def test_a_region_without_its_clear_one_has_no_pull(stills):
    table = stills[0].table
    alone = table.select((table.kind != "clear") | (table.scene != "s1"))
    gone = alone.of("enhanced").scene == "s1"
    np.testing.assert_array_equal(np.isnan(region_pull(alone)), gone)
    with pytest.raises(LacrError, match="nothing to measure"):
        pull_of(table.of("low", "enhanced"))


class TurningUmap:
    """In place of AlignedUMAP: the first two channels, turned by a right angle each time."""

    def __init__(self, **settings):
        assert settings["random_state"] == 3 and settings["n_neighbors"] == 15

    def fit(self, latents, relations):
        assert relations == [{i: i for i in range(len(latents[0]))}] * (len(latents) - 1)
        turn = np.array([[0.0, -1.0], [1.0, 0.0]])
        powers = [np.linalg.matrix_power(turn, i) for i in range(len(latents))]
        self.embeddings_ = [mu[:, :2] @ p for mu, p in zip(latents, powers, strict=True)]


def test_clear_regions_lie_still_in_all_maps(stills, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(AlignedUMAP=TurningUmap))
    maps = aligned_maps(stills, seed=3)
    table = stills[0].table
    assert maps.fitted.shape == (3, len(table.of("low", "clear")), 2)
    assert maps.moved.shape == (3, len(table.of("enhanced")), 2)
    for flat in maps.fitted:
        np.testing.assert_allclose(flat, maps.fitted[-1], atol=1e-5)
    onto = aligned_maps(stills, seed=3, onto=maps.fitted[-1] * 2 + 1)
    np.testing.assert_allclose(onto.fitted[0], maps.fitted[-1] * 2 + 1, atol=1e-4)
    with pytest.raises(LacrError, match="two stills"):
        aligned_maps([Still("with", None, table)])


def test_neighbours_are_counted_and_places_lie_among_them():
    line = np.arange(40, dtype="f4")[:, None]
    near = nearest(None, line, k=2)
    assert set(near[10]) == {9, 11} and near.shape == (40, 2)
    np.testing.assert_array_equal(in_common(near, near[:, ::-1]), 1)
    np.testing.assert_array_equal(in_common(near, near + 100), 0)
    flat = np.concatenate([line, -line], axis=1)
    np.testing.assert_allclose(place(line[[20]], line, flat), [[20, -20]], atol=1e-3)
    between = place(np.array([[20.5]], "f4"), line, flat)
    np.testing.assert_allclose(between, [[20.5, -20.5]], atol=0.2)
    assert place(line[:0], line, flat).shape == (0, 2)


def test_several_runs_of_one_side_are_no_film(folder):
    snapshot(folder / "other-lacr" / "a.safetensors", 3, steps=200)
    with pytest.raises(LacrError, match=r"several runs with LACR.+film-lacr.+other-lacr"):
        read_chain(folder)


def test_few_points_have_few_neighbours_and_the_nearer_one_weighs_more():
    line = np.array([[0.0], [3.0], [9.0]])
    assert nearest(None, line, k=5).shape == (3, 2)
    flat = np.array([[0.0, 0.0], [3.0, -3.0]])
    np.testing.assert_allclose(place(np.array([[1.0]]), line[:2], flat), [[1, -1]], atol=1e-6)
