"""A table of latents drawn from the posteriors, to set beside the table of their means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lacr_lib.latent.encode import Latents


def drawn(latents: Latents, seed: int = 0) -> Latents:
    """The same rows with z = mu + sigma * eps in the place of mu, one draw a region.

    Draw regions first and pool then: the `log_var` of a pooled table is a mean over regions, not
    the doubt about their mean. Source: Kingma & Welling 2014, section 2.4.
    """
    eps = np.random.default_rng(seed).standard_normal(latents.mu.shape, np.float32)
    return replace(latents, mu=latents.mu + np.exp(0.5 * latents.log_var) * eps)
