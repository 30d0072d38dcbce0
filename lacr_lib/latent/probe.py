"""Is exposure written in the latents? A linear probe, fitted on some scenes, tested on others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.statistics import Floats, Statistic, estimate

PENALTIES = tuple(float(p) for p in np.logspace(-3, 3, 13))
FOLDS = 5


class Probe(NamedTuple):
    """r2 over the test photographs, interval over scenes; exposures in stops, (P,) each.

    r2 is 1 for a perfect guess and 0 for guessing the mean exposure every time; it may be negative.
    """

    r2: Interval
    guessed: NDArray[np.float64]
    true: NDArray[np.float64]
    scene: NDArray[np.str_]


def exposure_probe(train: Latents, test: Latents, seed: int = 0) -> Probe:
    """Ridge regression from the pooled latent of a photograph to its log2 exposure.

    train, test: one row a photograph (`Latents.pooled()`), of different scenes; low-light and clear
    rows of known exposure take part. The penalty is chosen on train, whole scenes left out.
    Errors: a scene in both tables, fewer than two scenes of known exposure in either.
    Source: linear probes, Alain & Bengio 2016.
    """
    x, y, scene = _exposures(train)
    x_test, y_test, scene_test = _exposures(test)
    both = np.intersect1d(scene, scene_test)
    if len(both):
        raise LacrError(f"scene {both[0]} is in both tables: a probe is tested on other scenes")
    names, groups = np.unique(scene, return_inverse=True)
    if len(names) < 2:
        raise LacrError("a probe needs at least two scenes to learn from")
    names_test, index = np.unique(scene_test, return_inverse=True)
    if len(names_test) < 2:
        raise LacrError("a probe needs at least two scenes of known exposure to be tested on")
    folds = GroupKFold(min(FOLDS, len(names))).split(x, y, groups)
    probe = make_pipeline(StandardScaler(), RidgeCV(PENALTIES, cv=list(folds))).fit(x, y)
    guessed = np.asarray(probe.predict(x_test), np.float64)
    score = explained(y_test, guessed, index, len(names_test))
    return Probe(estimate(score, len(names_test), seed), guessed, y_test, scene_test)


def explained(true: Floats, guessed: Floats, scene: NDArray[np.int64], n_scenes: int) -> Statistic:
    """Share of the variance of true (P,) that the guesses explain, R^2, as scenes are counted."""
    sums = [
        np.bincount(scene, values, n_scenes)
        for values in (np.ones(len(true)), true, true**2, (true - guessed) ** 2)
    ]

    def statistic(counts: Floats) -> Floats:
        n, total, squares, errors = (counts @ each for each in sums)
        return np.asarray(1.0 - errors / (squares - total**2 / n))

    return statistic


def _exposures(pooled: Latents) -> tuple[Floats, Floats, NDArray[np.str_]]:
    known = np.isin(pooled.kind, ("low", "clear")) & (pooled.exposure > 0)
    return (
        pooled.mu[known].astype(np.float64),
        np.log2(pooled.exposure[known].astype(np.float64)),
        pooled.scene[known],
    )
