import pytest
import torch
from torch import nn

from lacr_lib.models.amsm import AMSM
from lacr_lib.models.blocks import (
    GlobalStatistic,
    PixelNorm,
    PlainBlock,
    PointWise,
    count_parameters,
)
from lacr_lib.models.rcam import RCAM


def test_pixel_norm_is_layer_norm_over_the_channels_of_each_pixel():
    x = torch.randn(2, 6, 5, 4)
    norm = PixelNorm(6)
    out = norm(x)
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(out, expected)


def test_pixel_norm_of_a_crop_is_the_crop_of_the_norm():
    x = torch.randn(1, 6, 9, 9)
    norm = PixelNorm(6)
    torch.testing.assert_close(norm(x)[..., 2:5, 3:7], norm(x[..., 2:5, 3:7]))


def test_point_wise_is_a_1x1_convolution():
    layer, conv = PointWise(3, 5), nn.Conv2d(3, 5, 1)
    conv.load_state_dict({"weight": layer.weight[:, :, None, None], "bias": layer.bias})
    x = torch.randn(2, 3, 4, 6)
    torch.testing.assert_close(layer(x), conv(x))


@pytest.mark.parametrize("channels", [8, 16, 32, 64, 128])
@pytest.mark.parametrize("module", [RCAM, AMSM])
def test_the_stand_in_has_the_parameters_of_what_it_stands_for(module, channels):
    original = module(channels)
    stand_in = PlainBlock.parameters_like(original, channels)
    ratio = count_parameters(stand_in) / count_parameters(original)
    assert ratio == pytest.approx(1.0, abs=0.05)


def test_global_statistic_replays_what_it_recorded():
    statistic = GlobalStatistic()
    assert statistic(lambda: torch.tensor(1.0)) == 1.0
    statistic.mode = "record"
    statistic(lambda: torch.tensor(2.0))
    statistic.mode = "replay"
    assert statistic(lambda: torch.tensor(3.0)) == 2.0
    statistic.mode = "live"
    assert statistic(lambda: torch.tensor(4.0)) == 4.0
    assert not statistic.state_dict()  # no weight, never saved


def test_what_is_recorded_holds_no_graph():
    statistic = GlobalStatistic()
    statistic.mode = "record"
    statistic(lambda: torch.ones(1, requires_grad=True) * 2)
    assert not statistic.stored.requires_grad


@pytest.mark.parametrize("module", [RCAM, AMSM, PlainBlock])
def test_a_residual_block_starts_close_to_the_identity(module):
    torch.manual_seed(0)
    x = torch.randn(2, 16, 12, 12)
    assert 0 < (module(16)(x) - x).abs().mean() < 0.03
