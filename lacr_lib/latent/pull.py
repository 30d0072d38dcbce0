"""Are enhanced latents pulled to the clear ones and away from the low ones? The numbers.

A picture of a latent space can be made to show almost anything; these numbers are taken in the
latent space itself, each with an interval over scenes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.latent.pairs import PairMeasures, measure_pairs
from lacr_lib.latent.statistics import (
    Statistic,
    difference,
    estimate,
    mean_of,
    median_of,
    ranked_right,
    ratio_of_means,
)

if TYPE_CHECKING:
    from lacr_lib.data.layouts import PhotoSet
    from lacr_lib.models.vae import LacrVae

PULL_KEYS = (
    "alignment_ratio",
    "alignment_ratio_shared",
    "fraction_of_way",
    "clear_neighbour_share",
    "auc_enhanced_vs_clear",
    "auc_enhanced_vs_low",
    "psnr_drop_z_swapped",
    "psnr_drop_z_zero",
    "texture_ratio",
)
NEIGHBOURS = 10
ACTIVE = 0.01  # variance of a channel's posterior mean over regions; Burda et al. 2016
MAX_QUERIES = 20_000  # enhanced regions of the neighbour search, drawn with a fixed seed


def pull(
    weights: LacrVae,
    against: LacrVae,
    photoset: PhotoSet,
    names: tuple[str, str] = ("weights", "against"),
    seed: int = 0,
    on_pair: Callable[[str], object] | None = None,
    judge: LacrVae | None = None,
) -> dict[str, Any]:
    """The pull of two models over the same photographs, ready for JSON.

    `weights` and `against` each hold the values of PULL_KEYS, `intervals` (95 %, over scenes),
    `psnr`, `ssim` and `active_units`; `difference` holds weights minus against, paired by scene.
    judge: whose encoder is the shared one (None: `against`). The whole set is measured: choose the
    held-out scenes first. `on_pair` is called with each pair's name, twice over the set.
    Errors: as `measure_pairs`.
    """
    measures = (
        measure_pairs(weights, photoset, shared=judge or against, seed=seed, on_pair=on_pair),
        measure_pairs(against, photoset, shared=judge, seed=seed, on_pair=on_pair),
    )
    return pull_record(*measures, dataset=photoset.name, names=names, seed=seed)


def pull_record(
    weights: PairMeasures,
    against: PairMeasures,
    dataset: str,
    names: tuple[str, str],
    seed: int = 0,
) -> dict[str, Any]:
    """The record of `pull`, from measures already taken."""
    statistics = [pull_statistics(measures) for measures in (weights, against)]
    n_scenes = len(weights.scenes)
    record: dict[str, Any] = {"dataset": dataset, "n_pairs": len(weights.pairs)}
    record["n_scenes"] = n_scenes
    sides = zip(("weights", "against"), names, (weights, against), statistics, strict=True)
    for side, name, measures, of_model in sides:
        values = {key: estimate(of_model[key], n_scenes, seed) for key in of_model}
        record[side] = {"name": name}
        record[side].update({key: _number(value.mean) for key, value in values.items()})
        record[side]["active_units"] = active_units(measures)
        record[side]["intervals"] = {key: _bounds(value) for key, value in values.items()}
    record["difference"] = {}
    for key in statistics[0]:
        both = estimate(difference(statistics[0][key], statistics[1][key]), n_scenes, seed)
        record["difference"][key] = [_number(both.mean), *_bounds(both)]
    return record


def pull_statistics(measures: PairMeasures) -> dict[str, Statistic]:
    """Each number of PULL_KEYS, `psnr` and `ssim`, as a function of scene counts."""
    column, where = measures.column, (measures.scene, len(measures.scenes))
    quality = column("psnr")
    return {
        "alignment_ratio": ratio_of_means(column("to_clear"), column("to_low"), *where),
        "alignment_ratio_shared": ratio_of_means(
            column("shared_to_clear"), column("shared_to_low"), *where
        ),
        "fraction_of_way": _fraction(measures),
        "clear_neighbour_share": _neighbours(measures),
        "auc_enhanced_vs_clear": _auc(measures, other=2),
        "auc_enhanced_vs_low": _auc(measures, other=0),
        "psnr_drop_z_swapped": mean_of(quality - column("psnr_swapped"), *where),
        "psnr_drop_z_zero": mean_of(quality - column("psnr_zero"), *where),
        "texture_ratio": ratio_of_means(column("texture"), column("texture_clear"), *where),
        "psnr": mean_of(quality, *where),
        "ssim": mean_of(column("ssim"), *where),
    }


def clear_share(
    enhanced: NDArray[np.floating],
    scene: NDArray[np.int64],
    low: NDArray[np.floating],
    clear: NDArray[np.floating],
    bank_scene: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Share of clear latents among the 10 nearest neighbours of each enhanced one, (Q,) in [0, 1].

    Equal numbers of low and clear are offered, (M, Z) each; neighbours of the query's own scene are
    left out, or a photograph's structure would answer for its light. Chance 0.5. Euclidean
    distance.
    """
    bank = np.concatenate([low, clear])
    is_clear = np.repeat([0.0, 1.0], [len(low), len(clear)])
    scenes = np.concatenate([bank_scene, bank_scene])
    share = np.empty(len(enhanced))
    for own in np.unique(scene):
        others, queries = scenes != own, scene == own
        k = min(NEIGHBOURS, int(others.sum()))
        search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(bank[others])
        near = search.kneighbors(enhanced[queries], return_distance=False)
        share[queries] = is_clear[others][near].mean(axis=1)
    return share


def out_of_fold_scores(
    enhanced: NDArray[np.floating], other: NDArray[np.floating], scene: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Scores for "enhanced" by a logistic regression that never saw the scene.

    enhanced, other (P, Z): image-pooled latents; scene (P,). Standardised, C = 1, GroupKFold(5) by
    scene (fewer scenes: one fold a scene), each scene of the same weight. Returns the scores of the
    enhanced (P,), of the others (P,), and the fold of each scene (S,).
    """
    x = np.concatenate([enhanced, other]).astype(np.float64)
    y = np.repeat([1, 0], [len(enhanced), len(other)])
    groups = np.concatenate([scene, scene])
    weight = 1.0 / np.bincount(groups)[groups]
    weight /= weight.mean()  # so that C = 1 means what it means without weights
    scores, fold = np.empty(len(x)), np.zeros(int(scene.max()) + 1, np.int64)
    folds = GroupKFold(min(5, len(np.unique(scene)))).split(x, y, groups)
    for number, (train, test) in enumerate(folds):
        scaler = StandardScaler().fit(x[train], sample_weight=weight[train])
        model = LogisticRegression(C=1.0, max_iter=1000)
        model.fit(scaler.transform(x[train]), y[train], sample_weight=weight[train])
        scores[test] = model.decision_function(scaler.transform(x[test]))
        fold[groups[test]] = number
    return scores[: len(enhanced)], scores[len(enhanced) :], fold


def active_units(measures: PairMeasures) -> int:
    """Latent channels whose posterior mean varies over the low photographs' regions."""
    regions, _ = measures.rows("regions")
    return int((regions[0].var(axis=0) > ACTIVE).sum())


def _fraction(measures: PairMeasures) -> Statistic:
    values, scene = measures.rows("fraction")
    known = np.isfinite(values)
    return median_of(values[known], scene[known], len(measures.scenes))


def _neighbours(measures: PairMeasures) -> Statistic:
    regions, scene = measures.rows("regions")  # (3, R, Z)
    offered = np.concatenate([pair.offered for pair in measures.pairs])
    asked = np.random.default_rng(0).permutation(len(scene))[:MAX_QUERIES]
    share = clear_share(
        regions[1][asked],
        scene[asked],
        regions[0][offered],
        regions[2][offered],
        scene[offered],
    )
    return mean_of(share, scene[asked], len(measures.scenes))


def _auc(measures: PairMeasures, other: int) -> Statistic:
    pooled = np.stack([pair.pooled for pair in measures.pairs])  # (P, 3, Z)
    enhanced, rest, fold = out_of_fold_scores(pooled[:, 1], pooled[:, other], measures.scene)
    return ranked_right(enhanced, rest, measures.scene, fold)


def _bounds(value: Interval) -> list[float | None]:
    return [_number(value.low), _number(value.high)]


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity; the last digits of a sum are rounding."""
    return round(value, 10) if math.isfinite(value) else None
