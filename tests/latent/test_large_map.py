"""A sample that speaks for all scenes and kinds; all others placed a block at a time."""

from __future__ import annotations

import sys
import types
from collections import Counter

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.latent.large_map import large_map, stratified_rows
from lacr_lib.latent.map_settings import MapSettings
from lacr_lib.latent.umap_fit import place_umap


@pytest.fixture
def uneven(table):
    """Scene a has 40 low, 4 clear, 40 enhanced rows, scene b 20, 2 and 20."""
    kind = np.repeat(["low", "clear", "enhanced"] * 2, [40, 4, 40, 20, 2, 20])
    scene = np.repeat(["a", "b"], [84, 42])
    mu = np.random.default_rng(0).normal(size=(126, 5)) + (kind == "clear")[:, None] * 4
    return table(kind, scene, mu)


def _counts(latents, rows):
    strata = zip(latents.scene[rows].tolist(), latents.kind[rows].tolist(), strict=True)
    return Counter(map("/".join, strata))


def test_each_kind_of_each_scene_gives_the_same_number_and_small_ones_all(uneven):
    rows = stratified_rows(uneven, 36, seed=1)
    assert len(rows) == len(set(rows.tolist())) == 36 and (np.diff(rows) > 0).all()
    counts = _counts(uneven, rows)
    assert counts["a/clear"] == 4 and counts["b/clear"] == 2
    others = [n for name, n in counts.items() if "clear" not in name]
    assert sum(others) == 30 and max(others) - min(others) <= 1


def test_a_sample_is_seeded_and_keeps_to_its_kinds(uneven):
    first = stratified_rows(uneven, 30, 0, ("low", "clear"))
    np.testing.assert_array_equal(first, stratified_rows(uneven, 30, 0, ("low", "clear")))
    assert (first != stratified_rows(uneven, 30, 1, ("low", "clear"))).any()
    assert set(uneven.kind[first]) == {"low", "clear"}
    everything = stratified_rows(uneven, 500, 0, ("low", "clear"))
    np.testing.assert_array_equal(everything, np.flatnonzero(uneven.kind != "enhanced"))


class Columns:
    """A UMAP that keeps the first two columns and notes what it saw."""

    def __init__(self, **settings):
        type(self).settings, type(self).asked = settings, []

    def fit(self, points):
        type(self).points = points
        self.embedding_ = points[:, :2]
        return self

    def transform(self, points):
        type(self).asked.append(len(points))
        return points[:, :2]


@pytest.fixture
def fake_umap(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=Columns))


def test_blocks_change_nothing(uneven):
    model = Columns()
    whole, parts = place_umap(model, uneven.mu), place_umap(model, uneven.mu, block=50)
    np.testing.assert_array_equal(whole, parts)
    assert Columns.asked == [126, 50, 50, 26]
    assert place_umap(model, uneven.mu[:0]).shape == (0, 2)


def test_every_row_of_a_large_table_gets_its_own_place(fake_umap, uneven):
    flat = large_map(uneven, count=30, settings=MapSettings(n_neighbors=50), block=25)
    np.testing.assert_array_equal(flat.flat, uneven.mu[:, :2])  # rows in the order of the table
    np.testing.assert_array_equal(Columns.points, uneven.mu[flat.fitted])
    assert not np.isin(uneven.kind[flat.fitted], "enhanced").any() and len(flat.fitted) == 30
    assert sum(Columns.asked) == 126 - 30 and max(Columns.asked) == 25
    assert Columns.settings["n_neighbors"] == 29 and Columns.settings["init"] == "pca"


def test_a_table_that_is_fitted_whole_places_only_the_enhanced(fake_umap, uneven):
    large_map(uneven, count=1000)
    assert sum(Columns.asked) == int((uneven.kind == "enhanced").sum())


def test_bad_requests_are_told(uneven):
    with pytest.raises(LacrError, match="at least one row"):
        stratified_rows(uneven, 0)
    with pytest.raises(LacrError, match="0 low and clear rows"):
        large_map(uneven.of("enhanced"))
