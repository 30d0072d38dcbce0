"""A map cut into parts that are run one after the other, each with a margin around it."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from lacr_lib.models.config import REGION


class Window(NamedTuple):
    """Rows and columns, in cells, of a part that is kept and of the larger part that is run.

    The margin between them is at least as wide as the computation reaches, except at the map's own
    edges, which stay where they are.
    """

    kept: tuple[slice, slice]
    run: tuple[slice, slice]

    def cut(self, x: Tensor, finer: int = 1) -> Tensor:
        """The part to run of a map (..., h, w) that has `finer` times as many cells a side."""
        rows, columns = (slice(s.start * finer, s.stop * finer) for s in self.run)
        return x[..., rows, columns]

    def put(self, out: Tensor, part: Tensor) -> None:
        """Write what was kept of a part (..., rows, columns) to its place in `out` (..., h, w)."""
        (top, left), (up, back) = ((s.start for s in pair) for pair in (self.kept, self.run))
        place = out[(..., *self.kept)]
        height, width = place.shape[-2:]
        place.copy_(part[..., top - up : top - up + height, left - back : left - back + width])


def windows(size: tuple[int, int], side: int, margin: int, multiple: int = REGION) -> list[Window]:
    """Parts that cover a map of `size` cells once; none that is run is much over `side` a side.

    Starts are multiples of `multiple`, margins included, so that region cells coincide.
    """
    margin = multiple * math.ceil(margin / multiple)
    rows, columns = (cuts(length, side, margin, multiple) for length in size)
    return [
        Window(
            (slice(*row), slice(*column)),
            (_run(row, margin, size[0]), _run(column, margin, size[1])),
        )
        for row in rows
        for column in columns
    ]


def cuts(length: int, side: int, margin: int, multiple: int = REGION) -> list[tuple[int, int]]:
    """Ranges that cover a length once, as even as multiples of 8 (or other cells) allow."""
    if length <= side:
        return [(0, length)]
    core = max(multiple, side - 2 * margin)
    step = multiple * math.ceil(length / math.ceil(length / core) / multiple)
    return [(start, min(start + step, length)) for start in range(0, length, step)]


def _run(kept: tuple[int, int], margin: int, length: int) -> slice:
    return slice(max(0, kept[0] - margin), min(length, kept[1] + margin))
