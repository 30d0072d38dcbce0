"""A photograph whose code is moved by hand: encoded once, decoded at each move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.latent.decode import decode_codes
from lacr_lib.latent.directions import Directions
from lacr_lib.latent.encode import LUMA, as_batch
from lacr_lib.latent.light_axis import LightAxis
from lacr_lib.models.config import REGION

if TYPE_CHECKING:
    from lacr_lib.models.vae import LacrVae

LIGHT = "light axis"
# The gain head mixes each code with its neighbours and spreads the light smoothly, so that a region
# moved alone shows about a third of what was asked for. A window of this width shows nearly all of
# it in its middle, and nothing at a distance.
REACHES = ("region", "neighbourhood", "photograph")
SPREAD = 3.0  # regions, standard deviation of the neighbourhood's bell


class Region(NamedTuple):
    """Place of a region in the map of codes; it covers the pixels from 8 row and 8 col on."""

    row: int
    col: int


class Handle(NamedTuple):
    """A direction to pull the code in. move (Z,): one step, in latent units; unit: its name."""

    move: NDArray[np.float64]
    unit: str
    start: float
    stop: float


def code_handles(axis: LightAxis, directions: Directions) -> dict[str, Handle]:
    """The light axis in mean ways from low to clear, each direction in its standard deviations."""
    handles = {LIGHT: Handle(axis.direction * axis.way, "mean ways from low to clear", -0.5, 1.5)}
    pairs = zip(directions.vectors, directions.deviation, strict=True)
    for number, (vector, deviation) in enumerate(pairs, 1):
        unit = "standard deviations"
        handles[f"direction {number}"] = Handle(vector * deviation, unit, -3.0, 3.0)
    return handles


def window(grid: tuple[int, int], region: Region, reach: str) -> NDArray[np.float32]:
    """How much of a move each region takes part in, (h, w) in [0, 1]; 1 at the chosen region.

    reach: that region alone, a bell around it, or all regions of the photograph.
    Errors: an unknown reach, a region outside the map.
    """
    if reach not in REACHES:
        raise LacrError(f"no reach {reach!r}: choose from {', '.join(REACHES)}")
    if not (0 <= region.row < grid[0] and 0 <= region.col < grid[1]):
        raise LacrError(f"no {region} in a map of {grid[0]} rows and {grid[1]} columns")
    rows, cols = np.ogrid[: grid[0], : grid[1]]
    squared = (rows - region.row) ** 2 + (cols - region.col) ** 2
    if reach == "region":
        return np.asarray(squared == 0, np.float32)
    width = SPREAD if reach == "neighbourhood" else np.inf
    return np.asarray(np.exp(-squared / (2 * width**2)), np.float32)


class SteeredPhoto:
    """A photograph (H, W, 3) with its code and skips kept, so that a move costs one decoding.

    grid: rows and columns of its map of regions. The last picture is kept: asking again for the
    same code, or marking another region with all handles at 0, decodes nothing.
    """

    def __init__(
        self, model: LacrVae, photo: NDArray[np.uint8], handles: Mapping[str, Handle]
    ) -> None:
        self.model, self.handles = model, dict(handles)
        with torch.inference_mode():
            self._x = as_batch(photo, model)
            self._code = model.encode(self._x)
        height, width = self._code.mu.shape[-2:]
        self.grid = (int(height), int(width))
        moves = np.stack([handle.move for handle in self.handles.values()])
        self._moves = torch.from_numpy(moves).to(self._code.mu)  # (K, Z)
        self._kept: tuple[bytes, NDArray[np.float32]] | None = None

    @property
    def middle(self) -> Region:
        """The region in the middle of the photograph."""
        return Region(self.grid[0] // 2, self.grid[1] // 2)

    def image(
        self, steps: Mapping[str, float], region: Region, reach: str = "neighbourhood"
    ) -> NDArray[np.float32]:
        """Decoded with the code moved by so many steps of each handle, read-only.

        Shape: (H, W, 3), of the size of `as_batch` (at most 1 megapixel). Handles that are not
        named stay at 0. Errors: as `window`; an unknown handle.
        """
        unknown = set(steps) - set(self.handles)
        if unknown:
            raise LacrError(f"no handle {min(unknown)!r}: there are {', '.join(self.handles)}")
        weights = torch.from_numpy(window(self.grid, region, reach)).to(self._moves)
        amounts = self._moves.new_tensor([float(steps.get(name, 0.0)) for name in self.handles])
        shift = (amounts @ self._moves).view(1, -1, 1, 1) * weights  # (1, Z, h, w)
        key = (shift + 0.0).cpu().numpy().tobytes()  # + 0.0: there is no negative zero
        if self._kept is None or self._kept[0] != key:
            mu, _, skips = self._code
            image = decode_codes(self.model, self._x, skips, [mu + shift])[0]
            image.flags.writeable = False
            self._kept = (key, image)
        return self._kept[1]


def luma_at(image: NDArray[np.float32], region: Region | None = None) -> float:
    """Mean luma of one region of a picture (H, W, 3), or of all of it; in [0, 1]."""
    if region is not None:
        top, left = region.row * REGION, region.col * REGION
        image = image[top : top + REGION, left : left + REGION]
    return float((image @ np.array(LUMA)).mean())
