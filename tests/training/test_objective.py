import pytest
import torch

from lacr_lib import TrainConfig
from lacr_lib.data.batches import TrainingBatches
from lacr_lib.losses.kl import kl_divergence
from lacr_lib.losses.lacr import (
    gaussian,
    lacr_loss,
    latent_distance,
    light_aware_weights,
    wasserstein_distance,
)
from lacr_lib.losses.reconstruction import reconstruction_loss
from lacr_lib.training.average import average_of
from lacr_lib.training.objective import contrast_term, objective


@pytest.fixture
def batch(photoset):
    config = TrainConfig(crop=32, clear_share=0.0, synthetic_share=0.0)
    data = TrainingBatches(photoset, config)
    return torch.utils.data.default_collate([data[i] for i in range(3)])


def shaken(model):
    torch.nn.init.normal_(model.decoder.head.weight, std=0.1)
    torch.nn.init.normal_(model.gain_head[-1].weight, std=0.5)
    return model


def test_loss_is_the_weighted_sum_of_its_terms(make_model, batch):
    model = shaken(make_model())
    config = TrainConfig(steps=10, lacr_ramp=0.5, beta=0.3, lambda_lacr=0.7)
    terms = objective(model, average_of(model, 0.9).module, batch, config, step=2)
    expected = terms.reconstruction + 0.3 * terms.kl + config.lambda_at(2) * terms.lacr
    torch.testing.assert_close(terms.loss, expected)
    assert terms.lacr > 0


def test_terms_are_those_of_the_losses(make_model, batch):
    model = shaken(make_model()).eval()  # eval: z is the mean, nothing is drawn
    config = TrainConfig(ssim_weight=0.3)
    terms = objective(model, model, batch, config, step=0)
    out = model(batch["low"])
    reconstruction = reconstruction_loss(out.enhanced, batch["clear"], 0.3).mean()
    torch.testing.assert_close(terms.reconstruction, reconstruction)
    torch.testing.assert_close(terms.kl, kl_divergence(out.mu, out.log_var).mean())


def test_gradient_of_lacr_reaches_the_image_and_not_the_averaged_encoder(make_model, batch):
    model, config = shaken(make_model()), TrainConfig()
    averaged = average_of(model, 0.9).module
    out = model(batch["low"])
    contrast_term(out, averaged, batch, config).sum().backward()
    assert all(p.grad is None for p in averaged.parameters())
    assert model.gain_head[-1].weight.grad.abs().sum() > 0


def test_online_encoder_gets_the_gradient_too(make_model, batch):
    model = shaken(make_model())
    out = model(batch["low"])
    image = out._replace(enhanced=out.enhanced.detach())
    online = TrainConfig(lacr_encoder="online")
    contrast_term(image, model, batch, online).sum().backward()
    assert model.encoder.posterior.weight.grad.abs().sum() > 0


def test_at_unit_scale_inflated_latents_gain_nothing(make_model, batch):
    """Latents twenty times as large change the term, and at unit scale they do not."""
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    values = {}
    for unit_scale in (False, True):
        config = TrainConfig(lacr_encoder="online", lacr_unit_scale=unit_scale, lacr_form="infonce")
        original = model.encode
        small = contrast_term(out, model, batch, config)
        model.encode = lambda x: (code := original(x))._replace(mu=20 * code.mu)  # noqa: B023
        values[unit_scale] = (contrast_term(out, model, batch, config) - small).abs().max().item()
        model.encode = original
    assert values[True] < 1e-2 * values[False]


def test_low_pass_takes_fine_texture_out_of_the_terms_sight(make_model, batch):
    """A checkerboard of zero mean on x_e moves the plain term and not the low-passed one."""
    model = shaken(make_model()).eval()
    averaged = average_of(model, 0.9).module
    out = model(batch["low"])
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    texture = 0.1 * (1 - 2 * ((rows + columns) % 2)).float()
    textured = out._replace(enhanced=out.enhanced + texture)
    moved = {}
    for size in (1, 4):
        config = TrainConfig(lacr_low_pass=size, lacr_scale=1)
        values = [contrast_term(o, averaged, batch, config) for o in (out, textured)]
        moved[size] = (values[0] - values[1]).abs().max().item()
    assert moved[4] < 1e-4 < moved[1]


def test_the_term_can_see_its_copies_at_half_size(make_model, batch):
    """A quarter of the regions, nearly the same contrast of a smooth image; the anchor `code` is
    brought to the size of the others."""
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    sizes = []
    original = model.encode
    model.encode = lambda x: sizes.append(tuple(x.shape[-2:])) or original(x)
    for scale, side in ((1, 32), (2, 16)):
        sizes.clear()
        value = contrast_term(out, model, batch, TrainConfig(lacr_scale=scale))
        assert set(sizes) == {(side, side)} and value.shape == (3,) and (value > 0).all()
    code = TrainConfig(lacr_anchor="code", lacr_scale=2, lacr_clear_images=False)
    assert contrast_term(out, model, batch, code).isfinite().all()


def test_anchor_code_leaves_the_own_input_out_of_the_negatives(make_model, batch):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    config = TrainConfig(lacr_anchor="code", lacr_clear_images=False)
    changed = {**batch, "negatives": batch["negatives"].clone()}
    changed["negatives"][:, 0] = 0.5
    values = [contrast_term(out, model, b, config) for b in (batch, changed)]
    torch.testing.assert_close(values[0], values[1])


def by_hand(out, model, batch, negatives):
    """The contrast of each image at full size and detail; negatives: a list of images for each."""

    def code(image):
        return model.encode(image[None]).mu

    weights = light_aware_weights(batch["low"], batch["clear"])
    values = []
    for i, images in enumerate(negatives):
        mu_n = torch.stack([code(image) for image in images], dim=1)
        triple = code(out.enhanced[i]), code(batch["clear"][i]), mu_n
        values.append(lacr_loss(*triple, weights[i : i + 1]))
    return torch.cat(values)


PLAIN = {"lacr_low_pass": 1, "lacr_scale": 1, "negatives": 2, "lacr_clear_images": False}


def test_negatives_of_the_scene_are_those_of_the_sample(make_model, batch):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    value = contrast_term(out, model, batch, TrainConfig(**PLAIN))
    torch.testing.assert_close(value, by_hand(out, model, batch, batch["negatives"]))


def test_negatives_of_the_batch_are_the_input_and_the_next_inputs(make_model, batch):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    config = TrainConfig(lacr_negatives_from="batch", **PLAIN)
    low = batch["low"]
    expected = by_hand(out, model, batch, [low[[0, 1]], low[[1, 2]], low[[2, 0]]])
    value = contrast_term(out, model, batch, config)
    torch.testing.assert_close(value, expected)
    assert not torch.allclose(value, contrast_term(out, model, batch, TrainConfig(**PLAIN)))


def test_a_well_lit_photograph_of_the_batch_is_no_negative(make_model, batch):
    """Image 1 is clear to clear: it takes no part, and image 0 takes its own input instead."""
    model = shaken(make_model()).eval()
    batch["low"][1] = batch["clear"][1]
    out = model(batch["low"])
    value = contrast_term(out, model, batch, TrainConfig(lacr_negatives_from="batch", **PLAIN))
    low = batch["low"]
    expected = by_hand(out, model, batch, [low[[0, 0]], low[[1, 2]], low[[2, 0]]])
    torch.testing.assert_close(value, expected)
    assert value[1] == 0 and (value[[0, 2]] > 0).all()


def test_a_clear_photograph_may_take_part_against_darker_ones_only(make_model, batch):
    """Image 1 is clear to clear: its input is the positive, so its darker version stands twice."""
    model = shaken(make_model()).eval()
    batch["low"][1] = batch["negatives"][1, 0] = batch["clear"][1]
    out = model(batch["low"])
    config = TrainConfig(**PLAIN | {"lacr_clear_images": True})
    value = contrast_term(out, model, batch, config)
    expected = by_hand(out, model, batch, batch["negatives"])
    assert expected[1] == 0
    darker = batch["negatives"][1, 1][None]
    images = (out.enhanced[1:2], batch["clear"][1:2], darker)
    mu_e, mu_c, mu_n = (model.encode(image).mu for image in images)
    expected[1] = lacr_loss(mu_e, mu_c, torch.stack([mu_n, mu_n], dim=1))[0]  # no weights
    torch.testing.assert_close(value, expected)
    assert value[1] > 0
    without = contrast_term(out, model, batch, TrainConfig(**PLAIN))
    torch.testing.assert_close(without[[0, 2]], value[[0, 2]])


def test_the_distance_of_posteriors_sees_their_width_and_that_of_means_does_not(make_model, batch):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    values = {}
    original = model.encode
    for distance in ("l1", "wasserstein"):
        config = TrainConfig(lacr_distance=distance)
        values[distance] = [contrast_term(out, model, batch, config)]
        # the brighter, the narrower: now a width tells something about light
        model.encode = lambda x: (code := original(x))._replace(
            log_var=code.log_var - 4 * x.mean(dim=(1, 2, 3))[:, None, None, None]
        )
        values[distance].append(contrast_term(out, model, batch, config))
        model.encode = original
    assert torch.equal(*values["l1"])
    assert (values["wasserstein"][0] - values["wasserstein"][1]).abs().max() > 1e-3


def test_the_twin_has_no_contrast(make_model, batch):
    model = shaken(make_model())
    terms = objective(model, model, batch, TrainConfig(lambda_lacr=0.0), step=9)
    assert terms.lacr == 0


def test_the_contrast_is_read_by_the_encoder_that_is_asked_for(make_model, batch):
    model, averaged = shaken(make_model()).eval(), shaken(make_model()).eval()
    torch.nn.init.normal_(averaged.encoder.posterior.weight)  # the two tell different things
    out = model(batch["low"])
    for name, encoder in (("ema", averaged), ("online", model)):
        config = TrainConfig(lacr_encoder=name)
        terms = objective(model, averaged, batch, config, step=9)
        torch.testing.assert_close(terms.lacr, contrast_term(out, encoder, batch, config).mean())


def test_the_terms_gradient_moves_the_light_and_not_the_colours(make_model, batch):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    for light_only in (True, False):
        image = out.enhanced.detach().requires_grad_()
        config = TrainConfig(lacr_light_only=light_only)
        value = contrast_term(out._replace(enhanced=image), model, batch, config).sum()
        (gradient,) = torch.autograd.grad(value, image)
        assert torch.equal(gradient, gradient[:, :1].expand_as(gradient)) == light_only


def test_online_the_positive_and_the_negatives_train_the_encoder_too(make_model, batch):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    image = out._replace(enhanced=out.enhanced.detach())
    gradients = []
    for encoder in ("ema", "online"):  # of one encoder: by its anchor alone, by all it reads
        value = contrast_term(image, model, batch, TrainConfig(lacr_encoder=encoder)).sum()
        gradients += torch.autograd.grad(value, model.encoder.posterior.weight)
    assert not torch.allclose(*gradients)


def test_the_anchor_code_is_the_one_that_was_decoded(make_model, batch):
    out = shaken(make_model())(batch["low"])  # in training: drawn from the posterior
    model = shaken(make_model()).eval()
    value = contrast_term(out, model, batch, TrainConfig(lacr_anchor="code", **PLAIN))
    (gradient,) = torch.autograd.grad(value.sum(), out.z)
    assert gradient.abs().sum() > 0
    larger = out._replace(z=20 * out.z)
    config = TrainConfig(lacr_anchor="code", lacr_unit_scale=True, **PLAIN)
    values = [contrast_term(o, model, batch, config) for o in (out, larger)]
    torch.testing.assert_close(*values, rtol=1e-2, atol=0)


@pytest.mark.parametrize("form", ["ratio", "bounded", "triplet", "infonce"])
@pytest.mark.parametrize("distance", ["l1", "wasserstein"])
def test_form_distance_and_equal_weights_are_those_asked_for(make_model, batch, form, distance):
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    config = TrainConfig(light_aware=False, lacr_form=form, lacr_distance=distance, **PLAIN)

    def read(x):
        mu, log_var, _ = model.encode(x)
        return mu if distance == "l1" else gaussian(mu, log_var)

    mu_n = torch.stack([read(images) for images in batch["negatives"].unbind(1)], dim=1)
    between = latent_distance if distance == "l1" else wasserstein_distance
    expected = lacr_loss(read(out.enhanced), read(batch["clear"]), mu_n, None, form, between)
    torch.testing.assert_close(contrast_term(out, model, batch, config), expected)


def test_the_kl_is_that_of_the_posterior_and_not_of_what_was_drawn(make_model, batch):
    model = shaken(make_model())
    mu, log_var, _ = model.encode(batch["low"])
    terms = objective(model, model, batch, TrainConfig(lambda_lacr=0.0), step=0)
    torch.testing.assert_close(terms.kl, kl_divergence(mu, log_var).mean())


def test_the_contrast_is_told_also_while_its_weight_is_still_zero(make_model, batch):
    model = shaken(make_model())
    terms = objective(model, model, batch, TrainConfig(), step=0)
    assert terms.lacr > 0
    torch.testing.assert_close(terms.loss, terms.reconstruction + TrainConfig().beta * terms.kl)


def test_the_distance_of_posteriors_trains_their_width_too(make_model, batch):
    """An encoder whose mean is blind: all that it tells of an image is how sure it is."""
    model = shaken(make_model()).eval()
    out = model(batch["low"])
    image = out.enhanced.detach().requires_grad_()
    original = model.encode
    model.encode = lambda x: (code := original(x))._replace(mu=0 * code.mu)
    config = TrainConfig(lacr_distance="wasserstein")
    value = contrast_term(out._replace(enhanced=image), model, batch, config).sum()
    (gradient,) = torch.autograd.grad(value, image)
    assert gradient.abs().sum() > 0
