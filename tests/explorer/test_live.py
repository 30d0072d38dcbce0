"""Sliders without a browser: what they show, how often they decode, and the figure instead."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from lacr_lib import LacrVae, ModelConfig
from lacr_lib.errors import LacrError
from lacr_lib.explorer.live import SliderPanel, can_show_widgets, code_sliders, png_of
from lacr_lib.latent.directions import Directions
from lacr_lib.latent.light_axis import LightAxis, walk
from lacr_lib.latent.steer import Region, SteeredPhoto, code_handles

AXIS = LightAxis(np.array([0.5, 0.5, -0.5, 0.5]), low=0.0, clear=2.0, share=1.0)
DIRECTIONS = Directions(np.eye(4)[:2], np.array([2.0, 0.5]), np.array([0.6, 0.3]))
PHOTO = np.random.default_rng(0).integers(0, 120, (40, 56, 3), dtype=np.uint8)


class Counting(LacrVae):
    """Counts what it is asked to do."""

    encoded = decoded = 0

    def encode(self, x):
        self.encoded += 1
        return super().encode(x)

    def decode(self, z, x, skips):
        self.decoded += 1
        return super().decode(z, x, skips)


@pytest.fixture
def model() -> Counting:
    torch.manual_seed(0)
    model = Counting(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)).eval()
    torch.nn.init.normal_(model.gain_head[-1].weight, std=0.5)
    return model


def _panel(model: Counting, reach: str = "neighbourhood") -> SliderPanel:
    steered = SteeredPhoto(model, PHOTO, code_handles(AXIS, DIRECTIONS))
    return SliderPanel(steered, Region(2, 3), reach)


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_the_light_slider_shows_the_walk_with_the_region_framed(model):
    panel = _panel(model, "photograph")
    for step in (1.0, -0.5):
        panel.sliders["light axis"].value = step
        expected = png_of(walk(model, PHOTO, AXIS, [step]).images[0], Region(2, 3), "photograph")
        np.testing.assert_array_equal(_pixels(panel.picture.value), _pixels(expected))
    assert "of the photograph" in panel.told.value


def test_sliders_tell_their_units(model):
    panel = _panel(model)
    texts = [slider.description for slider in panel.sliders.values()]
    assert texts[0] == "light axis (mean ways from low to clear)"
    assert texts[1:] == [f"direction {k} (standard deviations)" for k in (1, 2)]
    assert (panel.row.max, panel.col.max) == (4, 6)


def test_a_move_decodes_once_and_the_photograph_is_encoded_once(model):
    panel = _panel(model)
    assert (model.encoded, model.decoded) == (1, 1)
    panel.sliders["direction 1"].value = 1.0
    assert model.decoded == 2
    panel.row.value = 4  # another code is moved
    assert model.decoded == 3
    panel.sliders["direction 2"].value = -0.5
    panel.reset.click()  # two sliders go home, one picture is made
    assert model.decoded == 5
    assert all(slider.value == 0 for slider in panel.sliders.values())
    before = panel.picture.value
    panel.col.value = 0  # nothing is moved: the frame alone goes elsewhere
    panel.reach.value = "photograph"
    assert model.decoded == 5 and panel.picture.value != before
    assert model.encoded == 1


def test_quick_moves_end_where_the_sliders_stand(model):
    panel = _panel(model)
    rng = np.random.default_rng(1)
    for _ in range(30):
        slider = panel.sliders[str(rng.choice(list(panel.sliders)))]
        slider.value = float(rng.uniform(-9, 9))  # held at its ends
        panel.row.value, panel.col.value = int(rng.integers(5)), int(rng.integers(7))
    steps = {name: slider.value for name, slider in panel.sliders.items()}
    region = Region(panel.row.value, panel.col.value)
    fresh = SteeredPhoto(model, PHOTO, code_handles(AXIS, DIRECTIONS))
    expected = png_of(fresh.image(steps, region), region, "neighbourhood")
    np.testing.assert_array_equal(_pixels(panel.picture.value), _pixels(expected))


def test_the_frame_lies_around_the_region_and_not_on_it():
    grey = np.full((40, 56, 3), 0.5, np.float32)
    framed = _pixels(png_of(grey, Region(2, 3), "photograph"))
    changed = np.argwhere((framed != 128).any(axis=2))
    assert changed.min(axis=0).tolist() == [14, 22] and changed.max(axis=0).tolist() == [25, 33]
    assert (framed[16:24, 24:32] == 128).all()
    assert (_pixels(png_of(grey, Region(2, 3), "neighbourhood")) != framed).any()  # a ring, too


def test_without_a_page_the_same_moves_come_as_a_figure(model, monkeypatch):
    assert not can_show_widgets()  # no kernel here
    figure = code_sliders(model, PHOTO, AXIS, DIRECTIONS)
    assert isinstance(figure, plt.Figure) and not plt.get_fignums()  # shown by its cell, once
    text = "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))
    assert "mean ways from low to clear" in text and "standard deviations" in text
    assert len(figure.axes) == 9
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert isinstance(code_sliders(model, PHOTO, AXIS, DIRECTIONS), plt.Figure)


@pytest.mark.parametrize(("variable", "shown"), [("JPY_SESSION_NAME", True), ("OTHER", False)])
def test_sliders_need_a_kernel_that_serves_an_open_page(monkeypatch, variable, shown):
    kernel = SimpleNamespace(kernel=object(), user_ns={})
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv(variable, "/some/notebook.ipynb")
    assert can_show_widgets() is shown


def test_live_can_be_asked_for_and_wrong_places_are_told(model):
    box = code_sliders(model, PHOTO, AXIS, DIRECTIONS, region=(0, 1), live=True)
    assert [c.value for c in box.children[3:6]] == [0, 1, "neighbourhood"]
    with pytest.raises(LacrError, match="no Region"):
        code_sliders(model, PHOTO, AXIS, DIRECTIONS, region=(5, 0))
    with pytest.raises(LacrError, match="no reach"):
        code_sliders(model, PHOTO, AXIS, DIRECTIONS, reach="everywhere")
