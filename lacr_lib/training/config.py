"""How to train, as one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lacr_lib.data.batches import BatchSettings
from lacr_lib.errors import LacrError
from lacr_lib.losses.lacr import Form
from lacr_lib.models.config import REGION


@dataclass(frozen=True)
class TrainConfig(BatchSettings):
    """Everything `fit` needs besides the model and the photographs; samples as in BatchSettings.

    Defaults: one stage from scratch. The released weights took three, told in their model card.
    Every figure is ours, the paper's are not public.
    """

    steps: int = 1600
    batch_size: int = 8  # images a process and step
    learning_rate: float = 8e-4  # peak of one cycle
    weight_decay: float = 1e-4
    clip_norm: float = 1.0  # gradient norm above which a step is scaled down; 1e9: never
    ema: float = 0.999  # averaging of the weights that are evaluated and released
    ssim_weight: float = 0.5
    beta: float = 1e-3  # KL weight per latent entry, from step 0
    lambda_lacr: float = 0.5  # 0: the twin without LACR
    lacr_form: Form = "ratio"
    lacr_distance: Literal["l1", "wasserstein"] = "l1"  # of posterior means, or of posteriors
    lacr_ramp: float = 0.15  # share of the steps over which lambda rises
    lacr_encoder: Literal["ema", "online"] = "ema"
    lacr_anchor: Literal["image", "code"] = "image"
    lacr_negatives_from: Literal["scene", "batch"] = "scene"  # the paper says neither
    lacr_clear_images: bool = True  # images that lost no light take part, too, to stay as they are
    lacr_low_pass: int = 4  # box size in pixels; 1, at lacr_scale 1: it sees, and paints, detail
    lacr_scale: int = 2  # the term's copies are 1/scale of the image's size
    lacr_light_only: bool = True  # its gradient moves the light, not the colours
    lacr_unit_scale: bool = False  # its latents are layer-normalised: inflating them gains nothing
    light_aware: bool = True
    workers: int = 0  # loader processes
    cache_gb: float = 4.0  # photographs kept in memory, by all workers together; others: read anew
    compile: bool = False  # torch.compile: minutes to begin with; pays in long runs on a GPU
    checkpoint_every: int = 200
    snapshots: tuple[int, ...] = ()  # steps after which the averaged weights are kept as a file
    skipped_limit: int = 20  # steps with non-finite gradients before training stops

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "snapshots", tuple(self.snapshots))
        for name in ("steps", "batch_size", "checkpoint_every", "lacr_low_pass", "lacr_scale"):
            if getattr(self, name) < 1:
                raise LacrError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise LacrError(f"{name} must be positive, not {getattr(self, name)}")
        for name in (
            "beta", "lambda_lacr", "weight_decay", "ssim_weight", "workers", "cache_gb",
            "skipped_limit",
        ):  # fmt: skip
            if not getattr(self, name) >= 0:
                raise LacrError(f"{name} must not be negative, not {getattr(self, name)}")
        if not 0.0 <= self.lacr_ramp <= 1.0:
            raise LacrError(f"lacr_ramp must lie in [0, 1], not {self.lacr_ramp}")
        if any(not 1 <= step <= self.steps for step in self.snapshots):
            raise LacrError(f"snapshots must lie in 1 to steps={self.steps}, not {self.snapshots}")
        if not 0.0 <= self.ema < 1.0:
            raise LacrError(f"ema must lie in [0, 1), not {self.ema}")
        if -(-self.crop // self.lacr_scale) < 2 * REGION:  # the least that a model encodes
            raise LacrError(
                f"crop must be at least {2 * REGION} times lacr_scale={self.lacr_scale}, "
                f"not {self.crop}"
            )
        self.check_choice("lacr_form", ("ratio", "bounded", "triplet", "infonce"))
        self.check_choice("lacr_distance", ("l1", "wasserstein"))
        self.check_choice("lacr_encoder", ("ema", "online"))
        self.check_choice("lacr_anchor", ("image", "code"))
        self.check_choice("lacr_negatives_from", ("scene", "batch"))
        if self.lacr_negatives_from == "batch" and self.lacr_anchor == "code":
            raise LacrError("lacr_negatives_from=batch needs lacr_anchor=image")
        if self.lacr_negatives_from == "batch" and self.batch_size < self.negatives:
            raise LacrError(
                f"lacr_negatives_from=batch needs batch_size of at least negatives={self.negatives}"
            )
        if self.lacr_anchor == "code" and self.negatives < 2:
            raise LacrError(
                "lacr_anchor=code needs negatives of at least 2: the input is none there"
            )
        if self.lacr_distance == "wasserstein" and self.lacr_anchor == "code":
            raise LacrError(
                "lacr_distance=wasserstein needs lacr_anchor=image: a code has no width"
            )
        if self.lacr_distance == "wasserstein" and self.lacr_unit_scale:
            raise LacrError("lacr_distance=wasserstein and lacr_unit_scale exclude each other")
        if (self.lambda_lacr and self.lacr_clear_images) and (
            self.negatives < 2 or self.lacr_negatives_from == "batch" or self.lacr_anchor == "code"
        ):
            raise LacrError(
                "lacr_clear_images needs negatives of at least 2, lacr_negatives_from=scene and "
                "lacr_anchor=image; or set lacr_clear_images=false"
            )

    def check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        """Raises LacrError when the field holds none of the choices."""
        if getattr(self, name) not in choices:
            raise LacrError(
                f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}"
            )

    def lambda_at(self, step: int) -> float:
        """Weight of LACR at a step: linear ramp, then constant."""
        ramp_steps = max(1.0, self.lacr_ramp * self.steps)
        return self.lambda_lacr * min(1.0, step / ramp_steps)
