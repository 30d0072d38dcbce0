"""Checks of notebook 06: dB a stop, a method that cheats LOE, the grey world."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lacr_lib.data.camera import exposure_ladder
from lacr_lib.evaluation import metrics
from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close
from lacr_lib.figures.evaluation import slope_lines

Array = NDArray[Any]
SCENES = np.array(["cup", "cat", "cup", "temple", "cat", "cup", "temple", "cup", "temple", "cat"])
STOPS = np.array([-6.0, -5.0, -1.0, -4.0, -1.0, -4.0, -6.0, -3.0, -1.0, -3.0])  # below clear
PSNR = np.array([9.5, 12.0, 20.5, 14.0, 24.0, 15.0, 13.5, 15.5, 17.0, 16.5])  # dB


def dark_slope(answer: Answer) -> Hint:
    """06-dark-slope: the slope of PSNR against exposure of each scene, in dB a stop."""
    found = answer(PSNR.copy(), STOPS.copy(), SCENES.tolist())
    names = list(dict.fromkeys(SCENES.tolist()))
    if not isinstance(found, dict) or set(found) != set(names):
        return "give back a dictionary with a slope for each scene, {'cup': ..., 'cat': ...}"
    slopes = [found[name] for name in names]
    if close(slopes, [_line(STOPS, PSNR)[0]] * 3):
        return "one line through all scenes; each scene has a line of its own"

    def each(number: Callable[[Array, Array], Any]) -> list[float]:
        rows = [np.equal(SCENES, name) for name in names]
        return [float(number(STOPS[scene], PSNR[scene])) for scene in rows]

    def ends(x: Array, y: Array) -> Any:
        return y[x.argmax()] - y[x.argmin()]

    for number, hint in (
        (lambda x, y: _line(y, x)[0], "turned round: that is stops a dB"),
        (lambda x, y: _line(x, y)[1], "that is where the line meets 0 stops, not its slope"),
        (
            lambda x, y: -_line(x, y)[0],
            "sign turned round: -1 stop has more light than -6",
        ),
        (lambda x, y: _line(2**x, y)[0], "against the share of light; a stop is its logarithm"),
        (lambda x, y: ends(x, y) / np.ptp(x), "only the first and the last photograph were used"),
        (lambda x, y: ends(x, y) / len(x), "divide by stops, not by the number of photographs"),
    ):
        if close(slopes, each(number)):
            return hint
    if not close(slopes, each(lambda x, y: _line(x, y)[0]), 1e-3):
        return "the least-squares line through a scene's photographs, stops across and PSNR up"
    return None


def _line(x: Array, y: Array) -> Array:
    """Slope and intercept of the least-squares line."""
    return np.polyfit(x, y, 1)


def slopes_expected() -> Figure:
    """The toy scores that the check uses, with their lines."""
    return slope_lines(PSNR, STOPS, SCENES.tolist())


def _toy_ladder() -> tuple[list[Array], Array]:
    """A small colourful picture at two exposures, and clear."""
    y, x = np.mgrid[0:24, 0:32] / 32
    waves = [np.sin(5 * x + 2), np.cos(4 * y), np.sin(6 * (x + y))]
    clear = np.clip(np.stack([0.2 + 0.3 * wave for wave in waves], axis=2), 0, 1)
    ladder = exposure_ladder(np.rint(255 * clear).astype(np.uint8), exposures=(0.5, 1 / 64))
    return ladder.low, ladder.clear


def cheat_loe(answer: Answer) -> Hint:
    """06-cheat-loe: order of lightness kept, and farther from clear than doing nothing."""
    lows, clear = _toy_ladder()
    for low in lows:
        guess = answer(low.copy())
        if not _is_photo(guess, low):
            return "a method gives back a photograph, uint8 (H, W, 3) of the same size"
        if np.array_equal(guess, low):
            return "that is identity itself: its PSNR is equal, and should be below"
        before, after = low.max(axis=2), guess.max(axis=2)
        order = metrics.loe(guess, low)
        if order > 1 and np.ptp(after) == 0:
            return f"LOE {order:.0f}: all pixels are equal now, and that is another order"
        if order > 1 and len(np.unique(after)) < len(np.unique(before)):
            return f"LOE {order:.0f}: levels that differed were merged; equal is another order"
        if order > 1:
            return f"LOE {order:.0f}, over 1 pixel: what was lighter does not stay lighter"
        if metrics.psnr(guess, clear) >= metrics.psnr(low, clear):
            return "order kept, but not worse than identity: PSNR rose on a test photograph"
    return None


def grey_world(answer: Answer) -> Hint:
    """06-grey-world: channels scaled to the mean of all values, cut at white and rounded."""
    photo = np.random.default_rng(6).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    photo[..., 0] //= 3
    photo[..., 1] //= 2
    photo[0, :3] = 250, 230, 255  # some light that a larger factor drives over white
    found = answer(photo.copy())
    if not _is_photo(found, photo):
        return "a method gives back a photograph, uint8 (H, W, 3) of the same size"
    values = photo.astype(np.float64)
    means = values.mean(axis=(0, 1))  # (3,)
    grey = means.mean()

    def made(scaled: Array) -> bool:  # to one level: rounded or cut off
        near = np.abs(found.astype(int) - np.rint(np.clip(scaled, 0, 255))) <= 1
        return bool(near.all())

    for scaled, hint in (
        (np.trunc(values * grey / means) % 256, "over 255 the numbers start again at 0: cut first"),
        (np.rint(values * grey / means) % 256, "over 255 the numbers start again at 0: cut first"),
        (values * means / grey, "factors upside down: a weak channel needs a factor above 1"),
        (values * means[1] / means, "scaled to green; take the mean of all values, light is kept"),
        (values * means.max() / means, "scaled to the strongest channel; light should be kept"),
        (values.mean(axis=2, keepdims=True) + 0 * values, "that is a picture without colour"),
        (values * grey / np.maximum(values.mean(axis=0), 1e-9), "three means, over all pixels"),
        (values + grey - means, "that adds a number to each channel; multiply"),
    ):
        if made(scaled):
            return hint
    if not made(values * grey / means):
        return "each channel times (mean of all values / its own mean), cut at 255, rounded"
    photo[..., 2] = 0
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        black = answer(photo.copy())[..., 2]
    not_numbers = any("in cast" in str(each.message) for each in said)  # 0 on some machines
    if not_numbers or not np.array_equal(black, photo[..., 2]):
        return "a black channel has mean 0, and nothing can be divided by it; leave it black"
    return None


def _is_photo(found: Any, like: Array) -> bool:
    right = isinstance(found, np.ndarray) and found.dtype == np.uint8
    return right and found.shape == like.shape


EXERCISES = {
    "06-dark-slope": Exercise(dark_slope, slopes_expected),
    "06-cheat-loe": Exercise(cheat_loe),
    "06-grey-world": Exercise(grey_world),
}
