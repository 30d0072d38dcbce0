"""Large images: tiles agree with the whole, and both with the definition."""

from itertools import pairwise

import pytest
import torch

from lacr_lib.inference import tiles
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.tiles import (
    _cuts,
    _in_tiles,
    forget_statistics,
    global_statistics,
    reach,
    reduced,
    run_model,
)
from lacr_lib.models.blocks import GlobalStatistic
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


def lively(config):
    """A model whose far-away pixels matter: random weights of full size instead of near zero."""
    torch.manual_seed(0)
    model = LacrVae(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0, 1.5 / weight[0].numel() ** 0.5)
    return model


CONFIGS = {
    "default": ModelConfig(base_channels=4, latent_channels=4),
    "half-resolution stem": ModelConfig(base_channels=4, latent_channels=4, stem_stride=2),
    "plain": ModelConfig(base_channels=4, latent_channels=4, rcam=False, amsm=False),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_tiles_agree_with_the_whole(name):
    model, overlap = lively(CONFIGS[name]), reach(CONFIGS[name])
    x = torch.rand(1, 3, 77, 2 * overlap + 203)  # no multiple of 8: the edges are reflected

    def run(part):
        return model(part, sample=False).enhanced

    with torch.inference_mode(), global_statistics(model, "record"):
        run(reduced(x, 10_000))
    with torch.inference_mode(), global_statistics(model, "replay"):
        whole = run(x)
        tile = 2 * overlap + 80
        tiled = _in_tiles(run, x, tile, overlap)
        torn = _in_tiles(run, x, tile, overlap // 4)
    error = (tiled - whole).abs().max() / whole.std()
    assert error < 1e-4
    assert (torn - whole).abs().max() / whole.std() > 100 * error  # a smaller overlap would show


@pytest.mark.parametrize("side", [1, 8, 160, 161, 1000, 1003])
def test_cuts_cover_a_side_once_and_keep_the_region_grid(side):
    cuts = _cuts(side, tile=160, overlap=40)
    assert cuts[0][0] == 0 and cuts[-1][1] == side
    assert all(a[1] == b[0] for a, b in pairwise(cuts))
    assert all(start % 8 == 0 and 0 < end - start <= max(160, 80) for start, end in cuts)


def test_large_image_by_definition(monkeypatch):
    """Over the limit: statistics of the reduced copy. At the limit: one live pass."""
    monkeypatch.setattr(tiles, "MEGAPIXEL", 64 * 64)
    model = lively(CONFIGS["default"])
    x = torch.rand(1, 3, 64, 80)
    with torch.inference_mode():
        with global_statistics(model, "record"):
            model(reduced(x, 64 * 64), sample=False)
        with global_statistics(model, "replay"):
            defined = model(x, sample=False).enhanced
        forget_statistics(model)
        live = model(x, sample=False).enhanced
        got = run_model(model, x)
        small = run_model(model, x[..., :64])
        torch.testing.assert_close(got, defined)
        assert not torch.allclose(got, live, atol=0.1)
        torch.testing.assert_close(small, model(x[..., :64], sample=False).enhanced)


def test_statistics_are_forgotten_also_after_an_error(monkeypatch):
    monkeypatch.setattr(tiles, "MEGAPIXEL", 32 * 32)
    model = lively(CONFIGS["default"])
    first, second = torch.rand(2, 3, 40, 40)
    alone = enhance(model, second)
    together = enhance(model, torch.stack([first, second]))
    torch.testing.assert_close(together[1], alone)

    monkeypatch.setattr(tiles, "_in_tiles", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        enhance(model, first)
    for module in model.modules():
        if isinstance(module, GlobalStatistic):
            assert module.mode == "live" and module.stored is None


def test_reduced_copy_keeps_the_mean_and_the_smallest_side():
    x = torch.rand(1, 3, 400, 900)
    small = reduced(x, 10_000)
    assert 9_500 < small.shape[-2] * small.shape[-1] < 10_500
    torch.testing.assert_close(small.mean(), x.mean(), atol=5e-3, rtol=0)
    assert small.std() < 0.5 * x.std()  # averaged, not sampled: no aliasing
    assert min(reduced(torch.rand(1, 3, 2, 90_000), 10_000).shape[-2:]) == 16


def test_thin_large_image(monkeypatch):
    monkeypatch.setattr(tiles, "MEGAPIXEL", 2_000)
    model = lively(CONFIGS["plain"])
    assert enhance(model, torch.rand(3, 3, 800)).shape == (3, 3, 800)
