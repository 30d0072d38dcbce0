import pytest
import torch
from skimage.metrics import structural_similarity

from lacr_lib.losses.reconstruction import gaussian_blur, reconstruction_loss, ssim


@pytest.fixture
def pair():
    torch.manual_seed(0)
    x = torch.rand(3, 3, 40, 33)
    return x, (x + 0.2 * torch.randn_like(x)).clamp(0, 1)


def test_ssim_agrees_with_scikit_image(pair):
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    for x, y, ours in zip(*pair, ssim(*pair), strict=True):
        theirs = structural_similarity(
            x.numpy(), y.numpy(), channel_axis=0, data_range=1.0, **settings
        )
        assert ours.item() == pytest.approx(theirs, abs=1e-5)


def test_ssim_of_an_image_with_itself_is_one(pair):
    torch.testing.assert_close(ssim(pair[0], pair[0]), torch.ones(3))


def test_blur_is_the_windows_weighted_mean():
    x = torch.zeros(1, 1, 11, 11)
    x[..., 5, 5] = 1.0
    centre = torch.exp(-0.5 * ((torch.arange(11.0) - 5) / 1.5) ** 2)
    assert gaussian_blur(x).item() == pytest.approx((1 / centre.sum()).item() ** 2, rel=1e-5)
    torch.testing.assert_close(gaussian_blur(torch.ones(1, 2, 13, 15)), torch.ones(1, 2, 3, 5))


def test_loss_is_l1_plus_weighted_dissimilarity(pair):
    x, y = pair
    l1 = (x - y).abs().mean(dim=(1, 2, 3))
    torch.testing.assert_close(reconstruction_loss(x, y, ssim_weight=0.0), l1)
    torch.testing.assert_close(reconstruction_loss(x, y, 0.2), l1 + 0.2 * (1 - ssim(x, y)))


def test_gradient_by_finite_differences():
    torch.manual_seed(0)
    x = torch.rand(1, 1, 12, 12, dtype=torch.float64, requires_grad=True)
    y = torch.rand(1, 1, 12, 12, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda a: ssim(a, y), x)


def test_half_precision_in_is_float32_inside():
    torch.manual_seed(0)
    x, y = torch.rand(2, 3, 3, 40, 33).bfloat16()
    loss = reconstruction_loss(x, y, 0.2)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, reconstruction_loss(x.float(), y.float(), 0.2))
