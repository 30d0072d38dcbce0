"""Checks of notebook 02: the other divergence, free bits, a code halfway."""

from __future__ import annotations

import torch

from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of
from lacr_lib.losses.kl import kl_divergence
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


def kl_from_prior(answer: Answer) -> Hint:
    """02-kl: KL( N(0, I) || N(mu, sigma^2) ) of each image, averaged over latent entries."""
    mu, log_var = torch.randn(2, 3, 4, 2, 5, generator=torch.Generator().manual_seed(1))
    found = answer(mu, log_var)
    if shape_of(found) == ():
        return "one number for the whole batch; each image gets its own, (B,)"
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))

    def away(scale: torch.Tensor) -> torch.Tensor:
        posterior = torch.distributions.Normal(mu, scale)
        return torch.distributions.kl_divergence(prior, posterior).flatten(1)

    per_entry = away(torch.exp(0.5 * log_var))
    if close(found, kl_divergence(mu, log_var)):
        return "that is KL(q || prior), as in the loss; here the prior comes first"
    if close(found, per_entry.sum(dim=1)):
        return "summed over latent entries; average them, so that the size of a map does not count"
    if close(found, away(torch.exp(log_var)).mean(dim=1)):
        return "log_var is the logarithm of the variance: sigma is exp(log_var / 2)"
    if not close(found, per_entry.mean(dim=1)):
        return "not the divergence; torch.distributions.kl_divergence(prior, posterior) knows it"
    return None


def free_bits(answer: Answer) -> Hint:
    """02-free-bits: what each image pays when the first nats of each unit are free."""
    kl = torch.tensor([[0.0, 0.1, 0.9, 2.0], [0.3, 0.3, 0.3, 0.3]])
    found = answer(kl, 0.5)
    if shape_of(found) != (2,):
        return f"kl_per_unit is (B, Z), the result (B,); this one is {shape_of(found)}"
    if close(found, (kl - 0.5).mean(dim=1)):
        return "a unit below the floor gets money back; it pays nothing, and gets nothing"
    if close(found, (kl.mean(dim=1) - 0.5).clamp_min(0)):
        return "the floor was taken off the mean of all units; each unit has a floor of its own"
    if close(found, kl.clamp_max(0.5).mean(dim=1)):
        return "that charges the first nats and gives away the rest"
    if not close(found, (kl - 0.5).clamp_min(0).mean(dim=1)):
        return "each unit pays what it has above the floor; the result is their mean"
    return None


def halfway(answer: Answer) -> Hint:
    """02-halfway: one frame, decoded from a code between two."""
    generator = torch.Generator().manual_seed(2)
    torch.manual_seed(2)
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4)).eval()
    for part in (model.gain_head[-1], model.decoder.head):  # at first they are silent
        assert isinstance(part, torch.nn.Conv2d)
        torch.nn.init.normal_(part.weight, std=0.3)
    x = torch.rand(1, 3, 16, 24, generator=generator)
    mu_a, mu_b = torch.randn(2, 1, 4, 2, 3, generator=generator)
    with torch.inference_mode():
        skips = model.encode(x).skips
        found = answer(model, x, mu_a, mu_b, 0.25)
        if close(found, model.decode(0.25 * mu_a + 0.75 * mu_b, x, skips)):
            return "at t = 0 it should be all mu_a, at t = 1 all mu_b"
        if close(found, model.decode(model.encode(x).mu, x, skips)):
            return "that is the frame with its own code; decode the mixture of mu_a and mu_b"
        if close(found, model.decode(0.5 * (mu_a + mu_b), x, skips)):
            return "halfway for every t; t says how far the way is gone"
        ends = model.decode(mu_a, x, skips), model.decode(mu_b, x, skips)
        if close(found, 0.75 * ends[0] + 0.25 * ends[1]):
            return "two pictures were mixed; mix the two codes, and decode once"
        right = model.decode(0.75 * mu_a + 0.25 * mu_b, x, skips)
        if not close(found, right) and not close(found, right.clamp(0, 1)):
            return "decode (1 - t) mu_a + t mu_b with x and the skips that encode(x) gives"
    return None


EXERCISES = {
    "02-kl": Exercise(kl_from_prior),
    "02-free-bits": Exercise(free_bits),
    "02-halfway": Exercise(halfway),
}
