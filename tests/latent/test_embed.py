"""Maps: known neighbours survive or not, and enhanced points never bend the map."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from sklearn.decomposition import PCA

from lacr_lib.errors import LacrError
from lacr_lib.latent.embed import latent_map, map_quality, procrustes


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(size=(40, 6)), rng.normal(size=(40, 6)) + 6]).astype("f4")


def test_pca_is_the_plain_one_and_places_new_points_without_a_new_fit(clouds):
    more = clouds[:7] + 30
    flat = latent_map("PCA", clouds, more)
    theirs = PCA(2).fit(clouds)
    np.testing.assert_allclose(np.abs(flat.fitted), np.abs(theirs.transform(clouds)), atol=1e-3)
    np.testing.assert_allclose(np.abs(flat.moved), np.abs(theirs.transform(more)), atol=1e-3)
    assert flat.transformed


def test_two_clouds_stay_two_clouds_in_tsne(clouds):
    flat = latent_map("t-SNE", clouds, clouds[:5] + 0.01)
    assert flat.fitted.shape == (80, 2) and flat.moved.shape == (5, 2)
    centres = flat.fitted.reshape(2, 40, 2).mean(axis=1)
    to_own = np.linalg.norm(flat.moved - centres[0], axis=1)
    assert (to_own < np.linalg.norm(flat.moved - centres[1], axis=1)).all()
    assert flat.trustworthiness > 0.8 and not flat.transformed


class FakeUmap:
    """Keeps the first two columns; notes what it was fitted on. The real one compiles for long,
    and runs in the notebook's smoke test."""

    fitted: np.ndarray
    settings: dict

    def __init__(self, **settings):
        type(self).settings = settings

    def fit(self, points):
        type(self).fitted = points
        self.embedding_ = points[:, :2]
        return self

    def transform(self, points):
        return points[:, :2]


class FakeAligned(FakeUmap):
    """Turns each snapshot's map by another angle, as two fits of a real one may."""

    def fit(self, points, relations):
        assert relations == [{i: i for i in range(len(points[0]))}] * (len(points) - 1)
        turns = [np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) for a in (1, 2, 3)]
        self.embeddings_ = [p[:, :2] @ turn for p, turn in zip(points, turns, strict=True)]
        return self


@pytest.fixture
def fake_umap(monkeypatch):
    fake = types.SimpleNamespace(UMAP=FakeUmap, AlignedUMAP=FakeAligned)
    monkeypatch.setitem(sys.modules, "umap", fake)


def test_umap_is_fitted_without_the_moved_points(fake_umap, clouds):
    more = clouds[:9] - 5
    flat = latent_map("UMAP", clouds, more, seed=4)
    np.testing.assert_array_equal(FakeUmap.fitted, clouds)
    np.testing.assert_array_equal(flat.moved, more[:, :2])
    assert flat.transformed and FakeUmap.settings["random_state"] == 4


def test_quality_tells_an_invented_neighbour_from_a_torn_one():
    line = np.sort(np.random.default_rng(0).uniform(size=(100, 1)), axis=0).astype("f4")
    assert map_quality(line, line) == (1.0, 1.0)
    folded = np.abs(line - 0.5)  # far ends meet: invented neighbours
    trust, continuity = map_quality(line, folded)
    assert trust < 0.95 and continuity > trust
    trust, continuity = map_quality(folded, line)  # a fold pulled apart: torn neighbours
    assert continuity < 0.95 and trust > continuity


def test_procrustes_undoes_a_turn_a_scale_and_a_shift():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(30, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    anchor = np.arange(30) < 10
    np.testing.assert_allclose(procrustes(target @ turn * 3 + 5, target, anchor), target, atol=1e-5)


def test_bad_requests_are_told():
    points = np.zeros((30, 3), "f4")
    with pytest.raises(LacrError, match="choose from"):
        latent_map("LDA", points)
    with pytest.raises(LacrError, match="at least 8"):
        latent_map("PCA", points[:5])
