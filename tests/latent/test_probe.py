"""The probe finds exposure where it was written, and nothing where it was not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_score
from sklearn.preprocessing import StandardScaler

from lacr_lib.errors import LacrError
from lacr_lib.latent import probe as probe_module
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.probe import PENALTIES, explained, exposure_probe

LIGHT = np.array([1.0, -2.0, 0.0, 0.5])


def pooled(scenes: range, light: np.ndarray = LIGHT, noise: float = 0.1) -> Latents:
    """Six exposures a scene along `light` (4,), at a place of its own across it."""
    rng = np.random.default_rng(scenes.start)
    across = np.eye(4) - np.outer(light, light) / max(light @ light, 1e-9)
    mu, scene, stops = [], [], np.arange(-5.0, 1.0)
    for s in scenes:
        place = 3 * rng.normal(size=4) @ across
        mu.append(place + stops[:, None] * light + noise * rng.normal(size=(6, 4)))
        scene += [f"s{s}"] * 6
    mu, exposure = np.concatenate(mu).astype("f4"), np.tile(2.0**stops, len(scenes)).astype("f4")
    kind, zero = np.where(exposure == 1, "clear", "low"), np.zeros(len(mu), np.int32)
    names = np.arange(len(mu))
    return Latents(mu, mu * 0, kind, np.array(scene), exposure, exposure, zero, zero,
                   names.astype(np.int32), names.astype(str))  # fmt: skip


def test_exposure_along_a_line_is_found_in_other_scenes():
    probe = exposure_probe(pooled(range(0, 10)), pooled(range(10, 18)))
    assert probe.r2.low > 0.95 and probe.true.min() == -5 and probe.true.max() == 0
    np.testing.assert_allclose(probe.guessed, probe.true, atol=0.5)


def test_latents_without_light_explain_nothing():
    """Scenes keep their places; a probe that knew them by heart would fail on others."""
    dark = pooled(range(0, 10), np.zeros(4)), pooled(range(10, 18), np.zeros(4))
    assert exposure_probe(*dark).r2.high < 0.1


def test_only_low_and_clear_rows_of_known_exposure_take_part():
    train, test = pooled(range(0, 10)), pooled(range(10, 18))
    test.kind[::6], test.exposure[1::6] = "enhanced", np.nan
    assert len(exposure_probe(train, test).true) == len(test) - 16


def test_share_explained_is_r_squared_of_the_scenes_as_counted():
    rng = np.random.default_rng(0)
    true, scene = rng.normal(size=20), rng.integers(4, size=20)
    guessed = true + rng.normal(size=20)
    counts = np.array([[1.0, 1, 1, 1], [2, 0, 1, 1]])
    values = explained(true, guessed, scene, 4)(counts)
    rows = np.concatenate([np.flatnonzero(scene == s) for s in (0, 0, 2, 3)])
    assert values[0] == pytest.approx(r2_score(true, guessed))
    assert values[1] == pytest.approx(r2_score(true[rows], guessed[rows]))


def test_a_scene_on_both_sides_is_refused():
    with pytest.raises(LacrError, match="scene s9 is in both tables"):
        exposure_probe(pooled(range(0, 10)), pooled(range(9, 12)))
    with pytest.raises(LacrError, match="at least two scenes"):
        exposure_probe(pooled(range(0, 1)), pooled(range(9, 12)))


def test_a_test_table_without_known_exposures_is_refused():
    unknown = pooled(range(10, 18))
    unknown.exposure[:] = np.nan
    for test in (unknown, pooled(range(10, 11))):
        with pytest.raises(LacrError, match="known exposure"):
            exposure_probe(pooled(range(0, 10)), test)


def test_the_share_told_is_that_of_its_guesses():
    probe = exposure_probe(pooled(range(0, 10)), pooled(range(10, 18), noise=1.0))
    assert probe.r2.mean == pytest.approx(r2_score(probe.true, probe.guessed), abs=1e-9)


def test_the_penalty_is_chosen_with_whole_scenes_left_out(monkeypatch):
    folds = []
    monkeypatch.setattr(
        probe_module, "RidgeCV", lambda penalties, cv: folds.extend(cv) or RidgeCV(penalties, cv=cv)
    )
    train = pooled(range(0, 10))
    exposure_probe(train, pooled(range(10, 18)))
    assert len(folds) == 5
    assert not any(set(train.scene[fit]) & set(train.scene[left]) for fit, left in folds)


def test_the_penalty_is_the_one_that_is_best_for_scenes_left_out():
    """Of five scenes, as many as folds; their rows lie in no order."""
    train, test = pooled(range(0, 5), noise=1.0), pooled(range(10, 18), noise=1.0)
    train = train.select(np.random.default_rng(0).permutation(len(train)))
    scaler, stops = StandardScaler().fit(train.mu), np.log2(train.exposure)
    x, left_out = scaler.transform(train.mu), LeaveOneGroupOut()
    scores = [
        cross_val_score(Ridge(p), x, stops, groups=train.scene, cv=left_out).mean()
        for p in PENALTIES
    ]
    best = Ridge(PENALTIES[int(np.argmax(scores))]).fit(x, stops)
    guessed = exposure_probe(train, test).guessed
    np.testing.assert_allclose(guessed, best.predict(scaler.transform(test.mu)), atol=1e-4)


def test_the_seed_draws_other_scenes():
    tables = pooled(range(0, 10)), pooled(range(10, 18))
    assert exposure_probe(*tables, seed=1).r2 != exposure_probe(*tables, seed=2).r2


def test_the_scale_of_the_latents_does_not_matter():
    tables = pooled(range(0, 10)), pooled(range(10, 18))
    plain = exposure_probe(*tables)
    small = exposure_probe(*(replace(table, mu=1e-4 * table.mu) for table in tables))
    np.testing.assert_allclose(small.guessed, plain.guessed, atol=1e-3)
