"""A sample that speaks for all scenes and kinds; all others placed a block at a time."""

from __future__ import annotations

import sys
import types
from collections import Counter

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.latent import umap_fit
from lacr_lib.latent.large_map import large_map, stratified_rows
from lacr_lib.latent.map_settings import MapSettings
from lacr_lib.latent.umap_fit import FittedUmap, fit_umap, place_umap


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


class Weighs(Columns):
    """As UMAP does, it measures each point against the strongest of those it is placed with."""

    def transform(self, points):
        type(self).asked.append(len(points))
        strength = np.exp(-np.abs(points - self.points[0]).sum(axis=1))
        return points[:, :2] * (strength / strength.max())[:, None]


def test_blocks_change_nothing(uneven):
    """Neither which points share a block nor how many; each block brings the anchor along."""
    model = Weighs()
    umap = FittedUmap(model.fit(uneven.mu[40:80]), uneven.mu[40:80, :2], uneven.mu[40:41])
    whole, parts = place_umap(umap, uneven.mu), place_umap(umap, uneven.mu, block=50)
    np.testing.assert_allclose(whole, parts, rtol=1e-6)
    np.testing.assert_allclose(place_umap(umap, uneven.mu[::-1], block=7)[::-1], whole, rtol=1e-6)
    assert Weighs.asked[:4] == [127, 51, 51, 27] and np.ptp(whole[:, 0]) > 0
    assert place_umap(umap, uneven.mu[:0]).shape == (0, 2)


def test_many_points_get_half_the_epochs_and_neighbours_found_on_all_cores(
    fake_umap, uneven, monkeypatch
):
    monkeypatch.setattr(umap_fit, "neighbours", lambda points, k, seed: (len(points), k, seed))
    fit_umap(uneven.mu, MapSettings(), 4)
    few = Columns.settings
    assert few["n_epochs"] == 200 and few["n_jobs"] == 1 and "precomputed_knn" not in few
    monkeypatch.setattr(umap_fit, "MANY", 100)
    fit_umap(uneven.mu, MapSettings(n_neighbors=9), 4)
    assert Columns.settings["n_epochs"] == 100
    assert Columns.settings["precomputed_knn"] == (126, 9, 4)
    fit_umap(uneven.mu, MapSettings(epochs=30), None)
    assert Columns.settings["n_epochs"] == 30 and Columns.settings["n_jobs"] == -1


def test_every_row_of_a_large_table_gets_its_own_place(fake_umap, uneven):
    flat = large_map(uneven, count=30, settings=MapSettings(n_neighbors=50), block=25)
    np.testing.assert_array_equal(flat.flat, uneven.mu[:, :2])  # rows in the order of the table
    np.testing.assert_array_equal(Columns.points, uneven.mu[flat.fitted])
    assert not np.isin(uneven.kind[flat.fitted], "enhanced").any() and len(flat.fitted) == 30
    assert Columns.asked == [26, 26, 26, 22]  # 96 rows in blocks of 25, each with the anchor
    assert Columns.settings["n_neighbors"] == 29 and Columns.settings["init"] == "pca"


def test_a_table_that_is_fitted_whole_places_only_the_enhanced(fake_umap, uneven):
    large_map(uneven, count=1000)
    assert Columns.asked == [int((uneven.kind == "enhanced").sum()) + 1]  # and the anchor


def test_bad_requests_are_told(uneven):
    with pytest.raises(LacrError, match="at least one row"):
        stratified_rows(uneven, 0)
    with pytest.raises(LacrError, match="0 low and clear rows"):
        large_map(uneven.of("enhanced"))


@pytest.mark.parametrize("kind", ["low", "enhanced"])  # among the fitted, among the placed
def test_rows_that_have_no_place_are_told(fake_umap, uneven, kind):
    uneven.mu[np.flatnonzero(uneven.kind == kind)[3], 1] = np.inf
    with pytest.raises(LacrError, match="not finite"):
        large_map(uneven)
