"""The table of latents: its rows and its sampling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lacr_lib.data.photoset import Frame, PhotoSet, Scene
from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import (
    as_batch,
    encode_photoset,
    region_luma,
    relative_exposure,
    thin,
)
from lacr_lib.losses.lacr import region_light
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


def test_rows_are_the_regions_of_each_photograph(ladders, known_model):
    latents = encode_photoset(known_model(1.0), ladders)
    assert len(latents) == 4 * (1 + 2 + 2) * 4 * 5  # scenes, photographs, regions of 32 x 40
    assert latents.mu.shape == (len(latents), 3) and latents.mu.dtype == np.float32
    assert len(latents.names) == 20 and latents.names[0] == "s0/clear"
    row = latents.select((latents.row == 2) & (latents.col == 3)).of("clear").select([1])
    block = ladders.scenes[1].clear.read()[16:24, 24:32] / 255
    np.testing.assert_allclose(row.mu[0], block.mean(axis=(0, 1)), atol=1e-6)
    luma = block.mean(axis=(0, 1)) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(row.luma[0], luma, atol=1e-6)
    assert latents.names[row.photograph[0]] == "s1/clear" and row.scene[0] == "s1"


def test_exposures_come_from_the_frames_and_enhanced_keeps_its_own(ladders, known_model):
    pooled = encode_photoset(known_model(1.0), ladders).pooled()
    low, enhanced = pooled.of("low"), pooled.of("enhanced")
    assert low.exposure[:2].tolist() == pytest.approx([0.1, 0.3])
    np.testing.assert_array_equal(low.exposure, enhanced.exposure)
    assert (pooled.of("clear").exposure == 1).all()
    assert enhanced.luma.min() > low.luma.max()


def test_a_measured_exposure_is_a_ratio_of_linear_light():
    frame = Frame("low", lambda: None, None, None)
    low, clear = np.full((8, 8, 3), 55, np.uint8), np.full((8, 8, 3), 188, np.uint8)
    # sRGB 188 is about 0.503 in linear light, sRGB 55 about 0.0382 (IEC 61966-2-1)
    assert relative_exposure(frame, low, clear) == pytest.approx(0.0382 / 0.503, rel=0.01)
    assert np.isnan(relative_exposure(frame, low, None))


def test_a_sample_keeps_the_same_places_in_a_whole_scene(ladders, known_model):
    latents = encode_photoset(known_model(1.0), ladders, regions=6, seed=3)
    assert len(latents) == 20 * 6
    for scene in ("s0", "s3"):
        here = latents.select(latents.scene == scene)
        kinds = map(here.of, ("clear", "low", "enhanced"))
        places = [set(zip(kind.row, kind.col, strict=True)) for kind in kinds]
        assert places[0] == places[1] == places[2] and len(places[0]) == 6
    again = encode_photoset(known_model(1.0), ladders, regions=6, seed=3)
    np.testing.assert_array_equal(latents.mu, again.mu)
    other = encode_photoset(known_model(1.0), ladders, regions=6, seed=4)
    assert not np.array_equal(latents.row, other.row) or not np.array_equal(latents.col, other.col)


def test_thinning_afterwards_also_keeps_the_same_places(ladders, known_model):
    latents = encode_photoset(known_model(1.0), ladders)
    few = thin(latents, 6, seed=1)
    assert len(few) == 20 * 6
    here = few.select(few.scene == "s2")
    spots = {tuple(zip(p.row, p.col, strict=True)) for p in map(here.of, ("clear", "enhanced"))}
    assert {spot for two in spots for spot in two} == set(next(iter(spots)))
    assert len(thin(latents, 10**6)) == len(latents)


def test_pooled_is_the_mean_over_regions(ladders, known_model):
    latents = encode_photoset(known_model(1.0), ladders, enhanced=False)
    pooled = latents.pooled()
    assert len(pooled) == 12 and set(pooled.kind) == {"low", "clear"}
    for i in (0, 7, 11):
        rows = latents.photograph == pooled.photograph[i]
        np.testing.assert_allclose(pooled.mu[i], latents.mu[rows].mean(axis=0), rtol=1e-5)


def test_the_real_model_on_an_odd_size_without_references():
    photo = np.random.default_rng(0).integers(0, 99, (19, 35, 3), dtype=np.uint8)
    scene = Scene("alone", "", None, (Frame("alone", lambda: photo, None, None),))
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=5)).eval()
    latents = encode_photoset(model, PhotoSet("one", "unpaired", (scene,)))
    assert latents.mu.shape == latents.log_var.shape == (2 * 3 * 5, 5)
    assert np.isnan(latents.exposure).all() and set(latents.kind) == {"low", "enhanced"}


def test_a_photograph_over_a_megapixel_is_reduced(known_model):
    photo = np.full((800, 1600, 3), 90, np.uint8)
    scene = Scene("big", "", None, (Frame("big", lambda: photo, None, None),))
    big = PhotoSet("one", "unpaired", (scene,))
    latents = encode_photoset(known_model(1.0), big, enhanced=False)
    assert 0.9e6 < (latents.row.max() + 1) * (latents.col.max() + 1) * 64 <= 1.01e6


def test_an_empty_set_is_refused():
    with pytest.raises(LacrError, match="holds no photograph"):
        encode_photoset(LacrVae(ModelConfig(base_channels=4)), PhotoSet("none", "unpaired", ()))


@pytest.mark.parametrize("size", [(16, 1001), (17, 31), (24, 40)])
def test_luma_is_that_of_the_regions_own_pixels(size):
    image = torch.rand(1, 3, *size)
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    luma = region_luma(image)
    assert luma.shape == region_light(image).shape[1:]
    for row, col in ((0, 0), (1, 2), (-(-size[0] // 8) - 1, -(-size[1] // 8) - 1)):
        own = image[0, :, 8 * row : 8 * row + 8, 8 * col : 8 * col + 8]
        torch.testing.assert_close(luma[row, col], (own * weights).sum(0).mean())
    grey = image[:, :1].expand(-1, 3, -1, -1)  # luma and illumination of a grey pixel are one
    torch.testing.assert_close(region_luma(grey), region_light(grey)[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(12, 40, 3), (1, 1, 3), (17, 80_000, 3), (1, 70_000, 3)])
def test_a_thin_photograph_keeps_sides_of_16_and_at_most_a_megapixel(shape):
    model = LacrVae(ModelConfig(base_channels=4)).eval()
    photo = np.random.default_rng(0).integers(0, 99, shape, dtype=np.uint8)
    batch = as_batch(photo, model)
    assert min(batch.shape[2:]) >= 16 and batch.shape[2] * batch.shape[3] <= 1_000_000
    kept = np.minimum(shape[:2], batch.shape[2:])
    if shape[1] < 100:  # extended, not stretched
        np.testing.assert_allclose(
            batch[0, :, : kept[0], : kept[1]].permute(1, 2, 0) * 255, photo, atol=1e-4
        )
        assert model.encode(batch).mu.shape[2:] == tuple(-(-s // 8) for s in batch.shape[2:])


def test_a_float_photograph_is_refused_and_not_encoded_as_black(known_model):
    with pytest.raises(LacrError, match=r"uint8 \(H, W, 3\), not float64"):
        as_batch(np.zeros((16, 16, 3)), known_model(0.0))
