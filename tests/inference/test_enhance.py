"""`enhance` gives back the form that it was given."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lacr_lib.errors import LacrError
from lacr_lib.inference import tiles
from lacr_lib.inference.enhance import enhance
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from tests.inference.toy_models import lively


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4)).eval()
    with torch.no_grad():  # a fresh model is the identity; this one changes what it sees
        model.gain_head[-1].weight.normal_(0, 0.2)
        model.gain_head[-1].bias.fill_(0.5)
    return model


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 120, (40, 52, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def expected(model, photo):
    """What the model itself says, float (H, W, 3) in [0, 1]."""
    x = torch.from_numpy(photo.transpose(2, 0, 1)[None] / np.float32(255))
    with torch.no_grad():
        return model(x).enhanced[0].clamp(0, 1).permute(1, 2, 0).numpy()


def test_uint8_array(model, photo, expected):
    out = enhance(model, photo)
    assert out.dtype == np.uint8 and out.shape == photo.shape
    np.testing.assert_array_equal(out, np.rint(expected * 255).astype(np.uint8))
    assert np.abs(out.astype(int) - photo).mean() > 5  # else the test could not fail


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_float_array(model, photo, expected, dtype):
    out = enhance(model, (photo / 255).astype(dtype))
    assert out.dtype == np.dtype(dtype) and out.shape == photo.shape
    np.testing.assert_allclose(out.astype(float), expected, atol=2e-3)


def test_read_only_and_strided_arrays(model, photo, expected):
    frozen = photo.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(enhance(model, frozen), enhance(model, photo))
    flipped = enhance(model, photo[:, ::-1])
    np.testing.assert_array_equal(flipped, enhance(model, photo[:, ::-1].copy()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [None, 1, 3])
def test_tensor(model, photo, expected, batch, dtype):
    image = torch.from_numpy(photo.transpose(2, 0, 1) / 255).to(dtype)
    image = image if batch is None else image.expand(batch, -1, -1, -1)
    out = enhance(model, image)
    assert out.dtype == torch.float32 and out.shape == image.shape
    assert out.min() >= 0 and out.max() <= 1
    first = out if batch is None else out[-1]
    np.testing.assert_allclose(first.permute(1, 2, 0).numpy(), expected, atol=2e-3)


def test_pil_and_path(model, photo, expected, tmp_path):
    picture = Image.fromarray(photo)
    out = enhance(model, picture)
    assert isinstance(out, Image.Image) and out.mode == "RGB" and out.size == picture.size
    np.testing.assert_array_equal(np.asarray(out), enhance(model, photo))
    picture.save(tmp_path / "dark.png")
    for path in (tmp_path / "dark.png", str(tmp_path / "dark.png")):
        np.testing.assert_array_equal(np.asarray(enhance(model, path)), np.asarray(out))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK", "I;16"])
def test_pictures_of_other_modes_become_rgb(model, photo, mode):
    grey = Image.fromarray(photo).convert("L")
    picture = grey.convert("I").convert(mode) if mode == "I;16" else grey.convert(mode)
    out = enhance(model, picture)
    assert (out.mode, out.size) == ("RGB", picture.size)


def test_orientation_and_colour_profile_are_kept(model, photo, tmp_path):
    from PIL import ExifTags, ImageCms

    picture = Image.fromarray(photo)
    exif = picture.getexif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned: show rotated by 90 degrees
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tmp_path / "turned.jpg", exif=exif, icc_profile=profile, quality=95)
    out = enhance(model, tmp_path / "turned.jpg")
    assert out.size == (picture.height, picture.width)
    out.save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as saved:
        assert saved.info["icc_profile"] == profile
        assert saved.getexif().get(ExifTags.Base.Orientation, 1) == 1  # not turned twice


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (15, 15), (7, 33), (16, 16), (17, 23)])
def test_small_images(model, size):
    image = np.random.default_rng(1).random((*size, 3), dtype=np.float32)
    out = enhance(model, image)
    assert out.shape == image.shape and np.isfinite(out).all()


def test_state_of_the_model_is_as_before(model):
    x = torch.rand(3, 24, 24)
    model.train()
    model.decoder.eval()
    before = torch.get_rng_state()
    enhance(model, x)
    assert model.training and model.encoder.training and not model.decoder.training
    torch.testing.assert_close(torch.get_rng_state(), before)
    model.eval()
    torch.testing.assert_close(enhance(model, x), enhance(model, x), rtol=0, atol=0)


def test_result_may_be_used_in_training(model):
    weight = torch.ones(1, requires_grad=True)
    out = enhance(model, torch.rand(3, 16, 16))
    (out * weight).sum().backward()  # an inference tensor would raise here
    assert weight.grad is not None


def test_autocast_of_the_caller_changes_nothing(model, photo):
    image = torch.from_numpy(photo.transpose(2, 0, 1) / np.float32(255))
    plain = enhance(model, image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(enhance(model, image), plain, rtol=0, atol=0)


BAD = {
    "NaN": (np.full((20, 20, 3), np.nan, np.float32), "NaN or infinity"),
    "inf": (np.full((20, 20, 3), np.inf, np.float32), "NaN or infinity"),
    "0..255": (np.full((20, 20, 3), 200.0, np.float32), r"\[0, 1\], not 200 to 200; divide"),
    "negative": (np.full((20, 20, 3), -0.1, np.float32), r"\[0, 1\]"),
    "uint16": (np.zeros((20, 20, 3), np.uint16), "not uint16"),
    "bool": (np.zeros((20, 20, 3), bool), "not bool"),
    "grey": (np.zeros((20, 20), np.uint8), r"\(H, W, 3\), not \(20, 20\)"),
    "alpha": (np.zeros((20, 20, 4), np.uint8), r"not \(20, 20, 4\)"),
    "channels first": (np.zeros((3, 20, 20), np.uint8), r"not \(3, 20, 20\)"),
    "no pixels": (np.zeros((0, 20, 3), np.uint8), "no pixels"),
    "tensor uint8": (torch.zeros(3, 20, 20, dtype=torch.uint8), "divide by 255"),
    "tensor HWC": (torch.zeros(20, 20, 3), r"not \(20, 20, 3\)"),
    "tensor NaN": (torch.full((3, 20, 20), torch.nan), "NaN or infinity"),
    "empty batch": (torch.zeros(0, 3, 20, 20), "no pixels"),
    "list": ([[0]], "cannot enhance a list"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_one_line(model, name):
    image, message = BAD[name]
    with pytest.raises(LacrError, match=message) as told:
        enhance(model, image)
    assert "\n" not in str(told.value)


def test_rounding_outside_the_range_is_forgiven(model):
    image = torch.full((3, 16, 16), 1 + 1e-6)
    assert enhance(model, image).max() <= 1


def test_missing_and_damaged_files(model, tmp_path):
    with pytest.raises(LacrError, match="no such file"):
        enhance(model, tmp_path / "missing.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(LacrError, match="cannot read"):
        enhance(model, tmp_path / "text.jpg")


def test_damaged_model_is_noticed(photo):
    broken = LacrVae(ModelConfig(base_channels=4, latent_channels=4))
    with torch.no_grad():
        broken.gain_head[-1].bias.fill_(torch.nan)
    with pytest.raises(LacrError, match="output is not finite"):
        enhance(broken, photo)


@pytest.mark.parametrize("size", [(40, 52), (96, 120)])
def test_threads_that_share_a_model_do_not_disturb_each_other(size, monkeypatch):
    """A large photograph keeps its global light in the model, any photograph its training flag."""
    monkeypatch.setattr(tiles, "MEGAPIXEL", 64 * 64)
    model = lively(ModelConfig(base_channels=4, latent_channels=4, skip_dropout=1.0)).train()
    model.encoder.register_forward_pre_hook(lambda *_: time.sleep(0.01))  # the other one's chance
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, top, (*size, 3), dtype=np.uint8) for top in (40, 255)] * 6
    alone = [enhance(model, photo) for photo in photos]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda photo: enhance(model, photo), photos))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(module.training for module in model.modules())


def test_a_path_may_begin_with_the_home_folder(model, photo, tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("x.png", "~nobody.png"):
        Image.fromarray(photo).save(tmp_path / name)
    wanted = enhance(model, photo)
    for path in ("~/x.png", Path("~/x.png"), "~nobody.png"):
        np.testing.assert_array_equal(np.asarray(enhance(model, path)), wanted)
