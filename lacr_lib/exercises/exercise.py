"""What an exercise is, and how its check compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Answer = Callable[..., Any]
Hint = str | None


@dataclass(frozen=True)
class Exercise:
    """examine: an answer -> None where it is right, else a hint that tells the mistake found.

    expected: draws what should come out, where a picture helps more than words.
    """

    examine: Callable[[Answer], Hint]
    expected: Callable[[], Figure] | None = None


def close(found: Any, wanted: Any, tolerance: float = 1e-4) -> bool:
    """Equal shapes, and values equal to a relative and absolute tolerance; NaN equals NaN.

    Tensors, arrays, numbers and tuples of them; anything else, None included, is close to nothing.
    """
    try:
        a, b = _array(found), _array(wanted)
    except (TypeError, ValueError):
        return False
    return a.shape == b.shape and np.allclose(a, b, tolerance, tolerance, equal_nan=True)


def shape_of(found: Any) -> tuple[int, ...] | None:
    """Shape of a tensor, an array or a number; None for what is none of them."""
    try:
        shape: tuple[int, ...] = _array(found).shape
        return shape
    except (TypeError, ValueError):
        return None


def _array(value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    elif isinstance(value, (tuple, list)):
        value = [_array(each) for each in value]
    return np.asarray(value, dtype=np.float64)
