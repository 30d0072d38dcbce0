"""What a posterior leaves open: one photograph, decoded from several draws of its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import LUMA, as_batch

if TYPE_CHECKING:
    from lacr_lib.models.vae import LacrVae


class Draws(NamedTuple):
    """images (D, H, W, 3) in [0, 1], one a draw; deviation (H, W): of the luma over draws."""

    images: NDArray[np.float32]
    deviation: NDArray[np.float64]


@torch.inference_mode()
def posterior_draws(
    model: LacrVae, photo: NDArray[np.uint8], draws: int = 16, seed: int = 0
) -> Draws:
    """Decodes a photograph from codes drawn from its posterior, z = mu + sigma * eps.

    The skips and the photograph stay the same, so what differs is what the *code* leaves open; the
    model's other doubts do not show. uint8 (H, W, 3); deviation is unbiased (D - 1).
    Errors: fewer than two draws.
    """
    if draws < 2:
        raise LacrError(f"a spread needs at least two draws, not {draws}")
    x = as_batch(photo, model)
    mu, log_var, skips = model.encode(x)
    noise = torch.Generator().manual_seed(seed)  # on the CPU: the same draws on every device
    sigma, images = torch.exp(0.5 * log_var), []
    for _ in range(draws):
        eps = torch.randn(mu.shape, generator=noise).to(mu)
        images.append(model.decode(mu + sigma * eps, x, skips).clamp(0, 1)[0])
    stack = torch.stack(images).permute(0, 2, 3, 1).cpu().numpy()
    return Draws(stack, (stack @ np.array(LUMA)).std(axis=0, ddof=1))
