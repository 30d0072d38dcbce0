"""The loop over a set: the record's exact fields, what is averaged, what has no number."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from lacr_lib.data.layouts import Frame, PhotoSet, Scene, open_photoset
from lacr_lib.errors import LacrError
from lacr_lib.evaluation import metrics
from lacr_lib.evaluation.baselines import BASELINES
from lacr_lib.evaluation.evaluate import METRICS, Evaluation, ImageScore, evaluate
from lacr_lib.evaluation.unharmed import returned

FIELDS = [
    "dataset", "n", "psnr", "ssim", "psnr_gt_mean", "ssim_gt_mean", "ciede2000", "chroma_ratio",
    "loe", "seconds_per_image", "per_image",
]  # fmt: skip


def frame(name: str, photo: np.ndarray) -> Frame:
    return Frame(name=name, read=lambda: photo, path=None, exposure=None)


def make_set(paired: bool = True) -> PhotoSet:
    rng = np.random.default_rng(0)
    scenes = []
    for name, count in (("room", 2), ("street", 1)):
        y, x = np.mgrid[0:32, 0:40] / 8
        waves = np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=2)
        clear = 0.5 + 0.3 * waves + 0.02 * rng.normal(size=waves.shape)
        low = tuple(
            frame(f"low_{k}", np.rint(255 * clear.clip(0, 1) / 2 ** (3 - k)).astype(np.uint8))
            for k in range(count)
        )
        reference = np.rint(255 * clear.clip(0, 1)).astype(np.uint8)
        scenes.append(Scene(name, "test", frame("clear", reference) if paired else None, low))
    return PhotoSet("toy", "ladder" if paired else "unpaired", tuple(scenes))


def test_the_record_has_the_fixed_fields_and_is_strict_json() -> None:
    text = json.dumps(evaluate(BASELINES["gamma"], make_set(), "gamma").as_dict(), allow_nan=False)
    record = json.loads(text)
    assert list(record) == FIELDS
    assert record["dataset"] == "toy" and record["n"] == 3 == len(record["per_image"])
    for image in record["per_image"]:
        assert set(METRICS) | {"name", "scene", "seconds"} == set(image)
        assert all(math.isfinite(image[metric]) for metric in METRICS)
    assert [image["scene"] for image in record["per_image"]] == ["room", "room", "street"]
    assert len({image["name"] for image in record["per_image"]}) == 3


def test_scores_are_means_over_images_of_the_metrics_themselves() -> None:
    photos = make_set()
    result = evaluate(BASELINES["gamma"], photos, "gamma")
    by_hand = [
        metrics.psnr(BASELINES["gamma"](pair.low.read()), pair.clear.read())
        for pair in photos.pairs()
    ]
    assert result.values("psnr") == pytest.approx(by_hand)
    assert result.mean("psnr") == pytest.approx(np.mean(by_hand))
    pooled = -10 * math.log10(np.mean([10 ** (-value / 10) for value in by_hand]))
    assert abs(pooled - np.mean(by_hand)) > 0.1, "PSNR of the pooled error is another number"
    scaled = [
        metrics.ssim(metrics.gt_mean(BASELINES["gamma"](p.low.read()), p.clear.read()),
                     p.clear.read())
        for p in photos.pairs()
    ]  # fmt: skip
    assert result.values("ssim_gt_mean") == pytest.approx(scaled)


def test_without_references_only_the_order_error_is_given() -> None:
    record = evaluate(BASELINES["histeq"], make_set(paired=False), "histeq").as_dict()
    assert record["n"] == 3 and record["loe"] >= 0
    assert all(record[metric] is None for metric in METRICS if metric != "loe")


def test_a_perfect_output_is_null_not_infinity() -> None:
    photos = make_set()
    clear = iter([pair.clear.read() for pair in photos.pairs()])
    record = evaluate(lambda low: next(clear), photos, "oracle").as_dict()
    assert record["psnr"] is None and record["ssim"] == pytest.approx(1)
    assert json.dumps(record, allow_nan=False)


def test_each_image_is_reported_and_only_the_method_is_timed() -> None:
    seen = []
    result = evaluate(BASELINES["identity"], make_set(), "identity", on_image=seen.append)
    assert tuple(seen) == result.images
    assert all(0 <= score.seconds < 0.05 for score in seen)


def test_an_output_of_another_size_and_an_empty_set_are_refused() -> None:
    with pytest.raises(LacrError, match="size"):
        evaluate(lambda photo: photo[:-1], make_set(), "cut")
    with pytest.raises(LacrError, match="no low-light"):
        evaluate(BASELINES["identity"], PhotoSet("empty", "unpaired", ()), "identity")


def test_an_image_without_a_value_is_left_out_of_that_mean_alone() -> None:
    def score(psnr: float, chroma: float) -> ImageScore:
        return ImageScore("a", "s", psnr, 0.5, psnr, 0.5, 1.0, chroma, 2.0, 0.1)

    equal, grey = score(math.inf, 0.8), score(21.0, math.nan)
    result = Evaluation("m", "toy", (score(20.0, 0.9), grey, equal))
    assert result.mean("psnr") == 20.5 and result.mean("chroma_ratio") == pytest.approx(0.85)
    assert result.values("psnr").tolist() == [20.0, 21.0, math.inf]
    record = result.as_dict()
    assert record["psnr_gt_mean"] == 20.5 and record["ssim"] == 0.5
    assert [image["psnr"] for image in record["per_image"]] == [20.0, 21.0, None]
    assert Evaluation("m", "toy", (equal, equal)).mean("psnr") is None


def test_a_method_that_works_in_place_is_scored_as_its_copying_twin() -> None:
    def in_place(photo: np.ndarray) -> np.ndarray:
        return np.subtract(255, photo, out=photo)

    photos = make_set()
    here, there = (
        evaluate(method, photos, "negative") for method in (in_place, lambda photo: 255 - photo)
    )
    assert here.mean("loe") == there.mean("loe") and here.mean("loe") > 0
    photos = make_set()
    assert returned(in_place, photos) == returned(lambda photo: 255 - photo, photos)


def test_an_image_that_cannot_be_scored_is_named() -> None:
    tiny = np.zeros((8, 8, 3), np.uint8)
    scenes = (Scene("small", "test", frame("clear", tiny), (frame("low_0", tiny),)),)
    with pytest.raises(LacrError, match=r"^small/low_0: SSIM needs sides of 11"):
        evaluate(lambda photo: photo, PhotoSet("toy", "ladder", scenes), "none")


def displaced(down: int, right: int) -> PhotoSet:
    """A scene whose reference must move by so many pixels to lie on its dark photograph."""
    smooth = gaussian_filter(np.random.default_rng(0).random((80, 90, 3)), (2, 2, 0))
    view = np.rint(255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    low, clear = view[8:72, 8:72] // 3, view[8 + down : 72 + down, 8 + right : 72 + right]
    return PhotoSet("toy", "ladder", (Scene("s", "test", frame("c", clear), (frame("l", low),)),))


def test_a_registered_reference_lies_on_its_photograph() -> None:
    def perfect(photo: np.ndarray) -> np.ndarray:
        return photo * 3

    plain, moved = (
        evaluate(perfect, displaced(1, -2), "x", register=register) for register in (False, True)
    )
    assert moved.images[0].shift == pytest.approx((1.0, -2.0), abs=0.1)
    assert plain.images[0].shift is None
    assert plain.mean("ssim") < 0.6 and moved.mean("ssim") > 0.95
    record = moved.as_dict()
    assert list(record) == FIELDS
    assert record["per_image"][0]["shift"] == moved.images[0].shift
    assert "shift" not in plain.as_dict()["per_image"][0]


def test_registering_changes_nothing_where_all_lies_right() -> None:
    on, off = (
        evaluate(BASELINES["gamma"], displaced(0, 0), "gamma", register=register)
        for register in (True, False)
    )
    assert on.images[0].shift == (0.0, 0.0)
    for metric in METRICS:
        assert on.values(metric).tolist() == off.values(metric).tolist()


def test_registering_needs_references() -> None:
    with pytest.raises(LacrError, match=r"^toy holds no clear references, so there is none"):
        evaluate(BASELINES["gamma"], make_set(paired=False), "gamma", register=True)


def broken(photos: PhotoSet, *places: tuple[int, int]) -> PhotoSet:
    """The set, with some low frames, by scene and number, that cannot be read."""

    def refuse() -> np.ndarray:
        raise LacrError("cannot read x.png")

    scenes = list(photos.scenes)
    for index, number in places:
        low = list(scenes[index].low)
        low[number] = replace(low[number], read=refuse)
        scenes[index] = replace(scenes[index], low=tuple(low))
    return replace(photos, scenes=tuple(scenes))


@pytest.mark.parametrize("paired", [True, False])
def test_what_cannot_be_read_is_told_and_left_out_and_the_others_are_scored(paired: bool) -> None:
    photos, told = broken(make_set(paired), (0, 1)), []
    result = evaluate(BASELINES["gamma"], photos, "gamma", on_failure=told.append)
    assert told == ["room/low_1: cannot read x.png"]
    whole = evaluate(BASELINES["gamma"], make_set(paired), "gamma")
    assert result.values("loe").tolist() == whole.values("loe")[[0, 2]].tolist()
    assert result.as_dict()["n"] == 2
    with pytest.raises(LacrError, match=r"^room/low_1: cannot read"):
        evaluate(BASELINES["gamma"], photos, "gamma")


def test_where_nothing_can_be_read_the_reason_is_told() -> None:
    photos = broken(make_set(), (0, 0), (0, 1), (1, 0))
    with pytest.raises(LacrError, match="no photograph could be scored; street/low_0: cannot"):
        evaluate(BASELINES["gamma"], photos, "gamma", on_failure=lambda _: None)


def test_photographs_of_one_name_in_two_folders_have_names_of_their_own(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (16, 16), (9, 9, 9)).save(tmp_path / folder / "x.png")
    result = evaluate(BASELINES["gamma"], open_photoset(tmp_path), "gamma")
    assert [score.name for score in result.images] == ["a/x", "b/x"]
