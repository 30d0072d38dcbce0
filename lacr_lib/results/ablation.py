"""The ablation of the release: what each part and each form of LACR brings, with its spread.

Made from records alone, by `lacr sweep --grid ablation.toml` beside this file. Two runs are
compared over equal seeds and equal scenes; a difference inside its spread is "not shown". The
tables are made in ablation_tables.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.latent.statistics import Floats, Statistic, estimate, mean_of, once, ratio_of_means

FOLDER = Path(__file__).resolve().parent
GRID = FOLDER / "ablation.toml"
RECORDS = FOLDER / "ablation.jsonl"
BEGUN = FOLDER / "ablation-begun.jsonl"  # as long as the grid is not finished
Record = dict[str, Any]


class Metric(NamedTuple):
    """How a table writes a number of a record, and how it is taken from it."""

    heading: str
    digits: int
    of: Callable[[dict[str, Floats], NDArray[np.int64], int], Statistic]


METRICS = {
    "psnr": Metric("PSNR (dB)", 2, lambda pairs, *scene: mean_of(pairs["psnr"], *scene)),
    "ssim": Metric("SSIM", 3, lambda pairs, *scene: mean_of(pairs["ssim"], *scene)),
    "alignment_ratio": Metric(
        "alignment ratio",
        3,
        lambda pairs, *scene: ratio_of_means(pairs["to_clear"], pairs["to_low"], *scene),
    ),
    "psnr_drop_z_swapped": Metric(
        "PSNR lost, z swapped (dB)",
        2,
        lambda pairs, *scene: mean_of(pairs["psnr"] - pairs["psnr_swapped"], *scene),
    ),
    "texture_ratio": Metric(
        "texture",
        2,
        lambda pairs, *scene: ratio_of_means(pairs["texture"], pairs["texture_clear"], *scene),
    ),
}


class Question(NamedTuple):
    """Runs that answer one question, each compared with one reference."""

    title: str
    reference: str
    runs: tuple[str, ...]


QUESTIONS = (
    Question(
        "Does each module pay, without LACR?",
        "VAE",
        ("VAE + RCAM", "VAE + AMSM", "VAE + RCAM + AMSM"),
    ),
    Question(
        "Does RCAM pay on larger crops, too?",
        "VAE, crops of 192 pixels",
        ("VAE + RCAM, crops of 192 pixels",),
    ),
    Question(
        "What does the full method lose without one part?",
        "full",
        ("full without RCAM", "full without AMSM", "full without LACR", "full, light as a product"),
    ),
    Question(
        "Which form of LACR?",
        "full without LACR",
        (
            "LACR: ratio",
            "LACR: bounded",
            "LACR: InfoNCE",
            "LACR: anchor is the code",
            "LACR: light-unaware",
            "LACR: in full detail",
            "LACR: in all colours",
            "LACR: 1 negative",
            "LACR: 3 negatives",
            "LACR: negatives from the batch",
            "LACR: clear images take part",
            "LACR: online encoder",
            "LACR: late",
            "LACR: online encoder, unit scale",
            "LACR: online encoder, unit scale, InfoNCE",
        ),
    ),
)


DRAWS = 200_000  # of scenes: with 2,000 the verdict of a bound near 0 was that of the draws


class Comparison(NamedTuple):
    """name minus reference in one metric, over equal seeds and scenes.

    difference: mean over seeds with its 95 % interval over scenes; spread: standard deviation of
    the difference over seeds. shown: the interval holds no 0 and the mean exceeds the spread.
    """

    name: str
    reference: str
    metric: str
    difference: Interval
    spread: float
    seeds: int
    scenes: int

    @property
    def shown(self) -> bool:
        """Is 0 outside the interval, and the mean difference more than the spread over seeds?"""
        outside = self.difference.low > 0 or self.difference.high < 0
        return outside and abs(self.difference.mean) > self.spread


def read_ablation(path: Path = RECORDS) -> dict[str, list[Record]]:
    """Records by name, seeds in order; a record of several names stands under each of them."""
    if not path.is_file():
        return {}
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    by_name: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda each: each["seed"]):
        for name in record["names"]:
            by_name.setdefault(name, []).append(record)
    return by_name


def read_so_far() -> dict[str, list[Record]]:
    """The records of the whole ablation or, while there are none, those of what is done of it."""
    return read_ablation() or read_ablation(BEGUN)


def statistic(record: Record, metric: str) -> Statistic:
    """A metric of one record as a function of scene counts. Raises LacrError for a null in it."""
    scenes = record["per_pair"]["scene"]
    order = {name: index for index, name in enumerate(dict.fromkeys(scenes))}
    pairs = {
        key: np.array(values, np.float64)
        for key, values in record["per_pair"].items()
        if key not in ("name", "scene")
    }
    if not all(np.isfinite(values).all() for values in pairs.values()):
        raise LacrError(f"{record['names'][0]}, seed {record['seed']}: a pair has no number")
    return METRICS[metric].of(pairs, np.array([order[scene] for scene in scenes]), len(order))


def values(records: Iterable[Record], metric: str) -> NDArray[np.float64]:
    """A metric of each record, (R,)."""
    return np.array([once(statistic(each, metric), n_scenes(each)) for each in records])


def comparable(by_name: dict[str, list[Record]], question: Question) -> list[str]:
    """The runs of a question that have two seeds or more in common with its reference."""
    return [n for n in question.runs if len(same_seed(by_name, n, question.reference)) > 1]


def n_scenes(record: Record) -> int:
    """Scenes that a record was measured on."""
    return len(set(record["per_pair"]["scene"]))


def same_seed(
    by_name: dict[str, list[Record]], name: str, reference: str
) -> list[tuple[Record, Record]]:
    """The couples of records, of name and of reference, that have one seed; seeds in order."""
    first, second = ({each["seed"]: each for each in by_name.get(n, [])} for n in (name, reference))
    return [(first[seed], second[seed]) for seed in sorted(set(first) & set(second))]


def compare(
    by_name: dict[str, list[Record]], name: str, reference: str, metric: str = "psnr"
) -> Comparison:
    """One run against another.

    Raises LacrError for a run or a metric that is not there, without two seeds in common, or other
    scenes.
    """
    for asked, there in ((name, by_name), (reference, by_name), (metric, METRICS)):
        if asked not in there:
            raise LacrError(f"no {asked!r}; there are {', '.join(there) or 'none'}")
    couples = same_seed(by_name, name, reference)
    if len(couples) < 2:
        raise LacrError(
            f"{name} and {reference} have {len(couples)} seeds in common, two are needed"
        )
    for a, b in couples:
        if a["per_pair"]["name"] != b["per_pair"]["name"]:
            raise LacrError(f"{name} and {reference} were measured on different photographs")
    parts = [(statistic(a, metric), statistic(b, metric)) for a, b in couples]
    count = n_scenes(couples[0][0])

    def mean_difference(counts: Floats) -> Floats:
        return np.asarray(np.mean([a(counts) - b(counts) for a, b in parts], axis=0))

    each = [once(a, count) - once(b, count) for a, b in parts]
    spread = float(np.std(each, ddof=1))
    difference = estimate(mean_difference, count, n=DRAWS)
    return Comparison(name, reference, metric, difference, spread, len(each), count)
