"""One call that puts a notebook into a known state."""

from __future__ import annotations

import os
import random
import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def setup(seed: int = 0) -> torch.device:
    """Seeds every generator, sets the figure style, silences progress bars; gives the device.

    Gives: CUDA where PyTorch sees a GPU, else the CPU.
    """
    # tqdm reads this when it is imported, and PyTorch imports tqdm.
    os.environ.setdefault("TQDM_DISABLE", "1")
    warnings.filterwarnings("ignore", message="IProgress not found")
    import torch

    from lacr_lib.figures.style import use_style

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    use_style()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
