"""What varies in the codes beside the light: their principal directions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.latent.light_axis import LightAxis


class Directions(NamedTuple):
    """vectors (K, Z), unit length, widest first; deviation (K,) of the codes along each.

    Unit of deviation: latent units. share (K,): part of the whole variance along each, 0..1.
    """

    vectors: NDArray[np.float64]
    deviation: NDArray[np.float64]
    share: NDArray[np.float64]


def principal_directions(
    mu: NDArray[np.floating], count: int = 3, without: LightAxis | None = None
) -> Directions:
    """The directions in which region codes (N, Z) differ most: PCA, exact, the same on every call.

    without: an axis that is taken out of the codes first, so that no direction repeats it; `share`
    still counts the whole variance. Of the two signs of a direction, the one with which its largest
    entry is positive. Errors: fewer codes or dimensions than directions.
    """
    dimensions = mu.shape[1] - (without is not None)
    if not 1 <= count <= min(dimensions, len(mu) - 1):
        raise LacrError(
            f"{len(mu)} codes in {dimensions} dimensions have no {count} principal directions"
        )
    centred = mu.astype(np.float64) - mu.mean(axis=0, dtype=np.float64)
    whole = float(np.square(centred).sum())
    if without is not None:
        centred -= np.outer(centred @ without.direction, without.direction)
    squares, vectors = np.linalg.eigh(centred.T @ centred)  # Z x Z, however many codes there are
    widest = np.argsort(squares)[::-1][:count]
    vectors, squares = vectors[:, widest].T, squares[widest].clip(min=0)
    largest = np.abs(vectors).argmax(axis=1)
    vectors *= np.sign(vectors[np.arange(count), largest])[:, None]
    return Directions(vectors, np.sqrt(squares / (len(mu) - 1)), squares / max(whole, 1e-12))
