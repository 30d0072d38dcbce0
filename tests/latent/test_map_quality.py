"""Trust and continuity are scikit-learn's, on all rows or on a sample that is always the same."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from lacr_lib.latent import map_quality as quality


@pytest.fixture
def spaces() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    latents = rng.normal(size=(230, 9)).astype("f4")
    return latents, latents[:, :2] + rng.normal(size=(230, 2)).astype("f4")


@pytest.mark.parametrize("block", [37, 500])  # blocks that do and do not divide the rows
def test_quality_is_that_of_scikit_learn_whatever_the_block(spaces, monkeypatch, block):
    monkeypatch.setattr(quality, "BLOCK", block)
    latents, flat = spaces
    trust, continuity = quality.map_quality(latents, flat)
    assert trust == pytest.approx(trustworthiness(latents, flat, n_neighbors=15), abs=1e-6)
    assert continuity == pytest.approx(trustworthiness(flat, latents, n_neighbors=15), abs=1e-6)
    assert abs(trust - continuity) > 0.005  # else the two could be exchanged unseen


def test_a_large_map_is_measured_on_a_fixed_sample(spaces, monkeypatch):
    monkeypatch.setattr(quality, "TRUST_SAMPLE", 100)
    latents, flat = spaces
    rows = quality.trust_rows(len(latents))
    assert len(set(rows.tolist())) == 100
    np.testing.assert_array_equal(rows, quality.trust_rows(len(latents)))
    trust, _ = quality.map_quality(latents, flat)
    expected = trustworthiness(latents[rows], flat[rows], n_neighbors=15)
    assert trust == pytest.approx(expected, abs=1e-6)


def test_the_sample_is_five_thousand_rows():
    assert len(quality.trust_rows(100_000)) == 5000 and len(quality.trust_rows(12)) == 12
