"""What a LACR-VAE is built of, as one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from lacr_lib.errors import LacrError

REGION = 8  # one latent vector stands for each 8 x 8 pixel region
Light = Literal["odds", "product"]
STAGE_WIDTHS = (1, 2, 4, 8)  # channels of the four stages, in units of base_channels


@dataclass(frozen=True)
class ModelConfig:
    """Shape and parts of a LacrVae; each part can be turned off for teaching and ablation.

    A part that is off (`rcam`, `amsm`) is replaced by a plain depth-wise residual block of matched
    parameter count (within 5 %), so an ablation compares ideas and not sizes.
    Paper: four stages of RCAM, AMSM, AMSM; three skips; the reparameterised last map. All sizes
    are ours.
    """

    base_channels: int = 16  # stage widths are 1, 2, 4 and 8 times this
    latent_channels: int = 32  # Z, entries of the latent vector of one region
    rcam: bool = True
    amsm: bool = True
    skips: bool = True
    illumination_input: bool = True  # max over RGB as a fourth input channel [ours]
    gain_from_latent: bool = True  # the gain map sees z alone, never a skip [ours]
    light: Light = "odds"  # how the gain acts on the photograph; see models/light.py [ours]
    skip_norm: bool = True  # instance-normalise skips: takes their light away [ours]
    skip_dropout: float = 0.1  # share of training images that lose all skips [ours]
    stem_stride: int = 1  # 1: first stage at full resolution, as in the paper; 2: at half [ours]
    token_grids: tuple[int, ...] = (1, 2, 4, 8)  # RCAM's region grids
    kernel_sizes: tuple[int, ...] = (3, 5, 7)  # AMSM's branches

    def __post_init__(self) -> None:
        object.__setattr__(self, "token_grids", tuple(self.token_grids))
        object.__setattr__(self, "kernel_sizes", tuple(self.kernel_sizes))
        if self.base_channels < 4 or self.base_channels % 4:
            raise LacrError(f"base_channels must be a multiple of 4, not {self.base_channels}")
        if self.latent_channels < 1:
            raise LacrError(f"latent_channels must be at least 1, not {self.latent_channels}")
        if self.stem_stride not in (1, 2):
            raise LacrError(f"stem_stride must be 1 or 2, not {self.stem_stride}")
        if self.light not in get_args(Light):
            raise LacrError(
                f"light must be one of {', '.join(get_args(Light))}, not {self.light!r}"
            )
        if not 0.0 <= self.skip_dropout <= 1.0:
            raise LacrError(f"skip_dropout must lie in [0, 1], not {self.skip_dropout}")
        if not self.token_grids or min(self.token_grids) < 1:
            raise LacrError(f"token_grids needs grids of at least 1, not {self.token_grids}")
        if not self.kernel_sizes or any(k < 1 or k % 2 == 0 for k in self.kernel_sizes):
            raise LacrError(f"kernel_sizes must be odd and positive, not {self.kernel_sizes}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the four stages."""
        return tuple(self.base_channels * width for width in STAGE_WIDTHS)

    @property
    def strides(self) -> tuple[int, ...]:
        """Pixels per map cell of the stages: (1, 2, 4, 8), or (2, 4, 8, 8) with stem_stride=2."""
        return tuple(min(self.stem_stride * 2**stage, REGION) for stage in range(4))
