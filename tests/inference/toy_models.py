"""Models for tests whose every part speaks: what is near zero at the start would hide errors."""

from __future__ import annotations

import torch

from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


def lively(config: ModelConfig, size: float = 1.5) -> LacrVae:
    """A model in eval mode whose far-away pixels matter.

    size: deviation of a layer's output where its input has 1.
    """
    torch.manual_seed(0)
    model = LacrVae(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0, size / weight[0].numel() ** 0.5)
    return model
