"""Small photo sets and a model whose every answer is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacr_lib.data.photoset import Frame, PhotoSet, Scene
from lacr_lib.latent.encode import Latents
from lacr_lib.models.vae import Encoding

WHITE = 160.0  # mean level of every clear photograph
DARK = ((0.1, 0.3), (0.2, 0.5), (0.15, 0.4), (0.25, 0.35))  # each scene's low frames, against clear


def _photo(scene: int, level: float) -> np.ndarray:
    rng = np.random.default_rng(scene)
    clear = rng.uniform(0.7, 1.3, (32, 40, 3))
    return np.round(clear / clear.mean() * WHITE * level).astype(np.uint8)


def _scene(index: int) -> Scene:
    low = tuple(
        Frame(f"low_{i}", partial(_photo, index, level), None, level)
        for i, level in enumerate(DARK[index])
    )
    return Scene(f"s{index}", "", Frame("clear", partial(_photo, index, 1.0), None, 1.0), low)


@pytest.fixture
def ladders() -> PhotoSet:
    """Four scenes of random texture, two exposures each that differ by a factor only."""
    return PhotoSet("toys", "ladder", tuple(_scene(index) for index in range(len(DARK))))


class KnownModel(nn.Module):
    """Its code is the mean colour of each region; it brightens to `reach` of the clear level.

    The gain comes from the mean of the code it is given, so a wrong code gives a wrong brightness.
    """

    def __init__(self, reach: float = 1.0) -> None:
        super().__init__()
        self.reach = reach
        self.level = nn.Parameter(torch.tensor(WHITE / 255))

    def encode(self, x: Tensor) -> Encoding:
        mu = F.avg_pool2d(x, 8, ceil_mode=True, count_include_pad=False)
        return Encoding(mu, torch.zeros_like(mu), [])

    def decode(self, z: Tensor, x: Tensor, skips: list[Tensor]) -> Tensor:
        full = self.level / z.mean().clamp_min(1e-3)
        return x * (1 + self.reach * (full - 1))


@pytest.fixture
def known_model() -> Callable[[float], KnownModel]:
    return KnownModel


def _table(kind: np.ndarray, scene: np.ndarray, mu: np.ndarray, log_var: float = 0.0) -> Latents:
    """One row a region; rows of one kind and scene are one photograph, its regions in a line."""
    names, photograph = np.unique(np.char.add(np.char.add(scene, "/"), kind), return_inverse=True)
    n = len(kind)
    place = np.array([(photograph[:i] == p).sum() for i, p in enumerate(photograph)], np.int32)
    ones = np.ones(n, np.float32)
    return Latents(
        mu.astype(np.float32), np.full(mu.shape, log_var, np.float32), kind, scene, ones, ones,
        place, np.zeros(n, np.int32), photograph.astype(np.int32), names,
    )  # fmt: skip


@pytest.fixture
def table() -> Callable[..., Latents]:
    return _table
