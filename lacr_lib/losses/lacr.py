"""LACR, the light-aware contrastive regularisation: toward clear, away from low light.

Paper: latents of enhanced images are aligned with those of clear images and kept away from those of
low-light images; one positive, several negatives. Ours: every formula in this file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from lacr_lib.models.config import REGION
from lacr_lib.models.vae import illumination_map

Form = Literal["ratio", "bounded", "triplet", "infonce"]
Distance = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # of two maps, with region weights
EPSILON = 1e-3
LEAST_LIGHT_LOSS = 0.02  # an image that lost less takes no part: there is nothing to pull
TRIPLET_MARGIN = 0.2
INFONCE_TEMPERATURE = 0.1


def light_aware_weights(x_l: Tensor, x_c: Tensor, light_aware: bool = True) -> Tensor:
    """How much light each region lost, as weights of mean 1 in each image [ours].

    All zero for an image whose mean light loss is under 0.02 (clear-to-clear pairs), which takes it
    out of the term. light_aware=False: 1 everywhere else.
    Shapes: x_l, x_c (B, 3, H, W) in [0, 1] -> (B, ceil(H/8), ceil(W/8)).
    """
    loss = region_light(x_c) - region_light(x_l)
    takes_part = loss.mean(dim=(1, 2), keepdim=True) >= LEAST_LIGHT_LOSS
    lost = loss.clamp_min(0.0) if light_aware else torch.ones_like(loss)
    weights = lost / lost.mean(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    return torch.where(takes_part, weights, torch.zeros_like(weights))


def region_light(x: Tensor) -> Tensor:
    """Mean illumination of each region: (B, 3, H, W) -> (B, ceil(H/8), ceil(W/8))."""
    light = illumination_map(x.float())
    return F.avg_pool2d(light, REGION, ceil_mode=True, count_include_pad=False).squeeze(1)


def low_pass(x: Tensor, size: int = 4, scale: int = 1) -> Tensor:
    """Box average over size x size pixels, then bilinear to 1/scale of the image's size.

    The term encodes low-passed copies: light is low-frequency, and a term that sees fine texture is
    cheated by fine texture. What is smooth can be encoded small: scale 2 costs a quarter.
    Shapes: (B, C, H, W) -> (B, C, ceil(H/scale), ceil(W/scale)).
    """
    small = F.avg_pool2d(x, size, ceil_mode=True, count_include_pad=False)
    sides = [-(-side // scale) for side in x.shape[2:]]
    return F.interpolate(small, size=sides, mode="bilinear", align_corners=False)


def light_only(x: Tensor) -> Tensor:
    """The same image, whose gradient is shared alike by its channels: (B, 3, H, W) -> same.

    Light is no colour. A term whose gradient may tint the image is cheated by a tint, as by fine
    texture: some cast that the encoder takes for light.
    """
    grey = x.mean(dim=1, keepdim=True)
    return x.detach() + (grey - grey.detach())


def unit_scale(mu: Tensor) -> Tensor:
    """Each region's latent with mean 0 and variance 1 over its channels: (B, Z, h, w) -> same.

    An encoder that is trained by the term can lower it by making all latents larger; here it
    cannot [ours].
    """
    return F.layer_norm(mu.movedim(1, -1), mu.shape[1:2]).movedim(-1, 1)


def latent_distance(a: Tensor, b: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean absolute difference of two latent maps, over channels and weighted regions.

    Shapes: a, b (..., Z, h, w), weights broadcastable to (..., h, w) -> (...). Unit: latent units.
    """
    per_region = (a - b).abs().mean(dim=-3)
    if weights is not None:
        per_region = per_region * weights
    return per_region.mean(dim=(-2, -1))


def wasserstein_distance(a: Tensor, b: Tensor, weights: Tensor | None = None) -> Tensor:
    """2-Wasserstein distance of two maps of diagonal Gaussians, over weighted regions.

    A map holds means and standard deviations, stacked as by `gaussian`. For independent entries
    W_2^2 = sum (mu - mu')^2 + (sigma - sigma')^2; divided by their number before the root, the
    distance keeps the scale of one entry.
    Shapes: a, b (..., 2Z, h, w), weights broadcastable to (..., h, w) -> (...). Unit: latent units.
    Source: Dowson & Landau 1982.
    """
    squares = (a - b).square().sum(dim=-3) / (a.shape[-3] // 2)
    per_region = squares.clamp_min(1e-12).sqrt()  # the root has no slope at 0
    if weights is not None:
        per_region = per_region * weights
    return per_region.mean(dim=(-2, -1))


def gaussian(mu: Tensor, log_var: Tensor) -> Tensor:
    """A posterior as one map, mu above sigma: (B, Z, h, w) twice -> (B, 2Z, h, w)."""
    return torch.cat([mu, torch.exp(0.5 * log_var)], dim=1)


def lacr_loss(
    mu_e: Tensor,
    mu_c: Tensor,
    mu_n: Tensor,
    weights: Tensor | None = None,
    form: Form = "ratio",
    distance: Distance = latent_distance,
) -> Tensor:
    """Contrast of each image: small when its latent is near clear and far from low light.

    With D_p = distance to clear and D_n = mean distance to the K negatives,
    ratio: D_p / (D_n + 1e-3); bounded: D_p / (D_p + D_n + 1e-3); triplet: max(0, D_p - D_n + 0.2);
    infonce: cross-entropy of picking the positive among 1 + K, at temperature 0.1.
    Where D_p > D_n, D_n is detached: pushing from low light would push from clear as well.
    distance: between means, or between posteriors, `wasserstein_distance` of `gaussian` maps.
    Shapes: mu_e, mu_c (B, Z, h, w), mu_n (B, K, Z, h, w), weights (B, h, w) -> (B,); 0, with no
    gradient, for an image whose weights are all zero. Raises ValueError for an unknown form.
    """
    takes_part = torch.ones_like(mu_e[:, 0, 0, 0], dtype=torch.bool)
    if weights is not None:
        takes_part = weights.flatten(1).sum(dim=1) > 0
    d_p = distance(mu_e, mu_c, weights)  # (B,)
    each_d_n = distance(
        mu_e[:, None], mu_n, None if weights is None else weights[:, None]
    )  # (B, K)
    far = (d_p > each_d_n.mean(dim=1))[:, None]
    each_d_n = torch.where(far, each_d_n.detach(), each_d_n)
    value = contrast(d_p, each_d_n, form)
    return torch.where(takes_part, value, torch.zeros_like(value))


def contrast(d_p: Tensor, each_d_n: Tensor, form: Form) -> Tensor:
    """The four forms on distances: d_p (B,), each_d_n (B, K) -> (B,)."""
    d_n = each_d_n.mean(dim=1)
    if form == "ratio":
        return d_p / (d_n + EPSILON)
    if form == "bounded":
        return d_p / (d_p + d_n + EPSILON)
    if form == "triplet":
        return F.relu(d_p - d_n + TRIPLET_MARGIN)
    if form == "infonce":
        scores = -torch.cat([d_p[:, None], each_d_n], dim=1) / INFONCE_TEMPERATURE
        return -F.log_softmax(scores, dim=1)[:, 0]
    raise ValueError(f"form must be ratio, bounded, triplet or infonce, not {form!r}")
