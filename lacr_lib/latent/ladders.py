"""Exposure ladders as paths in latent space, from the darkest photograph to the clear one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import Latents

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]


class Trajectory(NamedTuple):
    """Image-pooled latents of one scene, darkest first, clear last: mu (K, Z), exposure (K,).

    rows (K,) are indices into the pooled table, so that a map can draw the same path.
    """

    scene: str
    mu: Floats
    exposure: Floats
    rows: Integers


def trajectories(pooled: Latents, kind: str = "low") -> list[Trajectory]:
    """The path of each scene with at least two photographs of that kind and a clear one.

    pooled: one row a photograph (`Latents.pooled()`). kind "enhanced" gives the path after
    enhancement, ordered by the exposure that each photograph had before.
    """
    paths = []
    for scene in dict.fromkeys(pooled.scene.tolist()):
        here = pooled.scene == scene
        clear = np.flatnonzero(here & (pooled.kind == "clear"))
        steps = np.flatnonzero(here & (pooled.kind == kind) & np.isfinite(pooled.exposure))
        if len(steps) < 2 or not len(clear):
            continue
        order = steps[np.argsort(pooled.exposure[steps], kind="stable")]
        rows = np.concatenate([order, clear[:1]])
        paths.append(Trajectory(scene, pooled.mu[rows], pooled.exposure[rows], rows))
    if not paths:
        raise LacrError("no scene has two exposures and a clear photograph: give exposure ladders")
    return paths


def path_length(mu: Floats) -> float:
    """Length of a path (K, Z), summed over its steps; Euclidean, in latent units."""
    return float(np.linalg.norm(np.diff(mu, axis=0), axis=1).sum())


def straightness(mu: Floats) -> float:
    """Distance from first to last point over the length of the path: 1 is a straight line."""
    length = path_length(mu)
    return float(np.linalg.norm(mu[-1] - mu[0])) / length if length > 0 else float("nan")


def exposure_correlation(mu: Floats, exposure: Floats, direction: Floats) -> float:
    """Spearman correlation of log exposure with the place along a direction (Z,).

    The direction must come from *other* scenes: along its own chord every path looks ordered.
    """
    place = mu @ direction
    if len(mu) < 3 or np.ptp(place) == 0:
        return float("nan")
    return float(spearmanr(place, np.log(exposure)).statistic)


def correlations(paths: list[Trajectory], light: list[Trajectory] | None = None) -> Floats:
    """`exposure_correlation` of each path, (S,), along the light direction of all *other* scenes.

    light: the paths, scene by scene, whose way from low to clear gives that direction (None:
    these). Paths after enhancement, or shuffled ones, are measured along the light of the untouched
    ladders.
    """
    given = paths if light is None else light
    if len(paths) < 2 or len(given) != len(paths):
        raise LacrError("each scene is measured along the light of the others: give at least two")
    gaps = np.stack([path.mu[-1] - path.mu[:-1].mean(axis=0) for path in given])
    values = [
        exposure_correlation(path.mu, path.exposure, np.delete(gaps, i, axis=0).mean(axis=0))
        for i, path in enumerate(paths)
    ]
    return np.array(values)


def shuffled(paths: list[Trajectory], seed: int = 0) -> list[Trajectory]:
    """The control: as many paths, each rung taken from a randomly chosen other scene.

    Exposure still rises along each path, but its rungs no longer show one place. Dark rungs are
    matched with dark ones by relative position, clear with clear, and the dark ones are sorted
    anew, for ladders differ in their exposures. Of two scenes, each gets the other's ladder whole.
    Errors: a single path.
    """
    if len(paths) < 2:
        raise LacrError("a control takes its rungs from other scenes: give at least two ladders")
    rng = np.random.default_rng(seed)
    mixed = []
    for index, path in enumerate(paths):
        dark, others = len(path.mu) - 1, paths[:index] + paths[index + 1 :]
        donors = [others[i] for i in _all_different(rng, dark + 1, len(others))]
        spots = [round(k * (len(d.mu) - 2) / max(dark - 1, 1)) for k, d in enumerate(donors[:-1])]
        spots.append(len(donors[-1].mu) - 1)
        taken = list(zip(donors, spots, strict=True))
        taken[:-1] = sorted(taken[:-1], key=lambda rung: float(rung[0].exposure[rung[1]]))
        mixed.append(
            Trajectory(
                f"shuffled {path.scene}",
                np.stack([d.mu[s] for d, s in taken]),
                np.array([d.exposure[s] for d, s in taken]),
                np.array([d.rows[s] for d, s in taken]),
            )
        )
    return mixed


def _all_different(rng: np.random.Generator, count: int, choices: int) -> list[int]:
    """Random scenes, neighbours on the path never the same; repeats only when scenes are few."""
    rounds = -(-count // choices)
    drawn = np.concatenate([rng.permutation(choices) for _ in range(rounds)])[:count]
    for i in range(1, count):  # where two rounds meet, the same scene may follow itself
        if drawn[i] == drawn[i - 1] and choices > 1:
            drawn[i] = (drawn[i] + 1) % choices
    return [int(d) for d in drawn]
