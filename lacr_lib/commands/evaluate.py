"""`lacr evaluate`: the scores of a model or of a classical method on a set of photographs."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from lacr_lib.commands.common import (
    bar,
    begun,
    check_target,
    held_out,
    load_on,
    tell_beside,
    told_at_the_end,
    write_json,
)
from lacr_lib.errors import LacrError, did_you_mean

if TYPE_CHECKING:
    from lacr_lib.evaluation.evaluate import Evaluation

COLUMNS = {  # heading: (metric, digits); (GT) marks brightness taken from the reference
    "PSNR dB": ("psnr", 2),
    "SSIM": ("ssim", 3),
    "PSNR dB (GT)": ("psnr_gt_mean", 2),
    "SSIM (GT)": ("ssim_gt_mean", 3),
    "CIEDE2000": ("ciede2000", 2),
    "chroma": ("chroma_ratio", 2),
    "LOE": ("loe", 1),
    "s/image": ("seconds", 2),
}


def run(options: Namespace) -> int:
    """Exit code 0: all scored; 1: some were not, each told in one line. Raises LacrError."""
    if options.json:
        check_target(options.json)
    name = options.method or options.weights
    method = _baseline(name) if options.method else _model(name, options.device)
    photoset = held_out(options.data)
    from lacr_lib.evaluation.evaluate import evaluate

    total = len(photoset.pairs()) or sum(len(scene.low) for scene in photoset.scenes)
    with begun():
        with bar(total, "evaluate", "photo") as progress:
            scores = evaluate(
                method,
                photoset,
                name,
                on_image=lambda _: progress.update(),
                register=options.register,
                on_failure=partial(tell_beside, progress),
            )
        write_json(options.json, scores.as_dict())
        print(table(scores))
        if options.register:
            print(moved(scores))
    return told_at_the_end(len(scores.images), total)


def table(scores: Evaluation) -> str:
    """Headings and one row of means; "-" where there is no reference to compare with."""
    cells = {"method": scores.method, "data": scores.dataset, "n": str(len(scores.images))}
    for heading, (metric, digits) in COLUMNS.items():
        value = scores.mean(metric)
        cells[heading] = "-" if value is None else f"{value:.{digits}f}"
    widths = {heading: max(len(heading), len(cell)) for heading, cell in cells.items()}
    rows = (cells.keys(), cells.values())
    pad = widths.values()
    return "\n".join("  ".join(map(str.rjust, row, pad)) for row in rows)


def moved(scores: Evaluation) -> str:
    """One line: how many references were moved, and how far."""
    lengths = [math.hypot(*score.shift) for score in scores.images if score.shift is not None]
    some = [length for length in lengths if length > 0]
    far = f", by {median(some):.2f} pixels in the median, {max(some):.2f} at most" if some else ""
    return f"registered: {len(some)} of {len(lengths)} references were moved{far}"


def _model(weights: str, device: str) -> Callable[[Any], Any]:
    from lacr_lib.inference.enhance import enhance

    return partial(enhance, load_on(weights, device))


def _baseline(name: str) -> Callable[[Any], Any]:
    from lacr_lib.evaluation.baselines import BASELINES

    if name not in BASELINES:
        meant = did_you_mean(name, BASELINES)
        raise LacrError(f"no method {name!r}; {meant}there are {', '.join(BASELINES)}")
    return BASELINES[name]
