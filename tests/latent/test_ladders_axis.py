"""Paths and the light axis on latents that were laid out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.ladders import (
    Trajectory,
    correlations,
    shuffled,
    straightness,
    trajectories,
)
from lacr_lib.latent.light_axis import light_axis, walk

EXPOSURES = np.array([0.0625, 0.125, 0.25, 0.5])


def _pooled(light: np.ndarray, spread: float = 10.0, scenes: int = 8, bend: float = 0.0) -> Latents:
    """One latent a photograph: the scene's own place plus log2 exposure along `light` (4,)."""
    rng = np.random.default_rng(0)
    rows = []
    for s in range(scenes):
        place = spread * rng.normal(size=4)
        order = rng.permutation(4)  # rows in no order: the code must sort them
        for e in (*EXPOSURES[order], 1.0):
            curve = bend * rng.normal(size=4)
            rows.append((place + np.log2(e) * light + curve, f"s{s}", e))
    mu, scene, exposure = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    kind = np.where(exposure == 1, "clear", "low")
    zero = np.zeros(n, np.int32)
    return Latents(
        mu.astype("f4"),
        mu * 0,
        kind,
        scene,
        exposure.astype("f4"),
        exposure.astype("f4"),
        zero,
        zero,
        np.arange(n, dtype=np.int32),
        np.arange(n).astype(str),
    )


LIGHT = np.array([1.0, -2.0, 0.0, 0.5])


def test_paths_run_from_dark_to_clear():
    pooled = _pooled(LIGHT)
    paths = trajectories(pooled)
    assert len(paths) == 8
    for path in paths:
        assert path.exposure.tolist() == [*EXPOSURES, 1.0]
        np.testing.assert_array_equal(pooled.mu[path.rows], path.mu)
        assert straightness(path.mu) == pytest.approx(1, abs=1e-4)


def test_straightness_by_hand():
    assert straightness(np.array([[0.0, 0], [3, 0], [3, 4]])) == pytest.approx(5 / 7)
    assert straightness(np.array([[0.0, 0], [1, 1], [0, 0]])) == 0
    assert np.isnan(straightness(np.zeros((3, 2))))


def test_ordered_ladders_correlate_and_shuffled_scenes_do_not_run_straight():
    paths = trajectories(_pooled(LIGHT, bend=0.05))
    np.testing.assert_allclose(correlations(paths), 1)
    control = shuffled(paths)
    assert np.mean([straightness(p.mu) for p in control]) < 0.6
    assert np.abs(correlations(control, light=paths)).mean() < 0.9  # places hide the light
    assert [p.exposure.tolist() for p in control] == [p.exposure.tolist() for p in paths]


def test_a_latent_without_light_shows_no_correlation():
    paths = trajectories(_pooled(0 * LIGHT, bend=1.0, scenes=30))
    assert abs(np.nanmean(correlations(paths))) < 0.35
    assert np.mean([straightness(p.mu) for p in paths]) < 0.5


def test_a_single_photograph_makes_no_path():
    pooled = _pooled(LIGHT)
    with pytest.raises(LacrError, match="exposure ladders"):
        trajectories(pooled.of("clear"))
    with pytest.raises(LacrError, match="at least two"):
        correlations(trajectories(_pooled(LIGHT, scenes=1)))


def test_the_light_axis_is_found_and_measured():
    axis = light_axis(_pooled(LIGHT))
    np.testing.assert_allclose(axis.direction, LIGHT / np.linalg.norm(LIGHT), atol=1e-3)
    assert axis.way == pytest.approx(2.5 * np.linalg.norm(LIGHT), rel=1e-3)  # mean of 1, 2, 3, 4
    assert axis.share == pytest.approx(1, abs=1e-3)
    pooled = _pooled(LIGHT)
    assert axis.place(pooled.of("clear").mu).mean() == pytest.approx(1, abs=1e-3)
    assert axis.place(pooled.of("low").mu).mean() == pytest.approx(0, abs=1e-3)
    noisy = light_axis(_pooled(LIGHT, bend=3.0))
    assert noisy.share < 0.95
    with pytest.raises(LacrError, match="low and a clear"):
        light_axis(_pooled(LIGHT).of("low"))


def test_a_walk_changes_the_code_and_nothing_else(ladders, known_model):
    model = known_model(1.0)
    photo = ladders.scenes[0].low[1].read()
    grey = np.full((1, 3), 1 / np.sqrt(3))
    axis = light_axis(_pooled(LIGHT))._replace(direction=grey[0], low=0.0, clear=0.2)
    path = walk(model, photo, axis, steps=(-0.1, 0.0, 0.5, 1.0))
    assert path.images.shape == (4, 32, 40, 3)
    # this model reads "how bright am I" in the code: a brighter code gives less gain
    assert path.spearman == -1
    own = model.decode(model.encode(_tensor(photo)).mu, _tensor(photo), []).clamp(0, 1)
    np.testing.assert_allclose(path.images[1], own[0].permute(1, 2, 0).detach(), atol=1e-5)
    mirrored = walk(model, photo, axis._replace(direction=-grey[0]), steps=(0.0, 0.2, 0.3))
    assert mirrored.spearman == 1


def _tensor(photo):
    from lacr_lib.latent.encode import as_batch

    class Anywhere:
        @staticmethod
        def parameters():
            import torch

            yield torch.zeros(1)

    return as_batch(photo, Anywhere())


def test_a_shuffled_rung_is_another_scenes_and_exposure_rises_though_ladders_differ():
    def ladder(index: int, *exposure: float) -> Trajectory:
        rows = 10 * index + np.arange(len(exposure))
        return Trajectory(f"s{index}", np.zeros((len(rows), 2)), np.array(exposure), rows)

    paths = [
        ladder(0, 0.01, 0.02, 1.0),
        ladder(1, 0.3, 0.6, 1.0),
        ladder(2, 0.1, 0.2, 0.4, 1.0),
    ]
    for seed in range(30):
        for index, path in enumerate(shuffled(paths, seed)):
            assert index not in path.rows // 10
            assert (np.diff(path.exposure) >= 0).all()
            assert (path.exposure[:-1] < 1).all() and path.exposure[-1] == 1, "one clear, the last"
    with pytest.raises(LacrError, match="two ladders"):
        shuffled(paths[:1])
