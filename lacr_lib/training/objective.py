"""What one training step minimises: reconstruction + beta KL + lambda LACR."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacr_lib.losses.kl import kl_divergence
from lacr_lib.losses.lacr import (
    gaussian,
    lacr_loss,
    latent_distance,
    light_aware_weights,
    light_only,
    low_pass,
    unit_scale,
    wasserstein_distance,
)
from lacr_lib.losses.reconstruction import reconstruction_loss
from lacr_lib.models.vae import Enhancement, LacrVae
from lacr_lib.training.config import TrainConfig


class Terms(NamedTuple):
    """The terms of one batch, each an average over images (scalar)."""

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    lacr: Tensor


def objective(
    model: nn.Module, averaged: LacrVae, batch: dict[str, Tensor], config: TrainConfig, step: int
) -> Terms:
    """L = L_rec(x_e, x_c) + beta KL + lambda(step) LACR, averaged over the batch.

    `averaged` is the EMA model: in LACR its frozen encoder reads the images, so the gradient
    reaches x_e only and the network cannot inflate its own latents instead of moving its images
    [ours].
    """
    out: Enhancement = model(batch["low"])
    reconstruction = reconstruction_loss(out.enhanced, batch["clear"], config.ssim_weight).mean()
    kl = kl_divergence(out.mu, out.log_var).mean()
    loss = reconstruction + config.beta * kl
    weight = config.lambda_at(step)
    if config.lambda_lacr == 0:  # the twin pays for no contrast
        return Terms(loss, reconstruction, kl, torch.zeros_like(loss))
    encoder = averaged if config.lacr_encoder == "ema" else unwrap(model)
    lacr = contrast_term(out, encoder, batch, config).mean()
    return Terms(loss + weight * lacr, reconstruction, kl, lacr)


def contrast_term(
    out: Enhancement, encoder: LacrVae, batch: dict[str, Tensor], config: TrainConfig
) -> Tensor:
    """LACR of each image, (B,): anchor, positive and negatives through one encoder.

    Positive and negatives share one pass without gradient (with it for `online`).
    """

    def copies(x: Tensor) -> Tensor:
        return low_pass(x, config.lacr_low_pass, config.lacr_scale)

    def latents(mu: Tensor) -> Tensor:
        return unit_scale(mu) if config.lacr_unit_scale else mu

    def read(x: Tensor) -> Tensor:
        mu, log_var, _ = encoder.encode(copies(x))
        return gaussian(mu, log_var) if config.lacr_distance == "wasserstein" else latents(mu)

    weights = light_aware_weights(copies(batch["low"]), copies(batch["clear"]), config.light_aware)
    negatives, chosen = candidates(batch, weights, config)
    if config.lacr_clear_images:  # all of their regions alike
        weights = torch.where(is_dark(weights)[:, None, None], weights, torch.ones_like(weights))
    with torch.set_grad_enabled(config.lacr_encoder == "online"):
        mu_c, mu = read(torch.cat([batch["clear"], negatives])).tensor_split([len(weights)])
    if config.lacr_anchor == "code":
        height, width = mu_c.shape[-2:]
        mu_e = latents(F.adaptive_avg_pool2d(out.z, (height, width)))
    else:
        mu_e = read(light_only(out.enhanced) if config.lacr_light_only else out.enhanced)
    distance = wasserstein_distance if config.lacr_distance == "wasserstein" else latent_distance
    return lacr_loss(mu_e, mu_c, mu[chosen], weights, config.lacr_form, distance)


def candidates(
    batch: dict[str, Tensor], weights: Tensor, config: TrainConfig
) -> tuple[Tensor, Tensor]:
    """Images (N, 3, H, W) to take negatives from, and which of them each image takes, (B, K).

    `scene`: the input and darker versions of it; for the anchor `code` without the input, from
    which a code has no distance; where images that were clear take part, the first darker version
    in place of an input that is the positive itself. `batch`: the input and the inputs of the next
    images of the batch, where one is no low-light photograph (weights all zero) the own input once
    more.
    """
    own = torch.arange(len(weights), device=weights.device)[:, None]
    if config.lacr_negatives_from == "batch":
        others = (own + torch.arange(config.negatives, device=own.device)) % len(own)
        return batch["low"], torch.where(is_dark(weights)[others], others, own)
    negatives = batch["negatives"][:, 1 if config.lacr_anchor == "code" else 0 :]
    count = negatives.shape[1]
    chosen = own * count + torch.arange(count, device=own.device)
    if config.lacr_clear_images:
        chosen[:, 0] = torch.where(is_dark(weights), chosen[:, 0], chosen[:, 1])
    return negatives.flatten(0, 1), chosen


def is_dark(weights: Tensor) -> Tensor:
    """Which images lost light, by their light-aware weights: (B, h, w) -> (B,)."""
    return weights.flatten(1).sum(dim=1) > 0


def unwrap(model: nn.Module) -> LacrVae:
    """The LacrVae inside a distributed wrapper, or the model itself."""
    return cast(LacrVae, getattr(model, "module", model))
