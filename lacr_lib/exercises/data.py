"""Checks of notebook 01: a camera from two frames, a burst, a desk lamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lacr_lib.data.camera import CameraSettings, add_sensor_noise
from lacr_lib.data.images import Array
from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DARKEST = -6  # stops; under a lamp no place is darker


def estimate_camera(answer: Answer) -> Hint:
    """01-camera: full well and read noise from two frames of walls that are not quite even."""
    settings, rng = CameraSettings(full_well=2500.0, read_noise=4.0), np.random.default_rng(5)
    uneven = 1 + 0.2 * np.linspace(-1, 1, 40_000)[:, None]
    walls = np.linspace(0.05, 0.3, 8) * uneven
    a, b = (add_sensor_noise(walls, 1 / 16, settings, rng) for _ in range(2))
    found = answer(a, b)
    if shape_of(found) != (2,):
        return "two numbers are wanted: full_well and read_noise, both in electrons"
    well, noise = (float(each) for each in found)

    def is_off_by(well_factor: float, noise_factor: float) -> bool:
        wanted = settings.full_well * well_factor, settings.read_noise * noise_factor
        return bool(np.allclose((well, noise), wanted, rtol=0.03))

    if is_off_by(1, 1):
        return None
    if is_off_by(0.5, 0.5**0.5):
        return "two noises meet in a difference, so its variance is twice that of one frame"
    if is_off_by(settings.full_well**-2, 1):
        return "that is the slope; full_well is one over it"
    if is_off_by(1, settings.read_noise):
        return "that is the variance of the read noise; read_noise is its standard deviation"
    if is_off_by(1, 1 / settings.full_well):
        return "read_noise counts electrons; the frames count in units of white"
    mean, half = (a + b) / 2, (a - b) / 2**0.5
    for level, spread, hint in (
        (a.mean(0), a.var(0), "within one frame the uneven wall counts as noise, too"),
        (mean.mean(0), half.std(0), "the variance is a straight line in the mean, its root is not"),
        (
            mean.mean(1),
            half.var(1),
            "mean and variance of each wall: over its pixels, the first axis",
        ),
    ):
        if close(well, 1 / np.polyfit(level, spread, 1)[0], 0.01):
            return hint
    return "variance = mean / full_well + (read_noise / full_well)²: read the line's two numbers"


def frames_needed(answer: Answer) -> Hint:
    """01-burst: how many short frames have the signal-to-noise ratio of a longer one."""
    settings = CameraSettings(full_well=3000.0, read_noise=5.0)
    light = np.geomspace(1e-3, 1, 7)
    short, long = 1 / 64, 1 / 8
    found = answer(light, short, long, settings)
    if shape_of(found) != light.shape:
        return f"one number for each brightness, {light.shape}; this is {shape_of(found)}"

    def frames(unit: float, read_variance: float) -> Array:
        photons = light * unit
        variances = [photons * exposure + read_variance for exposure in (short, long)]
        return np.asarray((long / short) ** 2 * variances[0] / variances[1])

    right = frames(settings.full_well, settings.read_noise**2)
    if close(found, right, 1e-3):
        return None
    if close(found, right**0.5, 1e-3):
        return "averaging N frames makes the ratio better by the root of N, not by N"
    if close(found, 1 / right, 1e-3):
        return "under one frame? divide the other way round: the long frame is the better one"
    if close(found, np.full(7, long / short), 1e-3):
        return "as if the burst were read out once; each frame adds a read noise of its own"
    if close(found, frames(1, settings.read_noise**2), 1e-3):
        return "read_noise counts electrons; count the light in electrons, too"
    if close(found, frames(settings.full_well, settings.read_noise), 1e-3):
        return "variances add: the read noise enters squared"
    if close(found, np.ceil(right)) or close(found, np.round(right)):
        return "rounded; leave the fraction, so that the curve is smooth"
    return "write the signal-to-noise ratio of one frame at each exposure, then of N short ones"


def lamp_field(height: int, width: int, centre: tuple[int, int], radius: float) -> Array:
    """What a desk lamp's field should be: light (height, width), 1 in the middle."""
    rows, columns = np.indices((height, width))
    squared = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2
    return np.asarray(2.0 ** np.maximum(-squared / radius**2, DARKEST))


def spot_field(answer: Answer) -> Hint:
    """01-spot: the illumination field of a desk lamp."""
    height, width, centre, radius = 24, 40, (8, 25), 6.0
    found = answer(height, width, centre, radius)
    right = lamp_field(height, width, centre, radius)
    if shape_of(found) != right.shape:
        return f"a field is (height, width) = {right.shape}; this is {shape_of(found)}"
    if close(found, right):
        return None
    stops = np.log2(right)
    y, x = np.indices(right.shape)
    lost = ((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / radius**2
    swapped = ((y - centre[1]) ** 2 + (x - centre[0]) ** 2) / radius**2
    unlit = 2.0**DARKEST
    for mistake, hint in (
        (stops, "these are the stops; the field is light, between 0 and 1"),
        (np.maximum(2.0**-swapped, unlit), "the lamp hangs elsewhere: centre is (row, column)"),
        (2.0**-lost, f"too dark far away: nowhere more than {-DARKEST} stops are lost"),
        (np.maximum(np.exp(-lost), unlit), "a stop is a factor of two, not of e"),
        (
            np.maximum(2.0 ** -(lost**0.5), unlit),
            "at twice the radius four stops are lost, not two",
        ),
        (np.maximum(1 - lost, unlit), "light halves with each stop; it does not fall by a share"),
    ):
        if close(found, mistake):
            return hint
    return "1 at the centre, 1/2 at a distance of radius, 1/16 at twice that"


def show_lamp() -> Figure:
    """Two fields of `spot_field`, in stops, with their centre marked."""
    from lacr_lib.figures.panels import map_row

    fields = {f"radius {r} pixels": np.log2(lamp_field(24, 40, (8, 25), r)) for r in (4, 10)}
    return map_row(fields, "light (stops)", marks=[(8, 25)])


EXERCISES = {
    "01-camera": Exercise(estimate_camera),
    "01-burst": Exercise(frames_needed),
    "01-spot": Exercise(spot_field, show_lamp),
}
