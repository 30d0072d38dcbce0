"""A camera in the dark: from a well-lit photograph to an exposure ladder.

    sRGB photo -> linear light -> x illumination field -> x exposure -> photons + read noise
               -> white balance -> sRGB -> 8 bits

Every step is a function of its own with a formula beside it, so that it can be tested and taught.
Linear light is in units of white at exposure 1; noise is drawn in electrons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lacr_lib.data.images import Array, as_float, as_uint8
from lacr_lib.errors import LacrError

LADDER_EXPOSURES = tuple(2.0**-stop for stop in range(1, 7))  # one to six stops under-exposed


@dataclass(frozen=True)
class CameraSettings:
    """What one camera does to light.

    full_well: electrons at white, at exposure 1. read_noise: standard deviation, electrons.
    light_contrast: stops between the brightest and the darkest region of the illumination field.
    white_balance: largest shift of the red and the blue gain, as a natural logarithm (0.08: 8 %).
    bits: of each channel in the file, 1 to 8. Raises LacrError for values without a meaning.
    """

    full_well: float = 4000.0
    read_noise: float = 3.0
    light_contrast: float = 1.5
    white_balance: float = 0.08
    bits: int = 8

    def __post_init__(self) -> None:
        if not (np.isfinite(self.full_well) and self.full_well > 0):
            raise LacrError(f"full_well is a number of electrons above 0, not {self.full_well}")
        for name in ("read_noise", "light_contrast", "white_balance"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise LacrError(f"{name} is a number from 0 up, not {value}")
        if not (isinstance(self.bits, int) and 1 <= self.bits <= 8):
            raise LacrError(f"bits is a whole number from 1 to 8, not {self.bits}")


class Ladder(NamedTuple):
    """One scene at falling exposure: `low[0]` is the darkest, `exposures[0]` its exposure.

    low: list of uint8 (H, W, 3); clear: uint8 (H, W, 3); field: float32 (H, W), in (0, 1].
    """

    low: list[Array]
    clear: Array
    field: Array
    exposures: list[float]


def srgb_to_linear(image: ArrayLike) -> Array:
    """Undo the sRGB tone curve: file values in [0, 1] to light in [0, 1], float32.

    Source: IEC 61966-2-1.
    """
    image = np.asarray(image, dtype=np.float32)
    curve = ((np.maximum(image, 0) + 0.055) / 1.055) ** 2.4
    return np.where(image <= 0.04045, image / 12.92, curve).astype(np.float32)


def linear_to_srgb(image: ArrayLike) -> Array:
    """Apply the sRGB tone curve: light in [0, 1] to file values in [0, 1], float32.

    Source: IEC 61966-2-1.
    """
    image = np.asarray(image, dtype=np.float32)
    curve = 1.055 * np.maximum(image, 0) ** (1 / 2.4) - 0.055
    return np.where(image <= 0.0031308, image * 12.92, curve).astype(np.float32)


def illumination_field(height: int, width: int, contrast: float, rng: np.random.Generator) -> Array:
    """Smooth uneven light: the sum of four random long waves, in stops.

    Returns float32 (height, width): 1 in the brightest place, 2^-contrast in the darkest.
    """
    y = np.linspace(0, 1, height)[:, None]
    x = np.linspace(0, 1, width)[None, :]
    stops = np.zeros((height, width))
    for _ in range(4):
        angle, phase = rng.uniform(0, 2 * np.pi, size=2)
        cycles = rng.uniform(0.3, 1.2)  # across the picture: light changes slowly
        along = np.cos(angle) * x + np.sin(angle) * y
        stops += np.cos(2 * np.pi * cycles * along + phase) / cycles
    stops -= stops.max()
    depth = -stops.min()
    if depth > 0:  # a single pixel has no unevenness
        stops *= contrast / depth
    return (2.0**stops).astype(np.float32)


def add_sensor_noise(
    linear: Array, exposure: float, settings: CameraSettings, rng: np.random.Generator
) -> Array:
    """Expose a sensor: Poisson photo-electrons plus Gaussian read noise.

    electrons ~ Poisson(linear * exposure * full_well) + Normal(0, read_noise^2)
    Shapes: linear (...) in [0, 1] -> (...) float32, electrons / full_well: it stays dark, and
    it is not clipped (read noise reaches below 0), so that mean and variance follow the formula.
    """
    expected = np.asarray(linear, dtype=np.float64) * exposure * settings.full_well
    electrons = rng.poisson(expected) + rng.normal(0, settings.read_noise, size=expected.shape)
    return (electrons / settings.full_well).astype(np.float32)


def noise_variance(linear: Array, exposure: float, settings: CameraSettings) -> Array:
    """Variance of `add_sensor_noise`, by theory: shot noise grows with light, read noise does not.

    variance = linear * exposure / full_well + (read_noise / full_well)^2, in units of white^2.
    """
    shot = np.asarray(linear, dtype=np.float64) * exposure / settings.full_well
    variance: Array = shot + (settings.read_noise / settings.full_well) ** 2
    return variance


def white_balance_gains(settings: CameraSettings, rng: np.random.Generator) -> Array:
    """Gains (3,) of a wrongly guessed white balance: red and blue shifted, green kept at 1."""
    red, blue = np.exp(rng.uniform(-settings.white_balance, settings.white_balance, size=2))
    return np.array([red, 1.0, blue], dtype=np.float32)


def quantise(image: Array, bits: int) -> Array:
    """Round values in [0, 1] to the 2^bits levels of a file, float32."""
    levels = 2**bits - 1
    return np.asarray(np.round(np.clip(image, 0, 1) * levels) / levels, dtype=np.float32)


def darken(
    photo: Array,
    exposure: float,
    settings: CameraSettings,
    rng: np.random.Generator,
    field: Array | None = None,
    gains: Array | None = None,
) -> Array:
    """Photograph a well-lit scene again with too little light: the whole chain for one frame.

    Shapes: photo uint8 or float in [0, 1] (H, W, 3); field (H, W); gains (3,); the last two are
    drawn from `rng` where they are not given. Returns float32 (H, W, 3), sRGB, on the bits' grid.
    """
    if not 0 < exposure <= 1:
        raise LacrError(f"exposure is above 0 and at most 1, not {exposure}")
    linear = srgb_to_linear(as_float(photo))
    height, width = linear.shape[:2]
    if field is None:
        field = illumination_field(height, width, settings.light_contrast, rng)
    if field.shape != (height, width):
        raise LacrError(f"field has shape {field.shape}, the photograph {(height, width)}")
    if gains is None:
        gains = white_balance_gains(settings, rng)
    exposed = add_sensor_noise(linear * field[..., None], exposure, settings, rng)
    balanced = np.clip(exposed * gains, 0, 1)  # a file holds nothing below black or above white
    return quantise(linear_to_srgb(balanced), settings.bits)


def exposure_ladder(
    photo: Array,
    settings: CameraSettings = CameraSettings(),
    exposures: Sequence[float] = LADDER_EXPOSURES,
    seed: int = 0,
) -> Ladder:
    """Photograph one scene at several exposures, in one light and with one white balance.

    The illumination field and the gains belong to the scene, the noise to each frame. The clear
    frame is the photograph itself, in its own light. The same seed gives the same ladder.
    """
    rng = np.random.default_rng(seed)
    height, width = photo.shape[:2]
    field = illumination_field(height, width, settings.light_contrast, rng)
    gains = white_balance_gains(settings, rng)
    steps = sorted(float(exposure) for exposure in exposures)
    low = [as_uint8(darken(photo, step, settings, rng, field, gains)) for step in steps]
    return Ladder(low=low, clear=as_uint8(as_float(photo)), field=field, exposures=steps)
