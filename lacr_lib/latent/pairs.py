"""What the pull metrics are made of: every pair of a photo set, enhanced, encoded and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.metrics import psnr, ssim
from lacr_lib.latent.encode import as_batch
from lacr_lib.models.mode import evaluation_mode

if TYPE_CHECKING:
    from lacr_lib.data.layouts import Pair, PhotoSet
    from lacr_lib.models.vae import LacrVae

Floats = NDArray[np.float32]
REGIONS = 256  # regions of a photograph kept for the neighbour search, the same in a whole scene


class PairMeasure(NamedTuple):
    """One pair, measured: distances are mean |difference| over channels and regions.

    fraction (n,) of every region; pooled (3, Z) and regions (3, R, Z) of low, enhanced, clear;
    offered (R,): regions that this pair adds to the neighbour bank.
    """

    name: str
    scene: str
    to_clear: float
    to_low: float
    shared_to_clear: float
    shared_to_low: float
    psnr: float
    ssim: float
    psnr_swapped: float
    psnr_zero: float
    texture: float
    texture_clear: float
    fraction: Floats
    pooled: Floats
    regions: Floats
    offered: NDArray[np.bool_]


@dataclass(frozen=True)
class PairMeasures:
    """All pairs of a set. `scene` (P,) is the index of each pair's scene in `scenes` (S,)."""

    pairs: tuple[PairMeasure, ...]
    scenes: tuple[str, ...]
    scene: NDArray[np.int64]

    def column(self, name: str) -> NDArray[np.float64]:
        """One number of each pair, (P,)."""
        return np.array([getattr(pair, name) for pair in self.pairs], np.float64)

    def rows(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """`fraction` or `regions` of all pairs end to end, and the scene index of each row."""
        parts = [getattr(pair, name) for pair in self.pairs]
        axis = parts[0].ndim - 2 if parts[0].ndim > 1 else 0
        lengths = [part.shape[axis] for part in parts]
        return np.concatenate(parts, axis=axis), np.repeat(self.scene, lengths)


def group_by_scene(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The pairs of each scene, in order. Errors: fewer than two scenes with a clear reference."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.scene, []).append(pair)
    if len(groups) < 2:
        raise LacrError(
            f"the pull is measured over scenes with clear references, {len(groups)} found: "
            "give a folder with at least two"
        )
    return groups


@torch.inference_mode()
def measure_pairs(
    model: LacrVae,
    photoset: PhotoSet,
    shared: LacrVae | None = None,
    seed: int = 0,
    on_pair: Callable[[str], object] | None = None,
) -> PairMeasures:
    """Measures every pair of the set in the model's own encoder and in a shared one.

    shared: the encoder for `shared_to_clear` and `shared_to_low` (None: the model's own). Each pair
    is also decoded with the code of the same rung of the *next* scene, and with zeros. One
    photograph at a time; only the codes of two scenes are held. `on_pair` is called with each
    pair's name.
    Errors: as `group_by_scene`; a pair whose two photographs differ in size.
    """
    groups = group_by_scene(photoset.pairs())
    names = list(groups)
    # backwards, so that the next scene's codes are always the ones just made
    donors = [model.encode(as_batch(p.low.read(), model)).mu for p in groups[names[0]]]
    measured: dict[str, list[PairMeasure]] = {}
    for index in reversed(range(len(names))):
        scene = _Scene(model, shared or model, groups[names[index]], donors, [seed, index])
        measured[names[index]] = [scene.measure(rung, on_pair) for rung in range(len(scene.pairs))]
        donors = scene.codes
    pairs = [pair for name in names for pair in measured[name]]
    scene_of = np.repeat(np.arange(len(names)), [len(measured[name]) for name in names])
    return PairMeasures(tuple(pairs), tuple(names), scene_of)


class _Scene:
    """The pairs of one scene share their clear photograph, the regions looked at, the donors."""

    def __init__(
        self,
        model: LacrVae,
        shared: LacrVae,
        pairs: list[Pair],
        donors: list[Tensor],
        seed: list[int],
    ) -> None:
        self.model, self.shared, self.pairs, self.donors = model, shared, pairs, donors
        self.clear = as_batch(pairs[0].clear.read(), model)
        self.mu_clear = model.encode(self.clear).mu
        self.shared_clear = self.mu_clear if shared is model else shared.encode(self.clear).mu
        count = self.mu_clear[0, 0].numel()
        draw = np.random.default_rng(seed).permutation(count)[:REGIONS]
        self.places = torch.from_numpy(np.sort(draw)).to(self.clear.device)
        self.codes: list[Tensor] = []

    def measure(self, rung: int, on_pair: Callable[[str], object] | None) -> PairMeasure:
        pair, model = self.pairs[rung], self.model
        low = as_batch(pair.low.read(), model)
        if low.shape != self.clear.shape:
            raise LacrError(f"{pair.name}: low and clear differ in size: crop them alike")
        mu_low, _, skips = model.encode(low)
        self.codes.append(mu_low)
        donor = fit_size(self.donors[rung % len(self.donors)], mu_low)
        with evaluation_mode(model):  # in training, skips are dropped by chance
            enhanced, swapped, zero = (
                model.decode(z, low, skips).clamp(0, 1)
                for z in (mu_low, donor, torch.zeros_like(mu_low))
            )
        mu = model.encode(enhanced).mu
        reference = photo(self.clear)
        own = self.shared is model
        shared_mu = mu if own else self.shared.encode(enhanced).mu
        shared_low = mu_low if own else self.shared.encode(low).mu
        codes = torch.cat([mu_low, mu, self.mu_clear])  # (3, Z, h, w)
        if on_pair is not None:
            on_pair(pair.name)
        return PairMeasure(
            name=pair.name,
            scene=pair.scene,
            to_clear=_distance(mu, self.mu_clear),
            to_low=_distance(mu, mu_low),
            shared_to_clear=_distance(shared_mu, self.shared_clear),
            shared_to_low=_distance(shared_mu, shared_low),
            psnr=psnr(photo(enhanced), reference),
            ssim=ssim(photo(enhanced), reference),
            psnr_swapped=psnr(photo(swapped), reference),
            psnr_zero=psnr(photo(zero), reference),
            texture=texture_energy(enhanced),
            texture_clear=texture_energy(self.clear),
            fraction=fraction_of_way(*(c.flatten(1).T for c in codes)).cpu().numpy(),
            pooled=codes.mean(dim=(2, 3)).cpu().numpy(),
            regions=codes.flatten(2)[..., self.places].transpose(1, 2).cpu().numpy(),
            offered=np.arange(len(self.places)) % len(self.pairs) == rung,
        )


def fraction_of_way(low: Tensor, enhanced: Tensor, clear: Tensor) -> Tensor:
    """How far an enhanced latent went from low to clear: <e - l, c - l> / |c - l|^2.

    Shapes: (N, Z) each -> (N,). 0: stayed, 1: arrived, NaN where clear equals low.
    """
    way = clear - low
    return ((enhanced - low) * way).sum(1) / way.square().sum(1)


def texture_energy(image: Tensor) -> float:
    """Mean |x - blur(x)| inside the frame, blur a 3 x 3 box; (1, 3, H, W) in [0, 1]."""
    return float((image[..., 1:-1, 1:-1] - F.avg_pool2d(image, 3, stride=1)).abs().mean())


def fit_size(code: Tensor, like: Tensor) -> Tensor:
    """A latent map brought to another's height and width: (1, Z, h, w), bilinear."""
    if code.shape == like.shape:
        return code
    return F.interpolate(code, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _distance(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().mean())


def photo(image: Tensor) -> Floats:
    """(1, 3, H, W) -> (H, W, 3), as the image metrics take it."""
    return image[0].permute(1, 2, 0).cpu().numpy()
