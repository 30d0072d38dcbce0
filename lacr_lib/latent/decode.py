"""Codes drawn, mixed and exchanged, and what the decoder makes of them.

Everywhere only z changes; the photograph and its skips stay. Images: (H, W, 3) sRGB in [0, 1];
a photograph over 1 megapixel or under 16 pixels a side comes back in the size of `as_batch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import LUMA, as_batch
from lacr_lib.models.config import REGION
from lacr_lib.models.mode import evaluation_mode

if TYPE_CHECKING:
    from lacr_lib.models.vae import LacrVae

Photo = NDArray[np.uint8]


class Draws(NamedTuple):
    """images (D, H, W, 3), one a draw; deviation (H, W): of the luma over the draws."""

    images: NDArray[np.float32]
    deviation: NDArray[np.float64]


class Request(NamedTuple):
    """The light that a code asks for: mean log gain decoded from it, nats.

    own: a photograph's; exchanged: with the light of another one; other: that one's.
    """

    own: float
    exchanged: float
    other: float

    @property
    def carried(self) -> float:
        """Share of the way from the own to the other's request that the exchange goes; 1: all."""
        way = self.other - self.own
        return (self.exchanged - self.own) / way if way else float("nan")


@torch.inference_mode()
def decode_codes(
    model: LacrVae, x: Tensor, skips: list[Tensor], codes: Iterable[Tensor]
) -> NDArray[np.float32]:
    """One photograph (1, 3, H, W) under several codes (1, Z, h, w) -> (K, H, W, 3), clamped.

    As in evaluation, whatever mode the model is in: in training, skips are dropped by chance.
    """
    with evaluation_mode(model):
        images = torch.cat([model.decode(z, x, skips).clamp(0, 1) for z in codes])
    return np.asarray(images.permute(0, 2, 3, 1).cpu().numpy())


@torch.inference_mode()
def posterior_draws(model: LacrVae, photo: Photo, draws: int = 16, seed: int = 0) -> Draws:
    """Decodes a photograph (H, W, 3) from codes drawn from its posterior, z = mu + sigma * eps.

    What differs is what the *code* leaves open; the model's other doubts do not show. The deviation
    is unbiased (D - 1). Errors: fewer than two draws.
    """
    if draws < 2:
        raise LacrError(f"a spread needs at least two draws, not {draws}")
    x = as_batch(photo, model)
    mu, log_var, skips = model.encode(x)
    noise = torch.Generator().manual_seed(seed)  # on the CPU: the same draws on every device
    eps = (torch.randn(mu.shape, generator=noise).to(mu) for _ in range(draws))
    sigma = torch.exp(0.5 * log_var)
    images = decode_codes(model, x, skips, (mu + sigma * each for each in eps))
    return Draws(images, (images @ np.array(LUMA)).std(axis=0, ddof=1))


@torch.inference_mode()
def interpolate(
    model: LacrVae,
    photo: Photo,
    toward: Photo,
    steps: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
) -> NDArray[np.float32]:
    """A photograph decoded while its code goes to that of another one *of the same scene*.

    Step 0: its own code, 1: the other's, region by region. (H, W, 3) twice -> (K, H, W, 3).
    Errors: photographs of different size.
    """
    if photo.shape != toward.shape:
        raise LacrError(
            f"two photographs of one scene have one size, not {photo.shape} and {toward.shape}"
        )
    x = as_batch(photo, model)
    mu, _, skips = model.encode(x)
    way = model.encode(as_batch(toward, model)).mu - mu
    return decode_codes(model, x, skips, (mu + t * way for t in steps))


@torch.inference_mode()
def exchange_light(model: LacrVae, structure: Photo, light: Photo) -> NDArray[np.float32]:
    """One photograph (H, W, 3), decoded with the light that another one asks for.

    Its code is shifted by one vector, the same for all regions, so that the *mean* code becomes the
    other's: the pattern of its own light stays, and photographs of any size may exchange.
    """
    x = as_batch(structure, model)
    mu, _, skips = model.encode(x)
    other = model.encode(as_batch(light, model)).mu
    return np.asarray(decode_codes(model, x, skips, [with_mean_of(mu, other)])[0])


def with_mean_of(mu: Tensor, other: Tensor) -> Tensor:
    """A map of codes (1, Z, h, w), shifted so that its mean is that of the other (1, Z, ., .)."""
    return mu + other.mean(dim=(2, 3), keepdim=True) - mu.mean(dim=(2, 3), keepdim=True)


@torch.inference_mode()
def exchanged_request(model: LacrVae, structure: Photo, light: Photo) -> Request:
    """What the two photographs (H, W, 3) of `exchange_light` ask for, and what comes of it.

    The pictures cannot tell: they have a light of their own besides, which no code changes.
    """
    mu, other = (model.encode(as_batch(photo, model)).mu for photo in (structure, light))
    codes = (mu, with_mean_of(mu, other), other)
    return Request(*(asked_gain(model, z) for z in codes))


@torch.inference_mode()
def asked_gain(model: LacrVae, z: Tensor) -> float:
    """The mean gain that a map of codes (1, Z, h, w) asks for, nats: log odds of light."""
    return float(model.gain(z, (z.shape[2] * REGION, z.shape[3] * REGION)).mean())
