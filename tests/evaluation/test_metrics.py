"""The metrics against their formulas and against scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import resize

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.metrics import (
    LOE_PIXELS,
    LUMA,
    chroma_ratio,
    ciede2000,
    eight_bit,
    gt_mean,
    loe,
    psnr,
    ssim,
)


def photo(seed: int = 0, height: int = 40, width: int = 56) -> np.ndarray:
    """Smooth shapes and a little noise: closer to a photograph than noise alone."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 10
    waves = np.stack([np.sin(x + seed), np.cos(y), np.sin(x + y)], axis=2)
    return np.rint(255 * np.clip(0.5 + 0.3 * waves + 0.05 * rng.normal(size=waves.shape), 0, 1)) \
        .astype(np.uint8)  # fmt: skip


A, B = photo(0), photo(1)


def test_psnr_equals_scikit_image_and_its_formula() -> None:
    assert psnr(A, B) == pytest.approx(peak_signal_noise_ratio(A, B, data_range=255), abs=1e-5)
    shifted = np.full((16, 16, 3), 51, np.uint8)  # 51 / 255 = 0.2 everywhere
    assert psnr(shifted, np.zeros_like(shifted)) == pytest.approx(
        10 * math.log10(1 / 0.04), abs=1e-5
    )
    assert psnr(A, A) == math.inf


def test_ssim_equals_scikit_image() -> None:
    theirs = structural_similarity(
        A, B, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
        channel_axis=2,
    )  # fmt: skip
    assert ssim(A, B) == pytest.approx(theirs, abs=1e-5)
    assert ssim(A, A) == pytest.approx(1, abs=1e-6)
    box = structural_similarity(A, B, data_range=255, channel_axis=2)
    assert abs(box - theirs) > 1e-3, "the test must be able to tell one SSIM from another"


def test_outputs_are_rounded_to_eight_bits_first() -> None:
    float_image = A / 255 + 0.4 / 255  # rounds back to A
    assert psnr(float_image, A) == math.inf
    assert ciede2000(float_image, A) == 0
    assert np.array_equal(eight_bit(np.full((2, 2, 3), 1.7)), np.ones((2, 2, 3)))
    assert np.array_equal(eight_bit(A), A / 255)


def test_gt_mean_gives_the_reference_mean_and_undoes_a_scale() -> None:
    reference = (A / 255 * 0.8).astype(np.float32)
    half = reference * 0.5
    scaled = gt_mean(half, reference)
    luma = eight_bit(reference) @ LUMA
    assert (scaled @ LUMA).mean() == pytest.approx(luma.mean(), abs=1e-9)
    assert psnr(scaled, reference) > psnr(half, reference) + 20
    assert np.array_equal(gt_mean(np.zeros_like(A), A), np.zeros(A.shape))


def test_ciede2000_equals_scikit_image_and_zero_for_equal() -> None:
    theirs = deltaE_ciede2000(rgb2lab(A), rgb2lab(B)).mean()
    assert ciede2000(A, B) == pytest.approx(theirs)
    assert ciede2000(A, A) == 0


def test_chroma_ratio_sees_washed_out_colour() -> None:
    grey = A.mean(axis=2, keepdims=True)
    washed = np.rint(0.5 * A + 0.5 * grey).astype(np.uint8)
    assert chroma_ratio(A, A) == pytest.approx(1)
    assert 0.4 < chroma_ratio(washed, A) < 0.6
    assert chroma_ratio(A, washed) == pytest.approx(1 / chroma_ratio(washed, A))
    assert math.isnan(chroma_ratio(A, np.repeat(grey, 3, axis=2).astype(np.uint8)))


def slow_loe(enhanced: np.ndarray, low: np.ndarray) -> float:
    after, before = enhanced.max(axis=2).ravel(), low.max(axis=2).ravel()
    changed = [
        sum((after[i] >= after[j]) != (before[i] >= before[j]) for j in range(after.size))
        for i in range(after.size)
    ]
    return float(np.mean(changed))


def test_loe_equals_its_definition_on_small_images() -> None:
    first, second = photo(2, 12, 14), photo(3, 12, 14)
    assert loe(first, second) == pytest.approx(slow_loe(first, second))
    assert loe(first, second) == loe(second, first) > 10


def test_loe_is_zero_for_a_rising_curve_and_full_for_a_negative() -> None:
    ramp = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    curve = np.rint(255 * (ramp / 255) ** 0.5).astype(np.uint8)
    assert len(np.unique(curve)) == 64, "the curve must keep all levels apart"
    assert loe(curve, ramp) == 0
    assert loe(255 - ramp, ramp) == 63  # every pixel against the 63 others


def test_loe_of_a_rising_curve_is_small_but_not_zero_where_it_reduces() -> None:
    large = photo(7, 120, 150)  # of 50 * 62 pixels
    assert 0 < loe((large / 255) ** (1 / 2.2), large) < 100


def test_loe_reduces_large_images_to_a_side_of_50() -> None:
    large = photo(4, 120, 150)
    assert 0 <= loe(255 - large, large) <= 50 * 62
    assert loe(large, large) == 0


def test_loe_in_parts_equals_loe_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = photo(5, 50, 60), photo(6, 50, 60)  # 3000 pixels: three parts
    a, b = first.max(axis=2).ravel(), second.max(axis=2).ravel()
    order = (a[:, None] >= a) != (b[:, None] >= b)
    assert loe(first, second) == pytest.approx(order.sum() / a.size)


@pytest.mark.parametrize("metric", [psnr, ssim, ciede2000, chroma_ratio, loe, gt_mean])
def test_bad_input_is_one_clear_line(metric: object) -> None:
    for a, b in [
        (A, B[:-1]),
        (A[..., 0], B[..., 0]),
        (A.astype(np.int64), B),
        (np.full(A.shape, np.nan), B),
    ]:
        with pytest.raises(LacrError, match=r"^[^\n]+$"):
            metric(a, b)  # type: ignore[operator]
    with pytest.raises(LacrError, match="11"):
        ssim(A[:10], B[:10])


def test_floats_up_to_255_are_refused_and_not_scored_as_white() -> None:
    with pytest.raises(LacrError, match="divide by 255"):
        psnr(A.astype(np.float64), B)
    assert psnr(A / 255.0, B) == psnr(A, B)


def test_loe_of_a_strip_is_reduced_to_so_many_pixels() -> None:
    strip = photo(8, 40, 2000)
    assert loe(strip, strip) == 0
    assert loe(255 - strip, strip) <= LOE_PIXELS * 1.02  # of rounded sides


def test_outputs_are_rounded_to_the_nearest_level_from_both_sides() -> None:
    assert psnr(A / 255 - 0.4 / 255, A) == math.inf


def test_gt_mean_weighs_colours_by_rec_601_and_stays_in_range() -> None:
    grey = np.full((4, 4, 3), 0.2)
    for channel, expected in enumerate((0.2 / 0.299, 0.2 / 0.587, 1.0)):  # blue: 1.75, clipped
        colour = np.zeros((4, 4, 3))
        colour[..., channel] = 1.0
        np.testing.assert_allclose(gt_mean(colour, grey), colour * expected)


def test_chroma_is_the_length_in_both_colour_axes() -> None:
    chroma = [np.hypot(*np.moveaxis(rgb2lab(x)[..., 1:], 2, 0)).mean() for x in (A, B)]
    assert chroma_ratio(A, B) == pytest.approx(chroma[0] / chroma[1])


def test_loe_of_large_images_equals_its_definition_on_their_reduced_lightness() -> None:
    images = photo(4, 120, 150), photo(8, 120, 150)
    small = [resize(x.max(axis=2) / 255, (50, 62), anti_aliasing=True) for x in images]
    a, b = (np.rint(light * 255).ravel() for light in small)  # 8 bits again
    changed = (a[:, None] >= a) != (b[:, None] >= b)
    assert loe(*images) == pytest.approx(changed.sum() / a.size)
