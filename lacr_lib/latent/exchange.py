"""Codes of two photographs, mixed or exchanged, and what the decoder makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.latent.encode import as_batch

if TYPE_CHECKING:
    from lacr_lib.models.vae import LacrVae


@torch.inference_mode()
def interpolate(
    model: LacrVae,
    photo: NDArray[np.uint8],
    toward: NDArray[np.uint8],
    steps: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
) -> NDArray[np.float32]:
    """A photograph decoded while its code goes to that of another one *of the same scene*.

    Step 0: its own code, 1: the other's, region by region; photograph and skips stay. uint8
    (H, W, 3) twice -> (K, H, W, 3) in [0, 1]. Errors: photographs of different size.
    """
    if photo.shape != toward.shape:
        raise LacrError(
            f"two photographs of one scene have one size, not {photo.shape} and {toward.shape}"
        )
    x = as_batch(photo, model)
    mu, _, skips = model.encode(x)
    end = model.encode(as_batch(toward, model)).mu
    images = [model.decode(mu + t * (end - mu), x, skips).clamp(0, 1)[0] for t in steps]
    return np.asarray(torch.stack(images).permute(0, 2, 3, 1).cpu().numpy())


@torch.inference_mode()
def exchange_light(
    model: LacrVae, structure: NDArray[np.uint8], light: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """One photograph, decoded with the light that another one asks for.

    Its code is shifted by one vector, the same for all regions, so that the *mean* code becomes the
    other's. So the pattern of its own light stays, and scenes of any size may exchange. uint8
    (H, W, 3) -> (H, W, 3) in [0, 1].
    """
    x = as_batch(structure, model)
    mu, _, skips = model.encode(x)
    other = model.encode(as_batch(light, model)).mu
    shift = other.mean(dim=(2, 3), keepdim=True) - mu.mean(dim=(2, 3), keepdim=True)
    image = model.decode(mu + shift, x, skips).clamp(0, 1)[0]
    return np.asarray(image.permute(1, 2, 0).cpu().numpy())
