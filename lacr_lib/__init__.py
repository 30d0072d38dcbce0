"""LACR-VAE: light-aware contrastive learning for low-light photographs, library and course.

The names below are imported when first used, so that `import lacr_lib` and `lacr --help` stay
quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lacr_lib.errors import LacrError as LacrError
    from lacr_lib.inference.enhance import enhance as enhance
    from lacr_lib.inference.load import load_model as load_model
    from lacr_lib.losses.kl import kl_divergence as kl_divergence
    from lacr_lib.losses.lacr import lacr_loss as lacr_loss
    from lacr_lib.losses.lacr import light_aware_weights as light_aware_weights
    from lacr_lib.models.amsm import AMSM as AMSM
    from lacr_lib.models.config import ModelConfig as ModelConfig
    from lacr_lib.models.rcam import RCAM as RCAM
    from lacr_lib.models.vae import LacrVae as LacrVae
    from lacr_lib.training.config import TrainConfig as TrainConfig
    from lacr_lib.training.fit import fit as fit

__version__ = "0.1.0"

_HOME = {
    "LacrError": "lacr_lib.errors",
    "ModelConfig": "lacr_lib.models.config",
    "LacrVae": "lacr_lib.models.vae",
    "RCAM": "lacr_lib.models.rcam",
    "AMSM": "lacr_lib.models.amsm",
    "kl_divergence": "lacr_lib.losses.kl",
    "light_aware_weights": "lacr_lib.losses.lacr",
    "lacr_loss": "lacr_lib.losses.lacr",
    "TrainConfig": "lacr_lib.training.config",
    "fit": "lacr_lib.training.fit",
    "load_model": "lacr_lib.inference.load",
    "enhance": "lacr_lib.inference.enhance",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lacr_lib' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
