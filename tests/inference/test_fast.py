"""The fast setting: by its definition, in bands as in one, and near to the full model."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.metrics import psnr
from lacr_lib.inference import fast
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.load import load_model
from lacr_lib.inference.tiles import reduced
from lacr_lib.models.light import relight


@pytest.fixture(scope="module")
def model():
    return load_model("lacr-vae")


def smooth(height, width):
    """A dark photograph of soft shapes, (1, 3, H, W)."""
    cells = torch.rand(1, 3, 6, 9, generator=torch.Generator().manual_seed(0)) * 0.3
    return F.interpolate(cells, (height, width), mode="bicubic").clamp(0, 1)


def test_light_and_detail_of_half_the_size_are_applied_to_the_whole(model):
    x = smooth(96, 144)
    with torch.inference_mode():
        small = reduced(x, 48 * 72)
        code = model.encode(small)
        gain = model.gain(code.mu, (48, 72))
        detail = model.decode(code.mu, small, code.skips) - relight(small, gain)

        def large(part):
            return F.interpolate(part, (96, 144), mode="bilinear", align_corners=False)

        expected = (relight(x, large(gain)) + large(detail)).clamp(0, 1)
        got = fast.run_fast(model, x)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)
    assert (got - x).abs().mean() > 0.05


def test_it_costs_little_quality(model):
    """On a photograph of the camera model; what it costs on real ones is in the records."""
    pair = open_photoset("embedded").pairs()[1]
    low, clear = (frame.read()[:192, :256] for frame in (pair.low, pair.clear))
    full, quick = (psnr(enhance(model, low, fast=fast), clear) for fast in (False, True))
    assert quick > full - 1.0 and quick > psnr(low, clear) + 2.0


@pytest.mark.parametrize("size", [(40, 52), (33, 47), (7, 50), (1, 1)])
def test_bands_give_what_one_pass_gives_and_every_form_comes_back(model, size, monkeypatch):
    photo = np.random.default_rng(0).integers(0, 90, (*size, 3), dtype=np.uint8)
    whole = enhance(model, photo, fast=True)
    monkeypatch.setattr(fast, "BAND", 5 * size[1])
    banded = enhance(model, photo, fast=True)
    assert whole.shape == photo.shape and whole.dtype == np.uint8
    assert np.abs(whole.astype(int) - banded).max() <= 1
    as_floats = enhance(model, (photo / 255).astype(np.float32), fast=True)
    np.testing.assert_allclose(as_floats * 255, whole, atol=0.51)


def test_rows_are_those_of_the_whole_upsampling():
    x = torch.rand(1, 2, 7, 5)
    whole = F.interpolate(x, (19, 11), mode="bilinear", align_corners=False)
    for start, stop in ((0, 19), (0, 4), (8, 19)):
        rows = fast.stretched(x, (19, 11), slice(start, stop))
        torch.testing.assert_close(rows, whole[:, :, start:stop], rtol=0, atol=1e-6)
