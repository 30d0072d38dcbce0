import math

import numpy as np
import pytest
import torch

from lacr_lib import lacr_loss, light_aware_weights
from lacr_lib.losses.lacr import (
    EPSILON,
    gaussian,
    latent_distance,
    light_only,
    low_pass,
    region_light,
    unit_scale,
    wasserstein_distance,
)

FORMS = ["ratio", "bounded", "triplet", "infonce"]


@pytest.fixture
def latents():
    torch.manual_seed(0)
    mu_e, mu_c = torch.randn(2, 2, 4, 3, 5, dtype=torch.float64)
    mu_n = torch.randn(2, 3, 4, 3, 5, dtype=torch.float64) + 2.0
    weights = torch.rand(2, 3, 5, dtype=torch.float64)
    return mu_e, mu_c, mu_n, weights / weights.mean(dim=(1, 2), keepdim=True)


def distances_by_loop(mu_e, mu_c, mu_n, weights):
    """D_p and D_n of each image, entry by entry."""
    images, channels, height, width = mu_e.shape
    d_p, d_n = torch.zeros(images).double(), torch.zeros(images).double()
    for b in range(images):
        for row in range(height):
            for column in range(width):
                w = weights[b, row, column] / (channels * height * width)
                for c in range(channels):
                    d_p[b] += w * abs(mu_e[b, c, row, column] - mu_c[b, c, row, column])
                    for k in range(mu_n.shape[1]):
                        gap = abs(mu_e[b, c, row, column] - mu_n[b, k, c, row, column])
                        d_n[b] += w * gap / mu_n.shape[1]
    return d_p, d_n


def test_ratio_and_bounded_equal_the_formula_in_loops(latents):
    d_p, d_n = distances_by_loop(*latents)
    torch.testing.assert_close(lacr_loss(*latents), d_p / (d_n + EPSILON))
    torch.testing.assert_close(lacr_loss(*latents, form="bounded"), d_p / (d_p + d_n + EPSILON))
    torch.testing.assert_close(lacr_loss(*latents, form="triplet"), (d_p - d_n + 0.2).clamp_min(0))


def test_infonce_is_the_cross_entropy_of_picking_the_positive(latents):
    mu_e, mu_c, mu_n, weights = latents
    distances = [latent_distance(mu_e, mu_c, weights)]
    distances += [latent_distance(mu_e, mu_n[:, k], weights) for k in range(3)]
    scores = -torch.stack(distances, dim=1) / 0.1
    expected = torch.nn.functional.cross_entropy(scores, torch.zeros(2).long(), reduction="none")
    torch.testing.assert_close(lacr_loss(*latents, form="infonce"), expected)


def test_swapping_positive_and_negative_is_another_loss(latents):
    mu_e, mu_c, mu_n, weights = latents
    swapped = lacr_loss(mu_e, mu_n[:, 0], mu_c[:, None], weights)
    assert not torch.allclose(lacr_loss(mu_e, mu_c, mu_n[:, :1], weights), swapped)


@pytest.mark.parametrize("form", FORMS)
def test_a_gradient_step_pulls_toward_clear_and_pushes_from_low(form):
    torch.manual_seed(1)
    mu_c, mu_n = torch.zeros(1, 4, 3, 3), torch.randn(1, 2, 4, 3, 3) + 2.0
    mu_e = (0.48 * mu_n.mean(dim=1)).requires_grad_()
    lacr_loss(mu_e, mu_c, mu_n, form=form).sum().backward()
    moved = mu_e.detach() - 1e-3 * mu_e.grad
    assert latent_distance(moved, mu_c) < latent_distance(mu_e, mu_c)
    for k in range(2):
        assert latent_distance(moved, mu_n[:, k]) > latent_distance(mu_e, mu_n[:, k])


@pytest.mark.parametrize("form", FORMS)
def test_nearer_to_low_than_to_clear_it_only_pulls(form):
    """D_p > D_n: beyond the negative, pushing away would push from clear as well."""
    mu_c, mu_n = torch.zeros(1, 2, 1, 1), torch.ones(1, 1, 2, 1, 1)
    mu_e = torch.full((1, 2, 1, 1), 1.5, requires_grad=True)
    lacr_loss(mu_e, mu_c, mu_n, form=form).sum().backward()
    assert (mu_e.grad > 0).all()  # a step goes back toward clear, through the negative


@pytest.mark.parametrize("form", FORMS)
def test_gradient_by_finite_differences(latents, form):
    mu_e, mu_c, mu_n, weights = latents
    near = (mu_c + 0.1 * mu_e).requires_grad_()  # D_p < D_n: nothing is detached
    assert torch.autograd.gradcheck(lambda e: lacr_loss(e, mu_c, mu_n, weights, form), near)
    assert torch.autograd.gradcheck(
        lambda e: lacr_loss(e, mu_c, mu_n, weights, form, wasserstein_distance), near
    )


def test_an_image_that_takes_no_part_has_no_value_and_no_gradient(latents):
    mu_e, mu_c, mu_n, weights = latents
    mu_n = mu_n - 2.0  # near enough for the triplet's hinge to be active
    weights = weights * torch.tensor([1.0, 0.0]).view(2, 1, 1)
    mu_e = mu_e.clone().requires_grad_()
    for form in FORMS:
        loss = lacr_loss(mu_e, mu_c, mu_n, weights, form=form)
        assert loss[0] != 0 and loss[1] == 0
        (gradient,) = torch.autograd.grad(loss.sum(), mu_e)
        assert gradient.isfinite().all()
        assert gradient[0].abs().sum() > 0 and gradient[1].abs().sum() == 0


@pytest.mark.parametrize("distance", [latent_distance, wasserstein_distance])
def test_identical_latents_give_no_nan(distance):
    same = torch.ones(1, 4, 2, 2, requires_grad=True)
    held = same.detach()
    lacr_loss(same, held, held[:, None], distance=distance).sum().backward()
    assert same.grad.isfinite().all()


def test_the_bounded_form_pushes_the_same_way_and_less(latents):
    """bounded = R / (1 + R) of the ratio R, so each image's gradient is that of R / (1 + R)^2."""
    mu_e, mu_c, mu_n, weights = latents
    for anchor in (mu_e, mu_c + 0.1 * mu_e):  # D_n held, and not
        gradients = {}
        for form in ("ratio", "bounded"):
            e = anchor.clone().requires_grad_()
            values = lacr_loss(e, mu_c, mu_n, weights, form)
            (gradients[form],) = torch.autograd.grad(values.sum(), e)
        ratio = lacr_loss(anchor, mu_c, mu_n, weights)[:, None, None, None]
        torch.testing.assert_close(gradients["bounded"] * (1 + ratio) ** 2, gradients["ratio"])


def test_wasserstein_distance_is_that_of_equal_quantiles():
    """In one dimension W_2^2 is the mean squared difference of equal quantiles."""
    one, other = torch.distributions.Normal(0.3, 1.5), torch.distributions.Normal(-1.0, 0.5)
    share = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    expected = (one.icdf(share) - other.icdf(share)).square().mean().sqrt()
    maps = [
        gaussian(*(torch.full((1, 1, 1, 1), value).double() for value in (mu, math.log(sigma**2))))
        for mu, sigma in ((0.3, 1.5), (-1.0, 0.5))
    ]
    torch.testing.assert_close(wasserstein_distance(*maps)[0], expected, rtol=1e-3, atol=0)


def test_wasserstein_distance_equals_the_formula_in_loops(latents):
    mu_e, mu_c, _, weights = latents
    log_var_e, log_var_c = 0.5 * mu_c, -0.3 * mu_e
    expected = torch.zeros(2).double()
    for b in range(2):
        for row in range(3):
            for column in range(5):
                at = (b, slice(None), row, column)
                means = (mu_e[at] - mu_c[at]) ** 2
                widths = ((log_var_e[at] / 2).exp() - (log_var_c[at] / 2).exp()) ** 2
                root = torch.sqrt((means + widths).sum() / 4)  # 4 entries
                expected[b] += weights[b, row, column] * root / 15  # 15 regions
    found = wasserstein_distance(gaussian(mu_e, log_var_e), gaussian(mu_c, log_var_c), weights)
    torch.testing.assert_close(found, expected)


def test_lacr_of_posteriors_sees_a_width_that_means_do_not_tell():
    mu = torch.zeros(1, 4, 2, 2)
    e, c, n = (gaussian(mu, torch.full_like(mu, 2 * math.log(sigma))) for sigma in (1, 0.9, 0.5))
    found = lacr_loss(e, c, n[:, None], distance=wasserstein_distance)
    torch.testing.assert_close(found, torch.tensor([0.1 / (0.5 + EPSILON)]))
    assert lacr_loss(mu, mu, mu[:, None]) == 0


def test_unknown_form_is_named(latents):
    with pytest.raises(ValueError, match="cosine"):
        lacr_loss(*latents, form="cosine")


def test_weights_grow_with_the_light_a_region_lost():
    clear = torch.full((1, 3, 16, 16), 0.8)
    low = clear.clone()
    low[..., :8, :8] = 0.2  # lost 0.6
    low[..., 8:, 8:] = 0.5  # lost 0.3
    low[..., 8:, :8] = 0.9  # brighter than clear: clipped at 0
    weights = light_aware_weights(low, clear)
    expected = torch.tensor([[[0.6, 0.0], [0.0, 0.3]]]) / 0.225
    torch.testing.assert_close(weights, expected)
    assert weights.mean().item() == pytest.approx(1.0)


def test_weights_are_zero_where_no_light_was_lost_and_one_when_not_light_aware():
    clear = torch.rand(2, 3, 24, 20)
    low = torch.stack([clear[0], 0.3 * clear[1]])
    assert (light_aware_weights(low, clear)[0] == 0).all()
    flat = light_aware_weights(low, clear, light_aware=False)
    assert flat.shape == (2, 3, 3)  # ceil(24/8), ceil(20/8)
    assert (flat[0] == 0).all() and (flat[1] == 1).all()


def test_region_light_averages_the_pixels_that_exist():
    x = torch.rand(1, 3, 12, 8)
    light = x.amax(1)
    expected = torch.stack([light[:, :8].mean((1, 2)), light[:, 8:].mean((1, 2))], dim=1)
    torch.testing.assert_close(region_light(x)[..., 0], expected)


def test_low_pass_keeps_the_mean_and_takes_fine_texture_away():
    rows = torch.arange(32) % 2
    stripes = rows.float().view(1, 1, 32, 1).expand(1, 3, 32, 32)
    out = low_pass(stripes)
    torch.testing.assert_close(out, torch.full_like(out, 0.5))
    assert low_pass(torch.rand(1, 3, 19, 21)).shape == (1, 3, 19, 21)
    assert torch.equal(low_pass(stripes, 1), stripes)


def test_low_pass_at_half_size_is_a_half_of_the_whole_one():
    torch.manual_seed(0)
    x = low_pass(torch.rand(1, 3, 32, 48), 8)  # already smooth
    half = low_pass(x, 4, scale=2)
    assert half.shape == (1, 3, 16, 24)
    means = torch.nn.functional.avg_pool2d(low_pass(x, 4), 2)
    torch.testing.assert_close(half, means, atol=5e-3, rtol=0)
    assert low_pass(torch.rand(1, 3, 19, 21), 4, scale=2).shape == (1, 3, 10, 11)


def test_light_only_shows_the_image_and_gives_every_channel_the_same_gradient():
    torch.manual_seed(0)
    x = torch.rand(2, 3, 8, 8, requires_grad=True)
    seen = light_only(x)
    assert torch.equal(seen, x)
    (seen * torch.randn(2, 3, 8, 8)).sum().backward()
    assert torch.equal(x.grad, x.grad[:, :1].expand_as(x)) and x.grad.abs().sum() > 0


def test_a_tint_is_no_way_to_please_an_encoder_that_likes_one():
    """An "encoder" that reads blue minus red, and light: plain gradients tint the image."""
    torch.manual_seed(0)
    x = torch.rand(1, 3, 8, 8) * 0.2

    def steps(through):
        image = x.clone().requires_grad_()
        for _ in range(20):
            seen = through(image)
            mu = torch.stack([seen[:, 2] - seen[:, 0], seen.mean(dim=1)], dim=1)
            loss = latent_distance(mu, torch.full_like(mu, 0.5)).sum()
            (gradient,) = torch.autograd.grad(loss, image)
            image = (image - 0.02 * gradient.sign()).detach().requires_grad_()
        return (image - x).mean(dim=(0, 2, 3))

    tinted, lit = steps(lambda image: image), steps(light_only)
    assert tinted[2] - tinted[0] > 0.1
    assert abs(lit[2] - lit[0]) < 1e-6 and lit.mean() > 0.1


def test_unit_scale_normalises_each_region_over_its_channels():
    mu = 3 + 5 * torch.randn(2, 16, 3, 4)
    scaled = unit_scale(mu)
    region = mu[1, :, 2, 3]
    expected = (region - region.mean()) / (region.var(correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(scaled[1, :, 2, 3], expected)
    torch.testing.assert_close(unit_scale(20 * mu), scaled, atol=1e-4, rtol=1e-4)


def test_weights_have_mean_one_in_each_image_of_a_batch():
    torch.manual_seed(0)
    clear = 0.5 + 0.5 * torch.rand(2, 3, 16, 24)
    low = clear * torch.tensor([0.2, 0.7]).view(2, 1, 1, 1)
    weights = light_aware_weights(low, clear)
    torch.testing.assert_close(weights.mean(dim=(1, 2)), torch.ones(2))


@pytest.mark.parametrize(
    ("lost", "takes_part"),
    [
        ([0.015] * 4, False),
        ([0.025] * 4, True),
        ([0.06, 0.0, 0.0, 0.0], False),
        ([0.2, -0.2, 0.0, 0.0], False),  # light that was moved is not lost
    ],
)
def test_an_image_takes_part_by_its_mean_light_loss(lost, takes_part):
    clear = torch.full((1, 3, 16, 16), 0.5)
    each = torch.tensor(lost).view(1, 1, 2, 2).repeat_interleave(8, dim=2)
    low = clear - each.repeat_interleave(8, dim=3)
    assert (light_aware_weights(low, clear).sum() > 0).item() == takes_part


def test_the_ratio_is_kept_finite_by_a_thousandth():
    mu_e, mu_c, mu_n = (torch.full((1, 2, 1, 1), value) for value in (0.0, 2e-3, 3e-3))
    assert lacr_loss(mu_e, mu_c, mu_n[:, None]).item() == pytest.approx(2e-3 / 4e-3)


def test_each_image_pushes_while_it_is_nearer_to_clear_than_to_its_negatives_on_average():
    mu_c, mu_e = torch.zeros(2, 1, 1, 1), torch.ones(2, 1, 1, 1, requires_grad=True)
    mu_n = torch.tensor([[1.5, 3.0], [1.2, 2.6]]).view(2, 2, 1, 1, 1)  # D_n 1.25, 0.9; D_p 1
    lacr_loss(mu_e, mu_c, mu_n).sum().backward()
    d_n = torch.tensor([1.25, 0.9]) + EPSILON
    expected = 1 / d_n + torch.tensor([1.0, 0.0]) / d_n**2  # the second only pulls
    torch.testing.assert_close(mu_e.grad.flatten(), expected)


def test_low_pass_is_bilinear_between_the_means_of_its_boxes():
    x = torch.arange(10.0).expand(1, 1, 10, 10)  # boxes of 4, 4 and 2 columns
    place = (np.arange(10) + 0.5) * 3 / 10 - 0.5
    expected = torch.tensor(np.interp(place, [0, 1, 2], [1.5, 5.5, 8.5])).float()
    torch.testing.assert_close(low_pass(x), expected.expand(1, 1, 10, 10))


def test_light_only_gives_each_channel_the_mean_of_their_gradients():
    torch.manual_seed(0)
    x, upstream = torch.rand(2, 3, 8, 8, requires_grad=True), torch.randn(2, 3, 8, 8)
    (light_only(x) * upstream).sum().backward()
    torch.testing.assert_close(x.grad, upstream.mean(dim=1, keepdim=True).expand_as(x))
