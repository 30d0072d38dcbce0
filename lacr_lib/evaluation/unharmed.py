"""How a photograph that was clear already comes back from an enhancer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lacr_lib.data.layouts import PhotoSet

CAP = 60.0  # dB: equal
Photo = NDArray[np.uint8]


class Returned(NamedTuple):
    """psnr: against what went in, dB, at most 60. brighter: change of the mean, white = 1."""

    psnr: float
    brighter: float


def returned(method: Callable[[Photo], Photo], photoset: PhotoSet) -> dict[str, Returned]:
    """The clear photograph of each scene that has one, after the method; by the scene's name."""
    from lacr_lib.evaluation.metrics import psnr

    found = {}
    for scene in photoset.scenes:
        if scene.clear:
            photo = scene.clear.read()
            back = method(photo.copy())  # it may work in place
            brighter = float(back.mean() - photo.mean()) / 255
            found[scene.name] = Returned(min(psnr(back, photo), CAP), brighter)
    return found
