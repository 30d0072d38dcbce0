"""The running average of the weights: what is evaluated, released, and asked by LACR."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from lacr_lib.models.vae import LacrVae

Tensors = tuple[Tensor, ...] | list[Tensor]


def average_of(model: LacrVae, decay: float) -> AveragedModel:
    """An exponential moving average of a model, frozen, whose memory grows at the start.

    The decay of update n is min(decay, (1 + n) / (10 + n)), so that early averages forget the
    random initial weights. Source: the momentum encoder of MoCo (He et al. 2020); warm-up as is
    customary.
    """

    def blend(averages: Tensors, currents: Tensors, updates: Tensor | int) -> None:
        count = float(updates)  # of all tensors at once: one wait for the device a step
        torch._foreach_lerp_(averages, currents, 1.0 - min(decay, (1.0 + count) / (10.0 + count)))

    averaged = AveragedModel(model, multi_avg_fn=blend)
    return averaged.requires_grad_(False).eval()
