import pytest
import torch
import torch.nn.functional as F

from lacr_lib import AMSM


@pytest.fixture
def module():
    torch.manual_seed(0)
    return AMSM(6).double()


def test_output_equals_the_formula_written_out(module):
    x = torch.randn(2, 6, 9, 7, dtype=torch.float64)
    out, attention = module(x, return_attention=True)
    normed = module.norm(x)
    responses = [
        F.conv2d(normed, b.weight, b.bias, padding=k // 2, groups=6)
        for b, k in zip(module.branches, (3, 5, 7), strict=True)
    ]
    fused = torch.zeros_like(x)
    for image in range(2):
        for channel in range(6):
            for branch in range(3):
                weight = attention.branches[image, branch, channel]
                fused[image, channel] += weight * responses[branch][image, channel]
    torch.testing.assert_close(out, x + module.feed_forward(attention.spatial * fused))
    torch.testing.assert_close(out, module(x))


def test_branch_weights_sum_to_one_for_each_channel(module):
    _, attention = module(torch.randn(3, 6, 8, 8, dtype=torch.float64), return_attention=True)
    assert attention.branches.shape == (3, 3, 6)
    torch.testing.assert_close(attention.branches.sum(1), torch.ones(3, 6).double())
    assert attention.spatial.shape == (3, 1, 8, 8)
    assert attention.spatial.min() > 0 and attention.spatial.max() < 1


def test_branch_descriptor_tells_fine_from_coarse_texture_of_equal_mean(module):
    """A plain mean would be the same for both; the mean absolute response is not."""
    rows = torch.arange(32, dtype=torch.float64)
    fine = torch.sin(rows * 2.5)[:, None].expand(32, 32)
    coarse = torch.sin(rows * 2 * torch.pi / 32)[:, None].expand(32, 32)
    maps = torch.stack([fine - fine.mean(), coarse - coarse.mean()])[:, None].expand(2, 6, 32, 32)
    kernels = [branch(maps) for branch in module.branches]
    energy = torch.stack([k.abs().mean(dim=(2, 3)) for k in kernels], dim=1)
    module.branch_weights(kernels)
    module.energy.mode = "record"
    module.branch_weights(kernels)
    torch.testing.assert_close(module.energy.stored, energy)
    assert (energy[0] - energy[1]).abs().max() > 0.05


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (16, 16)])
def test_shape_is_kept(size):
    x = torch.randn(2, 16, *size)
    assert AMSM(16)(x).shape == x.shape


def test_kernel_sizes_choose_the_branches():
    module = AMSM(4, kernel_sizes=(5,))
    x = torch.randn(1, 4, 8, 8)
    out, attention = module(x, return_attention=True)
    torch.testing.assert_close(attention.branches, torch.ones(1, 1, 4))
    assert out.shape == x.shape


def test_both_attentions_equal_their_formulas():
    torch.manual_seed(0)
    module = AMSM(6).double()
    maps = [torch.randn(2, 6, 9, 7, dtype=torch.float64) for _ in range(3)]
    energy = torch.stack([m.abs().mean(dim=(2, 3)) for m in maps], dim=1)
    scores = module.branch_attention(energy.flatten(1)).view(2, 3, 6)
    torch.testing.assert_close(module.branch_weights(maps), scores.softmax(dim=1))
    conv = module.spatial_attention  # 7 x 7, of the channels' mean and maximum
    summary = torch.stack([maps[0].mean(dim=1), maps[0].amax(dim=1)], dim=1)
    spatial = torch.sigmoid(F.conv2d(summary, conv.weight, conv.bias, padding=3))
    torch.testing.assert_close(module.spatial_map(maps[0]), spatial)
