"""The ablation as Markdown: means, differences with their verdicts, and what is still to be run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from lacr_lib.results.ablation import (
    GRID,
    METRICS,
    Comparison,
    Question,
    Record,
    comparable,
    compare,
    same_seed,
    values,
)
from lacr_lib.training.sweep import read_grid

COMPARED = {"psnr": 1, "ssim": 1, "alignment_ratio": -1}  # 1: more is better; -1: less


def progress(by_name: dict[str, list[Record]], grid: Path = GRID) -> str:
    """How much of the grid is recorded, in a sentence or two; Markdown."""
    runs = read_grid(grid)
    recorded = {(name, each["seed"]) for name, found in by_name.items() for each in found}
    done = [run for run in runs if (run.names[0], run.train.seed) in recorded]
    if len(done) == len(runs):
        return f"All {len(runs)} runs of the grid are recorded."
    seeds = Counter(Counter(run.names for run in done).values())
    counts = [f"{n} with {k} seed{'s' * (k > 1)}" for k, n in sorted(seeds.items())]
    return (
        f"**The ablation is not finished: {len(done)} of its {len(runs)} runs are recorded** "
        f"({', '.join(counts) or 'none'}). A mean without ± is one draw of a seed; a comparison "
        "with fewer than two seeds is *not shown*, however large it looks."
    )


def ablation_table(by_name: dict[str, list[Record]]) -> str:
    """A run a row: seeds, parameters, mean and standard deviation over seeds; Markdown."""
    headings = ["run", "seeds", "parameters", *(metric.heading for metric in METRICS.values())]
    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    for name, records in by_name.items():
        cells = [name, str(len(records)), f"{records[0]['parameters']:,}"]
        for key, metric in METRICS.items():
            each = values(records, key)
            sd = f" ± {np.std(each, ddof=1):.{metric.digits}f}" if len(each) > 1 else ""
            cells.append(f"{each.mean():.{metric.digits}f}{sd}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def question_table(by_name: dict[str, list[Record]], question: Question) -> str:
    """One question: each run minus its reference, with its verdict; Markdown.

    A run that has fewer than two seeds in common with the reference has no number here.
    """
    lines = [
        f"| minus {question.reference} | "
        + " | ".join(f"{METRICS[key].heading}, 95 % over scenes" for key in COMPARED)
        + " |",
        "|---" * (len(COMPARED) + 1) + "|",
    ]
    enough = comparable(by_name, question)
    for name in question.runs:
        cells = [_too_few(len(same_seed(by_name, name, question.reference)))] * len(COMPARED)
        if name in enough:
            cells = [verdict(compare(by_name, name, question.reference, key)) for key in COMPARED]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def _too_few(seeds: int) -> str:
    """What stands in place of a difference."""
    return f"not shown ({seeds} seed)" if seeds else "not run"


def verdict(comparison: Comparison) -> str:
    """The difference with its interval, and "not shown" where it lies inside the spread."""
    digits = METRICS[comparison.metric].digits
    mean, low, high = (f"{value:+.{digits}f}" for value in comparison.difference)
    return f"{mean} [{low}, {high}]" + ("" if comparison.shown else ", not shown")


def findings(by_name: dict[str, list[Record]], question: Question) -> str:
    """What the records answer to a question, a metric a line, made from them alone; Markdown."""
    enough = comparable(by_name, question)
    if not enough:
        return (
            f"No run has two seeds in common with `{question.reference}` yet, so nothing is shown."
        )
    lines = []
    for key, better in COMPARED.items():
        said: dict[str, list[str]] = {"better": [], "worse": [], "not shown": []}
        for name in enough:
            found = compare(by_name, name, question.reference, key)
            side = "better" if found.difference.mean * better > 0 else "worse"
            number = f"{found.difference.mean:+.{METRICS[key].digits}f}"
            said[side if found.shown else "not shown"].append(f"{name} ({number})")
        parts = [f"{word}: {', '.join(names)}" for word, names in said.items() if names]
        lines.append(f"- {METRICS[key].heading}, {_direction(better)}. {'; '.join(parts)}.")
    missing = [name for name in question.runs if name not in enough]
    if missing:
        lines.append(f"- Fewer than two seeds, so not asked yet: {', '.join(missing)}.")
    return "\n".join(lines)


def _direction(better: int) -> str:
    return f"{'more' if better > 0 else 'less'} is better"
