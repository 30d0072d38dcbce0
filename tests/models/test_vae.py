import pytest
import torch
import torch.nn.functional as F

from lacr_lib import LacrVae, ModelConfig
from lacr_lib.errors import LacrError
from lacr_lib.latent.decode import asked_gain
from lacr_lib.models.blocks import count_parameters
from lacr_lib.models.light import relight
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
