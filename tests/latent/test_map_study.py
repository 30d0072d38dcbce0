"""Grids, joint fits, draws and the company of enhanced rows, on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from lacr_lib.errors import LacrError
from lacr_lib.latent import embed
from lacr_lib.latent.draws import drawn
from lacr_lib.latent.embed import LatentMap, latent_map
from lacr_lib.latent.map_settings import MapSettings
from lacr_lib.latent.map_study import (
    TSNE_ROW,
    UMAP_GRID,
    View,
    clear_share_kept,
    map_grid,
    share_of_clear,
    view_maps,
)
from lacr_lib.latent.umap_fit import FittedUmap


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(size=(40, 6)), rng.normal(size=(40, 6)) + 6]).astype("f4")


def test_a_grid_has_a_map_a_setting_with_its_own_trust(clouds):
    row = ((MapSettings(perplexity=4), MapSettings(perplexity=15)),)
    ((few, many),) = map_grid("t-SNE", clouds, grid=row)
    assert (few.settings.perplexity, many.settings.perplexity) == (4, 15)
    assert np.abs(few.fitted - many.fitted).max() > 1
    for flat in (few, many):
        trust = trustworthiness(clouds, flat.fitted, n_neighbors=15)
        assert flat.trustworthiness == pytest.approx(trust, abs=1e-6)
        assert flat.continuity == pytest.approx(
            trustworthiness(flat.fitted, clouds, n_neighbors=15), abs=1e-6
        )


def test_the_grids_sweep_what_matters():
    asked = {(s.n_neighbors, s.min_dist) for row in UMAP_GRID for s in row}
    assert len(asked) == 9 and {k for k, _ in asked} == {5, 15, 50}
    assert [s.perplexity for s in TSNE_ROW[0]] == [5, 30, 100]


def test_settings_reach_umap_and_never_ask_for_more_neighbours_than_there_are(monkeypatch, clouds):
    asked = []

    def fit(points, settings, seed):
        asked.append((settings, seed))
        return FittedUmap(None, points[:, :2], points[:1])

    monkeypatch.setattr(embed, "fit_umap", fit)
    flat = latent_map("UMAP", clouds, seed=3, settings=MapSettings(500, 0.5, 7))
    assert asked == [(MapSettings(79, 0.5, 7, 19.75), 3)] and flat.settings == asked[0][0]


def test_a_joint_fit_bends_to_the_moved_points_and_a_transformed_one_does_not(clouds):
    far = clouds[:20] * 0.1 + np.array([0, 0, 0, 0, 0, 200], np.float32)
    alone = latent_map("PCA", clouds)
    placed, joint = latent_map("PCA", clouds, far), latent_map("PCA", clouds, far, joint=True)
    np.testing.assert_array_equal(placed.fitted, alone.fitted)
    assert placed.transformed and not joint.transformed
    assert joint.fitted.shape == (80, 2) and joint.moved.shape == (20, 2)
    spread = np.abs(np.concatenate([joint.fitted, joint.moved])[:, 0])
    assert spread.max() > 100 > np.abs(joint.fitted[:, 0] - joint.fitted[:, 0].mean()).max()
    assert joint.trustworthiness < placed.trustworthiness  # one axis is spent on the far points


def test_share_of_clear_counts_neighbours():
    line = np.arange(20, dtype="f4")[:, None]
    clear = line[:, 0] >= 10
    asked = np.array([[0.0], [9.6], [19.0]], "f4")
    np.testing.assert_allclose(share_of_clear(line, clear, asked, k=4), [0, 0.5, 1])
    with pytest.raises(LacrError, match="10 nearest neighbours need as many"):
        share_of_clear(line[:9], clear[:9], asked)


def _view(table, flip: bool) -> View:
    """Low rows at 0, clear ones at 10; scene a's enhanced at 10, b's at 0; a map may exchange."""
    kind = np.repeat(["low", "clear"], [15, 15])
    place = np.repeat([0.0, 10.0], 15)[:, None] + np.random.default_rng(0).uniform(size=(30, 3))
    fitted = table(kind, np.resize(["a", "b"], 30), place)
    asked = np.repeat([10.0, 0.0], 4)[:, None] + np.full((8, 3), 0.5)
    moved = table(np.repeat(["enhanced"], 8), np.repeat(["a", "b"], 4), asked)
    drawn_at = moved.mu[::-1] if flip else moved.mu
    flat = LatentMap("PCA", fitted.mu[:, :2], drawn_at[:, :2], True, 1.0, 1.0)
    return View(flat, fitted, moved)


def test_a_faithful_map_keeps_the_company_of_enhanced_rows(table):
    share = clear_share_kept(_view(table, flip=False))
    assert share.in_map.mean == share.in_space.mean == 0.5 == share.chance
    assert share.difference == (0, 0, 0) and share.error.mean == 0


def test_a_map_that_exchanges_two_scenes_is_caught_although_the_mean_is_right(table):
    share = clear_share_kept(_view(table, flip=True))
    assert share.in_map.mean == share.in_space.mean == 0.5 and share.difference.mean == 0
    assert share.error.mean == 1


def test_company_needs_enhanced_rows(table):
    flat, fitted, moved = _view(table, flip=False)
    none = moved.select(np.zeros(8, bool))
    with pytest.raises(LacrError, match="no enhanced rows"):
        clear_share_kept(View(flat._replace(moved=flat.moved[:0]), fitted, none))


def test_draws_have_the_spread_of_the_posterior_and_leave_all_else(table):
    kind, mu = np.repeat(["low"], 4000), np.full((4000, 2), 3.0)
    means = table(kind, np.repeat(["a"], 4000), mu, log_var=float(np.log(0.25)))
    first = drawn(means, seed=1)
    np.testing.assert_allclose(first.mu.mean(axis=0), 3, atol=0.05)
    np.testing.assert_allclose(first.mu.std(axis=0), 0.5, atol=0.02)
    np.testing.assert_array_equal(first.mu, drawn(means, seed=1).mu)
    assert (first.mu != drawn(means, seed=2).mu).any() and first.mu.dtype == np.float32
    np.testing.assert_array_equal(first.scene, means.scene)
    assert (means.mu == 3).all()


def test_four_views_of_one_table(table):
    kind = np.tile(np.repeat(["low", "clear", "enhanced"], 10), 8)
    scene = np.repeat([f"s{i}" for i in range(8)], 30)
    mu = np.random.default_rng(0).normal(size=(240, 4)) + (kind == "clear")[:, None] * 3
    views = view_maps(table(kind, scene, mu, log_var=-2.0), 3, "PCA")
    regions, pooled = views["means", "regions"], views["means", "pooled"]
    assert len(regions.fitted) == 2 * 8 * 3 and len(regions.moved) == 8 * 3
    assert len(pooled.fitted) == 2 * 8 and len(pooled.moved) == 8
    whole = mu[(scene == "s0") & (kind == "clear")].mean(axis=0)  # of all regions, not of three
    row = (pooled.fitted.scene == "s0") & (pooled.fitted.kind == "clear")
    np.testing.assert_allclose(pooled.fitted.mu[row][0], whole, atol=1e-5)
    noise = views["draws", "regions"].fitted.mu - regions.fitted.mu
    average = views["draws", "pooled"].fitted.mu - pooled.fitted.mu
    assert noise.std() == pytest.approx(np.exp(-1), rel=0.2)
    assert average.std() == pytest.approx(np.exp(-1) / np.sqrt(10), rel=0.3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_neighbors": 1}, "at least 2"),
        ({"min_dist": 1.5}, "between 0 and 1"),
        ({"epochs": 2}, "3 epochs"),
        ({"perplexity": float("nan")}, "perplexity of at least 1"),
    ],
)
def test_settings_out_of_range_are_told(wrong, message):
    with pytest.raises(LacrError, match=message):
        MapSettings(**wrong)


def test_rows_that_have_no_place_are_told(clouds):
    broken = clouds.copy()
    broken[3, 2] = np.nan
    with pytest.raises(LacrError, match="not finite"):
        latent_map("PCA", broken)
    with pytest.raises(LacrError, match=r"one width.*\(80, 6\) and \(5, 4\)"):
        latent_map("PCA", clouds, clouds[:5, :4])
