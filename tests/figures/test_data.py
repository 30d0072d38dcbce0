"""The figures of notebook 01 draw the formulas they claim to draw, with labels and units."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from lacr_lib.data.camera import CameraSettings, exposure_ladder, linear_to_srgb, srgb_to_linear
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.figures import data as figures
from lacr_lib.figures.images import Box


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8)


def a_set(clear: bool = True) -> PhotoSet:
    ladder = exposure_ladder(photo())
    low = tuple(
        Frame(f"low_{k}", lambda image=image: image, None, None)
        for k, image in enumerate(ladder.low)
    )
    reference = Frame("clear", lambda: ladder.clear, None, 1.0) if clear else None
    scenes = tuple(Scene(name, "train", reference, low) for name in ("one", "two_words"))
    return PhotoSet("toy", "ladder" if clear else "unpaired", scenes)


def assert_labelled(axes: list) -> None:
    for axis in axes:
        assert axis.get_xlabel() and axis.get_ylabel()


def test_tone_curve_marks_the_stops_and_counts_all_codes() -> None:
    figure = figures.tone_curve()
    assert_labelled(figure.axes)
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"255", "188", "137"} <= texts  # half the light is stored as 188, not 128
    heights = [[bar.get_height() for bar in bars] for bars in figure.axes[1].containers]
    assert heights[1][:4] == [128, 64, 32, 16]
    assert heights[0][0] < 128 and heights[0][7] > 4 * heights[1][7]


def test_photon_histograms_carry_poisson() -> None:
    rng = np.random.default_rng(0)
    figure = figures.photon_patches({n: rng.poisson(n, (50, 100)) for n in (3, 40)})
    for axis, n in zip(figure.axes[2:], (3, 40), strict=True):
        k, law = axis.lines[0].get_data()
        assert law.sum() == pytest.approx(1, abs=0.01)
        assert (k * law).sum() == pytest.approx(n, rel=0.01)
        assert axis.get_xlabel()


def test_signal_to_noise_theory_is_the_formula() -> None:
    settings = CameraSettings(full_well=1000.0, read_noise=2.0)
    light = np.geomspace(1e-3, 1, 5)
    figure = figures.signal_to_noise(settings, light, {1: light, 0.125: light})
    assert_labelled(figure.axes)
    axis = figure.axes[0]
    assert axis.get_xscale() == axis.get_yscale() == "log"
    x, y = axis.lines[0].get_data()
    np.testing.assert_allclose(y, 1000 * x / np.sqrt(1000 * x + 4))
    crosses = [line for line in axis.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert [float(line.get_xdata()[0]) for line in crosses] == pytest.approx([0.004, 0.032])


def test_noise_budget_in_electrons() -> None:
    settings = CameraSettings()
    figure = figures.noise_budget(settings)
    assert_labelled(figure.axes)
    photons, read, srgb, linear = (line.get_ydata() for line in figure.axes[0].lines)
    electrons = figure.axes[0].lines[0].get_xdata()
    np.testing.assert_allclose(photons**2, electrons)
    assert read[0] == settings.read_noise
    # measured: how far a value moves when it is rounded in the file
    light = np.random.default_rng(0).uniform(0.45, 0.55, 20_000)
    stored = np.round(linear_to_srgb(light) * 255) / 255
    error = (srgb_to_linear(stored) - light) * settings.full_well
    middle = np.argmin(np.abs(electrons - 2000))
    assert srgb[middle] == pytest.approx(error.std(), rel=0.05)
    assert (srgb < np.hypot(photons, read)).all() and linear[0] > read[0]


def test_fields_and_maps_share_one_scale() -> None:
    field = np.geomspace(0.25, 1, 24 * 36).reshape(24, 36)
    figure = figures.light_fields([field, field * 0.5])
    assert {image.get_clim() for axis in figure.axes[:2] for image in axis.images} == {(-3.0, 0.0)}
    assert figure.axes[-1].get_ylabel() == "light (stops)"
    figure = figures.illumination_maps(photo(), photo() // 4, field, field)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles.count("its illumination map") == 2 and figure.axes[-1].get_ylabel()
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), photo().max(axis=2))


def test_ladder_and_wall() -> None:
    ladder = exposure_ladder(photo())
    figure = figures.ladder_rows(ladder, ladder.low, Box(2, 3, 8, 12))
    assert [axis.get_title() for axis in figure.axes[:7]] == [
        "1/64", "1/32", "1/16", "1/8", "1/4", "1/2", "clear",
    ]  # fmt: skip
    detail = figure.axes[7].images[0].get_array()
    np.testing.assert_allclose(detail, ladder.low[0][2:10, 3:15] / 255, atol=1e-6)
    wall = figures.photograph_wall(a_set(), step=0)
    assert [axis.get_title() for axis in wall.axes[:2]] == ["one", "two\nwords"]
    assert len(wall.axes) == 4


def test_negative_plane_draws_scenes_and_means() -> None:
    rng = np.random.default_rng(0)
    scenes = {name: rng.uniform(1, 2, (3, 6, 2)) for name in "abcd"}
    figure = figures.negative_plane(scenes, ["low", "brightened", "smoothed"])
    axis = figure.axes[0]
    assert_labelled([axis])
    assert len(axis.lines) == 3 * (4 + 1) + 1
    mean = np.mean([points[0] for points in scenes.values()], axis=0)
    np.testing.assert_allclose(np.transpose(axis.lines[4].get_data()), mean)
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["low", "brightened", "smoothed", "clear"]


def test_a_name_that_is_half_a_formula_is_drawn_as_it_is() -> None:
    photos = a_set()
    scenes = [replace(scene, name="pay $5^{ or $6") for scene in photos.scenes]
    photos = replace(photos, scenes=tuple(scenes))
    for figure in (figures.photograph_wall(photos, step=0), figures.light_of_scenes(photos)):
        figure.canvas.draw()  # where matplotlib would read a formula, and fail


@pytest.mark.parametrize("clear", [True, False])
def test_light_of_scenes_with_and_without_references(clear: bool) -> None:
    photos = a_set(clear)
    figure = figures.light_of_scenes(photos)
    assert figure.axes[0].get_ylabel()
    low, references = figure.axes[0].lines
    assert len(low.get_ydata()) == 12 and len(references.get_ydata()) == (2 if clear else 0)
    assert (np.diff(low.get_ydata()[:6]) > 0).all()  # darkest first
    frame = Frame("w", lambda: np.full((8, 8, 3), 255, np.uint8), None, None)
    white = PhotoSet("white", "unpaired", (Scene("w", "", None, (frame,)),))
    assert figures.light_of_scenes(white).axes[0].lines[0].get_ydata()[0] == pytest.approx(0)
