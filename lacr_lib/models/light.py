"""How light changes an image: additively in the log odds of its values [ours].

    odds:     logit(y_e) = logit(y) + g        y = (x + p) / (1 + 2p), p = 0.01
    product:  x_e + p = (x + p) e^g            for comparison

With odds a dark value is multiplied by e^g, as by a longer exposure; a bright one saturates toward
white, as on film, where a plain product leaves [0, 1]. Two changes of light add up: g1, then g2, is
g1 + g2. The pedestal p lets a value clipped to black be lifted.
Why: with the best smooth g for each photograph (32-pixel cells, every sixth pair of SICE val), odds
reach 27.6 dB and SSIM 0.83, the product 23.3 dB and 0.77.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lacr_lib.models.config import Light

PEDESTAL = 0.01
LOG_ODDS_SCALE = 4.0  # brings the log odds of [0, 1], -4.6 .. 4.6, to about -1 .. 1


def log_odds(x: Tensor) -> Tensor:
    """Log odds of pixel values, x in [0, 1] (clipped to it): shape-preserving, -4.6 to 4.6, nats.

    What the encoder sees: a change of exposure is a shift here, in the dark as in the light.
    """
    return torch.logit((x.clamp(0.0, 1.0) + PEDESTAL) / (1.0 + 2.0 * PEDESTAL))


def relight(x: Tensor, gain: Tensor, light: Light = "odds") -> Tensor:
    """Change the light of an image by a gain, in nats: (B, C, H, W) twice -> (B, C, H, W).

    x in [0, 1]; gain 0 returns it unchanged. odds: values stay between -0.01 and 1.01.
    """
    if light == "product":
        return (x + PEDESTAL) * torch.exp(gain) - PEDESTAL
    span = 1.0 + 2.0 * PEDESTAL
    y, more = (x + PEDESTAL) / span, torch.expm1(gain)
    # sigmoid(logit(y) + gain) - y, written so that no gain is exactly no change
    return x + span * y * (1.0 - y) * more / (1.0 + y * more)
