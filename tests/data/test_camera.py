"""The camera model against its formulas: tone curve, noise, field, ladder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from skimage.color import rgb2xyz

from lacr_lib import LacrError
from lacr_lib.data.camera import (
    CameraSettings,
    add_sensor_noise,
    darken,
    exposure_ladder,
    illumination_field,
    linear_to_srgb,
    noise_variance,
    quantise,
    srgb_to_linear,
    white_balance_gains,
)

QUIET = CameraSettings(full_well=1e12, read_noise=0.0, light_contrast=0.0, white_balance=0.0)


def photograph(seed: int = 0, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def test_srgb_curve_matches_scikit_image() -> None:
    grey = np.linspace(0, 1, 256, dtype=np.float32)
    luminance = rgb2xyz(np.repeat(grey[:, None, None], 3, axis=2))[..., 1]  # Y of a grey is linear
    np.testing.assert_allclose(srgb_to_linear(grey), luminance[:, 0], atol=2e-6)


def test_srgb_curve_is_undone() -> None:
    values = np.linspace(0, 1, 1001, dtype=np.float32)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-5)
    np.testing.assert_allclose(srgb_to_linear(linear_to_srgb(values)), values, atol=1e-5)
    assert srgb_to_linear(values).dtype == np.float32


@pytest.mark.parametrize("light", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("exposure", [1.0, 2**-3, 2**-6])
def test_noise_follows_poisson_plus_gauss(light: float, exposure: float) -> None:
    settings = CameraSettings(full_well=500.0, read_noise=4.0)
    flat = np.full(400_000, light)
    noisy = add_sensor_noise(flat, exposure, settings, np.random.default_rng(3)).astype(np.float64)
    variance = float(noise_variance(np.array(light), exposure, settings))
    assert noisy.var() == pytest.approx(variance, rel=0.02)
    # 2 % of the mean where there is light; in the dark, 5 standard errors around 0
    tolerance = max(0.02 * light * exposure, 5 * np.sqrt(variance / flat.size))
    assert abs(noisy.mean() - light * exposure) < tolerance


def test_noise_variance_has_both_terms() -> None:
    settings = CameraSettings(full_well=100.0, read_noise=2.0)
    assert noise_variance(np.array(0.0), 1.0, settings) == pytest.approx(4 / 100**2)
    assert noise_variance(np.array(0.5), 0.5, settings) == pytest.approx(0.25 / 100 + 4 / 100**2)


@pytest.mark.parametrize("shape", [(40, 60), (1, 30), (30, 1)])
def test_field_spans_its_contrast(shape: tuple[int, int]) -> None:
    for seed in range(5):
        field = illumination_field(*shape, 2.0, np.random.default_rng(seed))
        assert field.shape == shape and field.dtype == np.float32
        assert field.max() == pytest.approx(1.0) and field.min() == pytest.approx(0.25)


def test_field_is_smooth_and_even_where_asked() -> None:
    field = illumination_field(200, 200, 1.5, np.random.default_rng(0))
    for axis in (0, 1):
        steps = np.abs(np.diff(np.log2(field), axis=axis))
        assert steps.max() < 0.05  # stops from a pixel to the next
    assert (illumination_field(20, 30, 0.0, np.random.default_rng(0)) == 1).all()
    assert (illumination_field(1, 1, 1.5, np.random.default_rng(0)) == 1).all()


def test_white_balance_stays_in_its_range() -> None:
    rng = np.random.default_rng(0)
    gains = np.stack(
        [white_balance_gains(CameraSettings(white_balance=0.08), rng) for _ in "x" * 500]
    )
    assert (gains[:, 1] == 1).all()
    shifts = np.log(gains[:, [0, 2]])
    assert 0.07 < np.abs(shifts).max() <= 0.0801


def test_quantise_rounds_to_the_levels() -> None:
    values = quantise(np.linspace(0, 1, 1000), bits=2)
    np.testing.assert_allclose(np.unique(values), [0, 1 / 3, 2 / 3, 1], atol=1e-7)
    assert quantise(np.array([0.6 / 255]), 8)[0] == pytest.approx(1 / 255)  # rounded, not cut


def test_quiet_camera_is_the_formula() -> None:
    """Without noise, unevenness and shift, a frame is the tone curve of exposure x light."""
    photo = photograph()
    low = darken(photo, 0.25, QUIET, np.random.default_rng(0))
    expected = linear_to_srgb(srgb_to_linear(photo / np.float32(255)) * 0.25)
    np.testing.assert_allclose(low, np.round(expected * 255) / 255, atol=1.01 / 255)
    assert np.abs(low - np.round(expected * 255) / 255).mean() < 1e-4
    wrong = (photo / 255) * 0.25  # darkening in sRGB is not darkening the light
    assert np.abs(low - wrong).mean() > 0.1


def test_quiet_full_exposure_returns_the_photograph() -> None:
    photo = photograph()
    low = darken(photo, 1.0, QUIET, np.random.default_rng(0))
    np.testing.assert_array_equal(np.round(low * 255), photo)


def test_given_field_and_gains_act_on_linear_light() -> None:
    photo = np.full((8, 8, 3), 128, np.uint8)
    field = np.full((8, 8), 0.5, np.float32)
    gains = np.array([1.5, 1.0, 0.5], np.float32)
    low = darken(photo, 0.5, QUIET, np.random.default_rng(0), field, gains)
    linear = srgb_to_linear(np.float32(128 / 255)) * 0.25 * gains
    np.testing.assert_allclose(low[0, 0], linear_to_srgb(linear), atol=0.6 / 255)


def test_ladder_is_ordered_seeded_and_on_one_field() -> None:
    photo = photograph(size=(64, 96))
    ladder = exposure_ladder(photo, seed=7)
    assert ladder.exposures == [2.0**-k for k in (6, 5, 4, 3, 2, 1)]
    means = [frame.mean() for frame in ladder.low]
    assert means == sorted(means) and means[-1] < ladder.clear.mean()
    assert all(f.dtype == np.uint8 and f.shape == photo.shape for f in ladder.low)
    np.testing.assert_array_equal(ladder.clear, photo)
    again, other = exposure_ladder(photo, seed=7), exposure_ladder(photo, seed=8)
    for first, second in zip(ladder.low, again.low, strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(ladder.low[0], other.low[0])
    assert not np.allclose(ladder.field, other.field)


def test_ladder_frame_has_the_light_of_its_field() -> None:
    """Dividing a noise-free frame by the clear one gives back exposure x field."""
    photo = np.full((60, 80, 3), 240, np.uint8)
    settings = dataclasses.replace(QUIET, light_contrast=1.5)
    ladder = exposure_ladder(photo, settings, exposures=[0.5], seed=1)
    low, clear = (srgb_to_linear(x / 255.0) for x in (ladder.low[0], ladder.clear))
    np.testing.assert_allclose((low / clear).mean(axis=2), 0.5 * ladder.field, rtol=0.03)


@pytest.mark.parametrize(
    "bad",
    [
        {"full_well": 0.0},
        {"full_well": float("nan")},
        {"read_noise": -1.0},
        {"light_contrast": -0.1},
        {"white_balance": float("inf")},
        {"bits": 0},
        {"bits": 9},
        {"bits": 7.5},
    ],
)
def test_settings_without_meaning_are_refused(bad: dict) -> None:
    with pytest.raises(LacrError, match=next(iter(bad))):
        CameraSettings(**bad)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CameraSettings().bits = 4  # type: ignore[misc]


def test_bad_input_is_refused() -> None:
    rng = np.random.default_rng(0)
    for exposure in (0.0, -0.5, 1.5, float("nan")):
        with pytest.raises(LacrError, match="exposure"):
            darken(photograph(), exposure, CameraSettings(), rng)
    for photo in (photograph()[..., 0], photograph().astype(np.int64), photograph() * 1.0):
        with pytest.raises(LacrError, match="photograph"):
            darken(photo, 0.5, CameraSettings(), rng)
    with pytest.raises(LacrError, match="field"):
        darken(photograph(), 0.5, CameraSettings(), rng, field=np.ones((3, 3), np.float32))


def test_white_balance_shifts_red_and_blue_both_ways_and_apart():
    rng = np.random.default_rng(0)
    gains = np.stack([white_balance_gains(CameraSettings(), rng) for _ in range(500)])
    shifts = np.log(gains[:, [0, 2]])
    assert shifts.min() < -0.07 and shifts.max() > 0.07
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.2


def test_a_frame_draws_its_own_light_and_white_balance():
    photo = np.full((40, 60, 3), 128, np.uint8)
    uneven = dataclasses.replace(QUIET, light_contrast=1.5)
    light = srgb_to_linear(darken(photo, 0.5, uneven, np.random.default_rng(0)))
    assert light.max() / light.min() == pytest.approx(2**1.5, rel=0.1)
    tinted = dataclasses.replace(QUIET, white_balance=0.5)
    red, green, blue = darken(photo, 0.5, tinted, np.random.default_rng(0))[0, 0]
    assert len({red, green, blue}) == 3


def test_a_ladder_has_one_white_balance_and_new_noise_in_each_frame():
    photo = np.full((40, 60, 3), 240, np.uint8)
    tinted = dataclasses.replace(QUIET, white_balance=0.4)
    first, second = exposure_ladder(photo, tinted, (0.5, 0.6), seed=1).low
    tint, again = (np.divide(*srgb_to_linear(x[0, 0, :2] / 255)) for x in (first, second))
    assert tint == pytest.approx(again, rel=0.03) and abs(np.log(tint)) > 0.05
    noisy = CameraSettings(light_contrast=0.0, white_balance=0.0)
    first, second = exposure_ladder(photo, noisy, (0.5, 0.5), seed=1).low
    assert not np.array_equal(first, second)


def test_white_balance_amplifies_the_noise_with_the_light():
    photo, gains = np.full((100, 100, 3), 128, np.uint8), np.array([2.0, 1.0, 1.0])
    settings = CameraSettings(full_well=500.0)
    field = np.ones((100, 100), np.float32)
    low = darken(photo, 0.5, settings, np.random.default_rng(0), field, gains)
    red, green, _ = srgb_to_linear(low).std(axis=(0, 1))
    assert red / green == pytest.approx(2, rel=0.1)


def test_quantise_keeps_the_range():
    np.testing.assert_array_equal(quantise(np.array([-0.2, 1.3]), 8), [0, 1])
