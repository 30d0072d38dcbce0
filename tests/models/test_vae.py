import pytest
import torch
import torch.nn.functional as F

from lacr_lib import AMSM, RCAM, LacrError, LacrVae, ModelConfig
from lacr_lib.latent.decode import asked_gain
from lacr_lib.models.blocks import count_parameters
from lacr_lib.models.light import relight
from lacr_lib.models.sizes import pad_to_regions
from lacr_lib.models.vae import LOG_GAIN_RANGE, illumination_map, reparameterise

SMALL = {"base_channels": 8, "latent_channels": 4}


def small(**changes):
    torch.manual_seed(0)
    return LacrVae(ModelConfig(**{**SMALL, **changes}))


def shaken(model, scale=0.05):
    """Random instead of zero heads: an untrained model whose parts all matter."""
    for layer in (model.decoder.head, model.gain_head[-1]):
        torch.nn.init.normal_(layer.weight, std=scale)
        torch.nn.init.normal_(layer.bias, std=scale)
    return model


@pytest.mark.parametrize("stem_stride", [1, 2])
@pytest.mark.parametrize("size", [(16, 16), (17, 31), (40, 24)])
def test_shapes_for_any_size_from_16(size, stem_stride):
    x = torch.rand(2, 3, *size)
    out = small(stem_stride=stem_stride)(x)
    cells = tuple(-(-side // 8) for side in size)
    assert out.enhanced.shape == x.shape
    assert out.z.shape == out.mu.shape == out.log_var.shape == (2, 4, *cells)


@pytest.mark.parametrize("wrong", [(3, 32, 32), (1, 1, 32, 32), (1, 3, 15, 32)])
def test_a_wrong_shape_is_refused(wrong):
    with pytest.raises(ValueError, match="expected images"):
        small()(torch.rand(wrong))


@pytest.mark.parametrize("light", ["odds", "product"])
def test_training_starts_at_the_identity(light):
    x = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(small(light=light).eval()(x).enhanced, x)


def test_the_light_is_the_gains_alone():
    """However large the residual, the mean of a region is that of relight(x, gain): the skips
    cannot carry light past the code."""
    model = shaken(small(), scale=0.3).eval()
    x = torch.rand(1, 3, 64, 64)
    mu, _, skips = model.encode(x)
    residual = model.decode(mu, x, skips) - relight(x, model.gain(mu, (64, 64)))
    free = model.decoder(mu, skips)[0]
    assert residual.abs().mean() > 0.05, "it carries detail"
    inside = slice(1, -1)

    def level(image):
        return F.avg_pool2d(image, 24, stride=8)[..., inside, inside].abs().mean()

    assert level(residual) < 0.2 * level(free)


def test_eval_decodes_the_mean_and_training_samples():
    model = shaken(small(skip_dropout=0.0))
    x = torch.rand(1, 3, 32, 32)
    model.eval()
    assert torch.equal(model(x).z, model(x).mu)
    assert not torch.equal(model(x, sample=True).z, model(x).mu)
    model.train()
    assert not torch.equal(model(x).z, model(x).mu)


def test_reparameterise_has_the_posteriors_mean_and_deviation():
    torch.manual_seed(0)
    mu, log_var = torch.full((200_000,), 0.7), torch.full((200_000,), -1.2)
    z = reparameterise(mu, log_var)
    assert z.mean().item() == pytest.approx(0.7, abs=0.01)
    assert z.var().item() == pytest.approx(torch.tensor(-1.2).exp().item(), rel=0.02)


def test_gain_is_decoded_from_z_alone_and_bounded():
    model = shaken(small(), scale=5.0).eval()
    z = torch.randn(1, 4, 4, 4)
    gain = model.gain(z, (32, 32))
    assert gain.shape == (1, 3, 32, 32)
    assert gain.min() >= LOG_GAIN_RANGE[0] and gain.max() <= LOG_GAIN_RANGE[1]
    x, other = torch.rand(2, 1, 3, 32, 32)
    residual = [model.decode(z, i, model.encode(x).skips) for i in (x, other)]
    difference = relight(x, gain) - relight(other, gain)  # same z and skips: only x_l differs
    torch.testing.assert_close(residual[0] - residual[1], difference, rtol=1e-3, atol=1e-3)


def test_normalised_skips_carry_no_light():
    """A skip's level and contrast are gone; its pattern is all that reaches the decoder."""
    decoder = small().decoder
    skip = torch.randn(2, 8, 12, 12)
    brighter = 3.0 * skip + 5.0
    stats = decoder.skip_stats[0]
    torch.testing.assert_close(
        decoder.normalise(skip, stats), decoder.normalise(brighter, stats), rtol=1e-3, atol=1e-4
    )
    free = small(skip_norm=False).decoder
    assert torch.equal(free.normalise(brighter, stats), brighter)


def test_skip_dropout_drops_whole_images_in_training_only():
    decoder = small(skip_dropout=0.5).decoder
    z = torch.zeros(1000, 4, 2, 2)
    torch.manual_seed(0)
    share = decoder.train().kept_skips(z).mean().item()
    assert share == pytest.approx(0.5, abs=0.06)
    assert decoder.eval().kept_skips(z).mean() == 1


@pytest.mark.parametrize("off", ["rcam", "amsm"])
def test_ablations_match_parameters_within_5_percent(off):
    full, ablated = LacrVae(ModelConfig()), LacrVae(ModelConfig(**{off: False}))
    ratio = count_parameters(ablated) / count_parameters(full)
    assert ratio == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    "changes",
    [
        {"skips": False},
        {"illumination_input": False},
        {"gain_from_latent": False, "skip_norm": False},
        {"rcam": False, "amsm": False},
        {"light": "product"},
    ],
)
def test_every_part_can_be_turned_off_and_trains(changes):
    model = shaken(small(**changes)).train()
    x = torch.rand(2, 3, 32, 32)
    model(x).enhanced.mean().backward()
    used = [p for p in model.parameters() if p.requires_grad]  # what training counts and waits for
    assert all(p.grad is not None and p.grad.isfinite().all() for p in used)


def test_a_gain_head_that_is_not_asked_is_no_parameter_and_does_not_answer():
    model, ours = small(gain_from_latent=False), small()
    held = sum(p.numel() for p in model.parameters())
    assert count_parameters(model) == held - count_parameters(ours.gain_head)
    assert set(model.state_dict()) == set(ours.state_dict())  # saved files keep their keys
    z = torch.randn(1, 4, 2, 2)
    for ask in (lambda: model.gain(z, (16, 16)), lambda: asked_gain(model, z)):
        with pytest.raises(LacrError, match="gain_from_latent"):
            ask()


def test_a_given_code_replaces_the_images_own():
    model = shaken(small()).eval()
    x = torch.rand(2, 3, 32, 32)
    mu = model.encode(x).mu
    torch.testing.assert_close(model(x, z=mu).enhanced, model(x).enhanced)
    assert not torch.allclose(model(x, z=mu.flip(0)).enhanced, model(x).enhanced)


def test_illumination_map_is_the_brightest_channel():
    x = torch.tensor([0.2, 0.7, 0.1]).view(1, 3, 1, 1)
    assert illumination_map(x).item() == pytest.approx(0.7)


def test_posteriors_start_narrow_and_keep_their_range():
    model, x = small(), torch.rand(2, 3, 32, 32)
    mu, log_var, _ = model.encode(x)
    assert mu.abs().mean() < 1 and log_var.mean().item() == pytest.approx(-4, abs=0.5)
    torch.nn.init.normal_(model.encoder.posterior.weight, std=100.0)
    log_var = model.encode(x).log_var
    assert log_var.min() == -10 and log_var.max() == 4


@pytest.mark.parametrize("light", ["odds", "product"])
def test_the_light_asked_for_acts_and_nothing_is_clamped(light):
    model, x = small(light=light).eval(), torch.full((1, 3, 32, 32), 0.5)
    torch.nn.init.constant_(model.gain_head[-1].bias, 1.5)
    lit = relight(x, torch.full_like(x, 1.5), light)
    torch.testing.assert_close(model(x).enhanced, lit)
    assert light == "odds" or lit.min() > 2


def test_an_enhancement_is_the_light_plus_the_detail():
    model, x = shaken(small(), scale=0.3).eval(), torch.rand(1, 3, 32, 32)
    mu, _, skips = model.encode(x)
    gain, detail = model.light_and_detail(mu, skips, (32, 32))
    torch.testing.assert_close(model(x).enhanced, relight(x, gain) + detail)


def test_any_size_gives_the_corner_of_its_reflected_image():
    model, x = shaken(small(), scale=0.3).eval(), torch.rand(1, 3, 17, 31)
    padded = pad_to_regions(x)
    assert padded.shape == (1, 3, 24, 32) and torch.equal(padded[..., :17, :31], x)
    assert torch.equal(padded[..., 17:, :31], x.flip(2)[..., 1:8, :])
    torch.testing.assert_close(model(x).enhanced, model(padded).enhanced[..., :17, :31])


def test_gain_and_residual_stay_in_float32_under_autocast():
    model, x = shaken(small(), scale=0.3).eval(), torch.rand(1, 3, 32, 32)
    mu, _, skips = model.encode(x)
    gain = model.gain(mu, (32, 32))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(model.gain(mu, (32, 32)), gain)
        assert model.decoder(mu, skips)[0].dtype == torch.float32


def test_a_free_gain_keeps_the_range_too():
    model = shaken(small(gain_from_latent=False), scale=50.0).eval()
    mu, _, skips = model.encode(torch.rand(1, 3, 32, 32))
    gain, _ = model.light_and_detail(mu, skips, (32, 32))
    assert gain.min() == -1 and gain.max() == 4


def test_skips_are_normalised_for_each_image_and_channel():
    decoder = small().decoder
    skip = torch.randn(2, 8, 12, 12) * torch.rand(2, 8, 1, 1) + torch.randn(2, 8, 1, 1)
    skip[0, 0] = 0.3  # of one value: no pattern, and no division by zero
    found = decoder.normalise(skip, decoder.skip_stats[0])
    torch.testing.assert_close(found, F.instance_norm(skip), atol=1e-4, rtol=1e-4)


def test_an_image_that_loses_its_skips_is_decoded_from_its_code_alone():
    model = shaken(small(skip_dropout=1.0), scale=0.3)
    x, other = torch.rand(2, 1, 3, 32, 32)
    z = model.encode(x).mu
    for training in (True, False):
        model.train(training)
        one, two = (model.decoder(z, model.encode(image).skips)[0] for image in (x, other))
        assert torch.equal(one, two) == training


def test_skip_dropout_is_the_share_that_is_lost():
    decoder = small(skip_dropout=0.2).decoder
    torch.manual_seed(0)
    kept = decoder.train().kept_skips(torch.zeros(1000, 4, 2, 2))
    assert kept.mean().item() == pytest.approx(0.8, abs=0.05)


def test_reparameterise_passes_the_gradient_to_mean_and_width():
    mu, log_var = torch.randn(2, 50).requires_grad_(), torch.randn(2, 50).requires_grad_()
    z = reparameterise(mu, log_var)
    z.sum().backward()
    torch.testing.assert_close(mu.grad, torch.ones(2, 50))
    torch.testing.assert_close(log_var.grad, 0.5 * (z - mu).detach())


@pytest.mark.parametrize(("off", "gone", "kept"), [("rcam", RCAM, AMSM), ("amsm", AMSM, RCAM)])
def test_what_is_turned_off_is_gone_and_the_other_part_stays(off, gone, kept):
    counts = [sum(isinstance(m, k) for m in small(**{off: False}).modules()) for k in (gone, kept)]
    assert counts[0] == 0 and counts[1] == (8 if kept is AMSM else 4)


def test_grids_and_kernels_of_the_configuration_reach_the_modules():
    modules = list(small(token_grids=(1, 3), kernel_sizes=(5,)).modules())
    assert {m.token_grids for m in modules if isinstance(m, RCAM)} == {(1, 3)}
    assert {m.kernel_sizes for m in modules if isinstance(m, AMSM)} == {(5,)}


def test_the_compiler_takes_the_model_as_one_graph():
    """A number that the device alone knows would end a graph, and in eager mode wait for it."""
    explained = torch._dynamo.explain(small())(torch.rand(1, 3, 32, 32))
    assert explained.graph_count == 1, explained.break_reasons
