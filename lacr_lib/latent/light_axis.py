"""The light axis: one direction from low-light to clear, and what it does when decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor

from lacr_lib.errors import LacrError
from lacr_lib.latent.decode import asked_gain, decode_codes
from lacr_lib.latent.encode import LUMA, Latents, as_batch

if TYPE_CHECKING:
    from lacr_lib.models.vae import LacrVae

STEPS = tuple(float(t) for t in np.linspace(-0.5, 1.5, 9))  # in units of the mean way low -> clear


class LightAxis(NamedTuple):
    """direction (Z,), unit length; low, clear: mean place of both kinds along it, latent units.

    share: part of the squared way from low to clear that the mean direction explains, 0..1.
    """

    direction: NDArray[np.float64]
    low: float
    clear: float
    share: float

    @property
    def way(self) -> float:
        """Mean distance from low to clear along the axis, latent units."""
        return self.clear - self.low

    def place(self, mu: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where latents (N, Z) lie along the axis: 0 mean low, 1 mean clear, (N,)."""
        return (mu @ self.direction - self.low) / self.way


class Walk(NamedTuple):
    """A photograph decoded along the axis: steps (K,), images (K, H, W, 3) in [0, 1], luma (K,)."""

    steps: NDArray[np.float64]
    images: NDArray[np.float32]
    luma: NDArray[np.float64]

    @property
    def spearman(self) -> float:
        """Rank correlation of step and mean luma: 1 brighter with each step, -1 darker."""
        if np.ptp(self.luma) == 0:
            return float("nan")
        return float(spearmanr(self.steps, self.luma).statistic)


def light_axis(pooled: Latents) -> LightAxis:
    """The mean direction from low to clear, each scene with the same weight.

    pooled: one row a photograph, of *training* scenes; held-out scenes then test the axis.
    Errors: no scene with both a low and a clear photograph.
    """
    lows, clears = [], []
    for scene in np.unique(pooled.scene):
        here = pooled.scene == scene
        low, clear = (pooled.mu[here & (pooled.kind == kind)] for kind in ("low", "clear"))
        if len(low) and len(clear):
            lows.append(low.mean(axis=0))
            clears.append(clear.mean(axis=0))
    if not lows:
        raise LacrError("a light axis needs scenes with a low and a clear photograph")
    low, clear = np.stack(lows).astype(np.float64), np.stack(clears).astype(np.float64)
    ways = clear - low
    direction = ways.mean(axis=0) / np.linalg.norm(ways.mean(axis=0))
    share = float(np.square(ways @ direction).sum() / np.square(ways).sum())
    return LightAxis(
        direction, float((low @ direction).mean()), float((clear @ direction).mean()), share
    )


@torch.inference_mode()
def walk(
    model: LacrVae, photo: NDArray[np.uint8], axis: LightAxis, steps: Sequence[float] = STEPS
) -> Walk:
    """Decodes one photograph while its code is moved along the axis, all regions alike.

    A step of 1 moves the code by the mean way from low to clear; 0 is the photograph's own code.
    The photograph itself and its skips stay: only z changes. uint8 (H, W, 3) -> images in [0, 1],
    of the size of `as_batch` (at most 1 megapixel).
    """
    x = as_batch(photo, model)
    code = model.encode(x)
    stack = decode_codes(model, x, code.skips, _moved(code.mu, axis, steps))
    luma = (stack @ np.array(LUMA)).mean(axis=(1, 2))
    return Walk(np.asarray(steps, np.float64), stack, luma)


@torch.inference_mode()
def walked_gain(
    model: LacrVae, photo: NDArray[np.uint8], axis: LightAxis, steps: Sequence[float] = STEPS
) -> NDArray[np.float64]:
    """The mean gain that each code of `walk` asks for, nats (K,): why the picture is lit as it is.

    The gain is decoded from the code alone; the photograph (H, W, 3) stays as dark as it was.
    """
    mu = model.encode(as_batch(photo, model)).mu
    return np.array([asked_gain(model, z) for z in _moved(mu, axis, steps)])


def _moved(mu: Tensor, axis: LightAxis, steps: Sequence[float]) -> Iterator[Tensor]:
    """A map of codes (1, Z, h, w), all its regions moved by so many mean ways along the axis."""
    move = torch.from_numpy(axis.direction * axis.way).to(mu).view(1, -1, 1, 1)
    return (mu + t * move for t in steps)
