"""The KL term of the evidence lower bound."""

from __future__ import annotations

from torch import Tensor


def kl_divergence(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL( N(mu, sigma^2) || N(0, I) ) of each image, averaged over latent entries.

    Shapes: mu, log_var (B, Z, h, w) -> (B,). Unit: nats per latent entry.
    Source: Kingma & Welling 2014, appendix B.
    """
    per_entry = 0.5 * (mu.square() + log_var.exp() - 1.0 - log_var)
    return per_entry.flatten(1).mean(dim=1)


def elbo_beta(latent_channels: int, laplace_scale: float = 0.08) -> float:
    """The beta at which mean L1 + beta * KL is a true evidence lower bound, up to a constant.

    A region has 8*8*3 = 192 values and Z latent entries; L1 divided by the scale b is a Laplace
    log-likelihood. With both terms averaged per entry, beta = b * Z / 192.
    """
    return laplace_scale * latent_channels / 192
