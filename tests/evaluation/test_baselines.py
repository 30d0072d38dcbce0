"""Classical methods: what each one promises, on images where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.baselines import BASELINES, TARGET_MEAN
from lacr_lib.evaluation.metrics import LUMA


def dark(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:48, 0:64] / 12
    waves = np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=2)
    values = np.clip(0.12 + 0.08 * waves + 0.01 * rng.normal(size=waves.shape), 0, 1)
    return np.rint(values * 255).astype(np.uint8)


def test_the_names_are_fixed() -> None:
    assert list(BASELINES) == ["identity", "gamma", "auto-gamma", "histeq", "clahe", "retinex"]


@pytest.mark.parametrize("name", BASELINES)
def test_shape_type_and_input_are_kept(name: str) -> None:
    photo = dark()
    before = photo.copy()
    out = BASELINES[name](photo)
    assert out.shape == photo.shape and out.dtype == np.uint8
    assert np.array_equal(photo, before)
    assert out is not photo and not np.shares_memory(out, photo)
    if name != "identity":
        assert out.mean() > 1.3 * photo.mean()


@pytest.mark.parametrize("name", BASELINES)
def test_flat_and_tiny_images_do_not_break(name: str) -> None:
    for value in (0, 128, 255):
        out = BASELINES[name](np.full((16, 16, 3), value, np.uint8))
        assert out.shape == (16, 16, 3)
    assert BASELINES[name](dark()[:16, :17]).shape == (16, 17, 3)


def test_identity_and_gamma_by_formula() -> None:
    photo = dark()
    assert np.array_equal(BASELINES["identity"](photo), photo)
    expected = np.rint(255 * (photo / 255) ** (1 / 2.2))
    assert np.array_equal(BASELINES["gamma"](photo), expected)


@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
def test_auto_gamma_takes_the_mean_to_its_target_from_dark_and_from_bright(scale: float) -> None:
    photo = np.clip(np.rint(dark() * scale), 1, 254).astype(np.uint8)
    out = BASELINES["auto-gamma"](photo)
    curve = np.interp(photo.mean(), np.sort(photo, axis=None), np.sort(out, axis=None)) / 255
    assert curve == pytest.approx(TARGET_MEAN, abs=0.01)
    assert 0.35 < out.mean() / 255 < 0.5
    order = np.argsort(photo, axis=None)
    assert (np.diff(out.ravel()[order].astype(int)) >= 0).all(), "a gamma keeps the order"


def test_histeq_makes_the_luma_uniform_and_keeps_the_hue() -> None:
    photo = dark()
    out = BASELINES["histeq"](photo) / 255
    assert np.quantile(out @ LUMA, [0.25, 0.5]) == pytest.approx([0.25, 0.5], abs=0.05)
    safe = (out.max(axis=2) < 1) & (photo.min(axis=2) > 20)
    before = photo[safe] / photo[safe].sum(axis=1, keepdims=True)
    after = out[safe] / out[safe].sum(axis=1, keepdims=True)
    assert safe.sum() > 100 and np.abs(after - before).max() < 0.02


def test_clahe_raises_local_contrast() -> None:
    photo = dark()
    local = [block.std() for block in np.split(BASELINES["clahe"](photo).astype(float), 4)]
    before = [block.std() for block in np.split(photo.astype(float), 4)]
    assert all(a > 2 * b for a, b in zip(local, before, strict=True))


def test_retinex_takes_an_uneven_light_away() -> None:
    surface = dark(1).astype(float) / 255 * 3
    falloff = np.linspace(1.0, 0.15, surface.shape[1])[None, :, None]
    out = BASELINES["retinex"](np.rint(255 * np.clip(surface * falloff, 0, 1)).astype(np.uint8))
    left, right = out[:, :21].mean(), out[:, -21:].mean()
    lit = (surface * falloff)[:, :21].mean() / (surface * falloff)[:, -21:].mean()
    even = surface[:, :21].mean() / surface[:, -21:].mean()
    assert abs(np.log(left / right / even)) < 0.5 * abs(np.log(lit / even))
    ratio = out[..., 0].astype(float) / np.maximum(out[..., 1], 1)
    assert ratio.std() > 0.1, "colour is divided by one light, not greyed"


def test_floats_and_grey_are_refused_in_one_line() -> None:
    for bad in (dark() / 255, dark()[..., 0]):
        with pytest.raises(LacrError, match="uint8"):
            BASELINES["gamma"](bad)


def test_brightening_helps_real_photographs(real_data) -> None:  # type: ignore[no-untyped-def]
    """On the darkest frames of four real scenes, a global brightening already gains 3 dB."""
    from skimage.io import imread

    from lacr_lib.evaluation.metrics import psnr

    scenes = sorted((real_data / "sice" / "val").iterdir())[:4]
    for scene in scenes:
        low, clear = imread(scene / "low_0.jpg"), imread(scene / "clear.jpg")
        scores = {name: psnr(BASELINES[name](low), clear) for name in ("identity", "auto-gamma")}
        assert scores["auto-gamma"] > scores["identity"] + 3, scene.name
