"""One method over one set of photographs: a score for each image, then means over images."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.evaluation import metrics
from lacr_lib.evaluation.registration import NO_SHIFT, Shift, find_shift, shifted

if TYPE_CHECKING:
    from lacr_lib.data.photoset import Frame, PhotoSet, Tell

Photo = NDArray[np.uint8]
METRICS = ("psnr", "ssim", "psnr_gt_mean", "ssim_gt_mean", "ciede2000", "chroma_ratio", "loe")


@dataclass(frozen=True)
class ImageScore:
    """The scores of one photograph; None where there is no reference (all but `loe`).

    shift: how far its reference was moved first, down and right, pixels; None: that was not asked.
    """

    name: str
    scene: str
    psnr: float | None
    ssim: float | None
    psnr_gt_mean: float | None
    ssim_gt_mean: float | None
    ciede2000: float | None
    chroma_ratio: float | None
    loe: float
    seconds: float
    shift: Shift | None = None


@dataclass(frozen=True)
class Evaluation:
    """All scores of one method on one set of photographs.

    `method` names what was run; it is no part of the record, whose fields are fixed.
    """

    method: str
    dataset: str
    images: tuple[ImageScore, ...]

    def mean(self, metric: str) -> float | None:
        """Mean of a metric over the images that have a finite value; None where no image has one.

        The chroma ratio of a grey reference is NaN, the PSNR of an output equal to its reference is
        infinite: such images are left out of that mean, and are null in the record. An infinite
        mean would hide all others, and no number in its place is measured; no method gains by it.
        """
        values = self.values(metric)
        finite = values[np.isfinite(values)]
        return float(finite.mean()) if finite.size else None

    def values(self, metric: str) -> NDArray[np.float64]:
        """A metric of each image, (N,), in the order of `images`; NaN where it has none."""
        return np.array([getattr(score, metric) for score in self.images], dtype=np.float64)

    @property
    def scenes(self) -> list[str]:
        """The scene of each image, as the intervals over scenes need it."""
        return [score.scene for score in self.images]

    def as_dict(self) -> dict[str, Any]:
        """The record, ready for JSON: what cannot be said as a number there is None."""
        record: dict[str, Any] = {"dataset": self.dataset, "n": len(self.images)}
        record.update({metric: self.mean(metric) for metric in METRICS})
        record["seconds_per_image"] = self.mean("seconds")
        record["per_image"] = [_fields(score) for score in self.images]
        return record


def evaluate(
    method: Callable[[Photo], Photo],
    photoset: PhotoSet,
    name: str,
    on_image: Callable[[ImageScore], object] | None = None,
    register: bool = False,
    on_failure: Tell | None = None,
) -> Evaluation:
    """Runs a method over every low-light photograph of the set and scores what comes back.

    The whole set is scored: choose the held-out scenes first, `photoset.select("test")`. With clear
    references every metric is given; without, the lightness order error alone.
    Shapes: method uint8 (H, W, 3) -> uint8 (H, W, 3). Units: dB, Delta E, pixels, seconds.
    `on_image` is called after each photograph (a progress bar, a log).
    register: move each reference onto its low-light photograph first, by fractions of a pixel
    (evaluation/registration.py); the method has no part in that.
    on_failure: told in one line of each photograph that cannot be read or scored, which is left
    out; None: it ends the evaluation.
    Errors: nothing to score, an output of another size than its reference, or no reference to move.
    """
    if register and not photoset.pairs():
        raise LacrError(f"{photoset.name} holds no clear references, so there is none to register")
    scores: list[ImageScore] = []
    failure = ""
    for image_name, scene, low, clear in _work(photoset):
        try:
            score = _score(method, image_name, scene, low, clear, register)
        except LacrError as error:
            failure = f"{image_name}: {error}"
            if on_failure is None:
                raise LacrError(failure) from error
            on_failure(failure)
            continue
        scores.append(score)
        if on_image is not None:
            on_image(score)
    if failure and not scores:
        raise LacrError(f"{photoset.name}: no photograph could be scored; {failure}")
    if not scores:
        raise LacrError(f"{photoset.name} holds no low-light photograph: give a folder with some")
    return Evaluation(method=name, dataset=photoset.name, images=tuple(scores))


def _work(photoset: PhotoSet) -> Iterator[tuple[str, str, Frame, Frame | None]]:
    pairs = photoset.pairs()
    if pairs:
        for pair in pairs:
            yield pair.name, pair.scene, pair.low, pair.clear
        return
    for scene in photoset.scenes:
        for frame in scene.low:  # a.jpg of two folders: the names of scenes are unique
            name = scene.name if len(scene.low) == 1 else f"{scene.name}/{frame.name}"
            yield name, scene.name, frame, None


def _score(
    method: Callable[[Photo], Photo],
    name: str,
    scene: str,
    low_frame: Frame,
    clear_frame: Frame | None,
    register: bool,
) -> ImageScore:
    low = low_frame.read()
    clear = None if clear_frame is None else clear_frame.read()
    given = low.copy()  # a method may work in place
    start = time.perf_counter()
    output = method(given)
    seconds = time.perf_counter() - start
    order = metrics.loe(output, low)
    if clear is None:
        return ImageScore(name, scene, None, None, None, None, None, None, order, seconds)
    shift = find_shift(low, clear) if register else NO_SHIFT
    clear = shifted(clear, shift)
    scaled = metrics.gt_mean(output, clear)
    return ImageScore(
        name=name,
        scene=scene,
        psnr=metrics.psnr(output, clear),
        ssim=metrics.ssim(output, clear),
        psnr_gt_mean=metrics.psnr(scaled, clear),
        ssim_gt_mean=metrics.ssim(scaled, clear),
        ciede2000=metrics.ciede2000(output, clear),
        chroma_ratio=metrics.chroma_ratio(output, clear),
        loe=order,
        seconds=seconds,
        shift=shift if register else None,
    )


def _fields(score: ImageScore) -> dict[str, Any]:
    """One photograph of the record; `shift` only where it was asked."""
    fields = {key: _number(value) for key, value in asdict(score).items()}
    return fields if score.shift is not None else {k: v for k, v in fields.items() if k != "shift"}


def _number(value: Any) -> Any:
    """JSON has no infinity and no NaN: equal images and grey references become null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
