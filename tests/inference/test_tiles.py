"""Large images: tiles agree with the whole, and both with the definition."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from lacr_lib.errors import LacrError
from lacr_lib.inference import stages, tiles
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.stages import ENTRIES, bytes_of_maps, run_in_stages
from lacr_lib.inference.tiles import (
    _run_large,
    finish,
    forget_statistics,
    global_statistics,
    reach,
    reduced,
    run_model,
    tile_side,
)
from lacr_lib.inference.windows import cuts, windows
from lacr_lib.models.blocks import GlobalStatistic
from lacr_lib.models.config import ModelConfig
from tests.inference.toy_models import lively

CONFIGS = {
    "default": ModelConfig(base_channels=4, latent_channels=4),
    "half-resolution stem": ModelConfig(base_channels=4, latent_channels=4, stem_stride=2),
    "plain": ModelConfig(base_channels=4, latent_channels=4, rcam=False, amsm=False),
}


def as_is(enhanced):
    return enhanced


def in_tiles(run, x, side, margin):
    out = torch.empty_like(x)
    for tile in windows(x.shape[-2:], side, margin):
        tile.put(out, run(tile.cut(x)))
    return out


def disagreement(parts, whole):
    """Largest difference, in standard deviations of the whole."""
    return (parts - whole).abs().max() / whole.std()


def replayed(name, width):
    """A lively model, an image, and what one pass makes of it under recorded statistics."""
    model = lively(CONFIGS[name])
    x = torch.rand(1, 3, 77, width)  # no multiple of 8: the edges are reflected
    with torch.inference_mode():
        with global_statistics(model, "record"):
            model(reduced(x, 10_000), sample=False)
        with global_statistics(model, "replay"):
            return model, x, model(x, sample=False).enhanced


@pytest.mark.parametrize("name", CONFIGS)
def test_tiles_agree_with_the_whole(name):
    overlap = reach(CONFIGS[name])
    model, x, whole = replayed(name, 2 * overlap + 203)

    def run(part):
        return model(part, sample=False).enhanced

    with torch.inference_mode(), global_statistics(model, "replay"):
        error = disagreement(in_tiles(run, x, 2 * overlap + 80, overlap), whole)
        torn = disagreement(in_tiles(run, x, 2 * overlap + 80, overlap // 4), whole)
    assert error < 1e-4
    assert torn > 100 * error  # a smaller margin would show


@pytest.mark.parametrize("name", CONFIGS)
def test_stages_agree_with_the_whole(name, monkeypatch):
    model, x, whole = replayed(name, 251)
    shares = []
    with torch.inference_mode(), global_statistics(model, "replay"):
        error = disagreement(run_in_stages(model, x, as_is, 2**15, shares.append), whole)
        assert error < 1e-4
        assert shares == sorted(set(shares)) and shares[-1] == 1 and len(shares) > 5
        for reach_of, margin in {"stage_reach": 0, "decoder_reach": 8}.items():
            with monkeypatch.context() as patch:
                patch.setattr(stages, reach_of, lambda _, margin=margin: margin)
                torn = disagreement(run_in_stages(model, x, as_is, 2**15), whole)
            assert torn > 100 * error, reach_of


def test_any_memory_gives_the_same_photograph():
    """uint8, in stages as a whole, in tiles of two sizes: a rounding apart at most."""
    model = lively(CONFIGS["plain"])
    x = torch.randint(0, 256, (1, 3, 60, 440), dtype=torch.uint8)
    overlap = reach(model.config)
    shares = []
    with torch.inference_mode():
        whole = _run_large(model, x, 1000, 2**20, None)
        runs = [
            _run_large(model, x, 2 * overlap + more, 2**15, shares.append) for more in (80, 184)
        ]
        as_floats = _run_large(model, x / 255, 1000, 2**20, None)
    for run in runs:
        apart = (run.int() - whole.int()).abs()
        assert run.dtype == torch.uint8 and apart.max() <= 1 and (apart > 0).float().mean() < 1e-3
    assert shares[-1] == 1 and min(shares) > 0
    torch.testing.assert_close(as_floats.mul(255).round().to(torch.uint8), whole)


def test_memory_buys_the_side_of_a_tile():
    config = ModelConfig(stem_stride=2)
    assert tile_side(config, 4.0) > 1.3 * tile_side(config, 2.0) > tile_side(config, 1.0)
    for memory in (0.5, float("nan")):
        with pytest.raises(LacrError, match="at least 1"):
            tile_side(config, memory)


@pytest.mark.parametrize("length", [1, 8, 160, 161, 1000, 1003])
def test_cuts_cover_a_length_once_and_keep_the_region_grid(length):
    parts = cuts(length, side=160, margin=40)
    assert parts[0][0] == 0 and parts[-1][1] == length
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(start % 8 == 0 and 0 < end - start <= max(160, 80) for start, end in parts)


def test_windows_keep_every_cell_once_and_hold_their_margin():
    kept, size = torch.zeros(100, 333, dtype=torch.int), (100, 333)
    for window in windows(size, side=64, margin=13):
        kept[window.kept] += 1
        for inner, outer, length in zip(window.kept, window.run, size, strict=True):
            assert outer.start == max(0, inner.start - 16)
            assert outer.stop == min(length, inner.stop + 16)
    assert (kept == 1).all()


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
        torch.testing.assert_close(got, defined.clamp(0, 1), rtol=0, atol=1e-4)
        assert not torch.allclose(defined, live, atol=0.1)
        torch.testing.assert_close(small, model(x[..., :64], sample=False).enhanced.clamp(0, 1))


def test_statistics_are_forgotten_also_after_an_error(monkeypatch):
    monkeypatch.setattr(tiles, "MEGAPIXEL", 32 * 32)
    model = lively(CONFIGS["default"])
    first, second = torch.rand(2, 3, 40, 40)
    alone = enhance(model, second)
    together = enhance(model, torch.stack([first, second]))
    torch.testing.assert_close(together[1], alone)

    monkeypatch.setattr(tiles, "run_in_stages", lambda *_: 1 / 0)
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


@pytest.mark.parametrize("shape", [(1, 3, 1, 800), (100, 3, 1, 1)])
def test_no_pass_is_over_the_limit_once_small_sides_are_extended(shape, monkeypatch):
    monkeypatch.setattr(tiles, "MEGAPIXEL", 2_000)
    model = lively(CONFIGS["plain"])
    seen = []
    model.register_forward_pre_hook(lambda _, given: seen.append(given[0][:, 0].numel()))
    assert enhance(model, torch.rand(shape)).shape == shape
    assert seen and max(seen) <= 2_000


def test_a_reduced_copy_of_a_thin_image_is_no_more_than_a_megapixel():
    assert reduced(torch.zeros(1, 3, 16, 200_000), tiles.MEGAPIXEL).shape[-2:] == (16, 62_500)


def test_a_small_image_is_extended_by_its_edges_on_the_right_and_below():
    model, x = lively(CONFIGS["plain"]), torch.rand(1, 3, 7, 12)
    extended = F.pad(x, (0, 4, 0, 9), mode="replicate")
    with torch.inference_mode():
        expected = model(extended, sample=False).enhanced[..., :7, :12].clamp(0, 1)
        torch.testing.assert_close(run_model(model, x), expected)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_output_that_is_not_finite_gets_out(value):
    with pytest.raises(LacrError, match="not finite"):
        finish(torch.tensor([0.5, value]), torch.float32)


@pytest.mark.parametrize("name", CONFIGS)
def test_reach_is_no_less_than_how_far_a_pixel_is_felt(name):
    distance, model = reach(CONFIGS[name]), lively(CONFIGS[name])
    x = torch.rand(1, 3, 32, 2 * distance + 64, requires_grad=True)
    with torch.no_grad(), global_statistics(model, "record"):
        model(x, sample=False)
    with global_statistics(model, "replay"):
        enhanced = model(x, sample=False).enhanced
    for column in range(distance + 24, distance + 40, 3):
        (felt,) = torch.autograd.grad(enhanced[..., column].sum(), x, retain_graph=True)
        columns = felt.abs().amax(dim=(0, 1, 2)).nonzero()
        assert (columns - column).abs().max() <= distance


def test_reduced_copy_is_the_antialiased_one_with_its_colours_in_order():
    x = torch.rand(1, 3, 40, 90) * torch.tensor([1.0, 0.5, 0.1]).view(1, 3, 1, 1)
    small = F.interpolate(x, size=(20, 45), mode="bilinear", antialias=True)
    torch.testing.assert_close(reduced(x, 900), small)


def test_a_tile_and_what_is_kept_of_it_fit_the_memory():
    config = CONFIGS["default"]
    mu, log_var, skips = lively(config).encode(torch.rand(1, 3, 64, 64))
    last = 8 * config.base_channels * mu[0, 0].numel()  # the map that the posterior is made of
    kept = 4 * (sum(m.numel() for m in (mu, log_var, *skips)) + last)
    assert bytes_of_maps(config) == pytest.approx(kept / 64**2)
    for memory in (1.0, 4.0):
        side = tile_side(config, memory)
        assert side**2 * bytes_of_maps(config) + 15 * 4 * ENTRIES <= 1e9 * memory


def test_parts_return_to_their_places_in_both_directions_and_keep_to_their_side():
    x = torch.arange(200 * 260.0).view(1, 200, 260)
    coarse, out = x[..., ::2, ::2], torch.zeros(1, 100, 130)
    for window in windows((100, 130), side=48, margin=8):
        window.put(out, window.cut(x, 2)[..., ::2, ::2])
        assert all(0 < part.stop - part.start <= 48 for part in window.run)
    assert torch.equal(out, coarse)
