"""Sliders that pull the code of a photograph about, and decode as they move."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lacr_lib.data.images import resize_to
from lacr_lib.latent.directions import Directions
from lacr_lib.latent.light_axis import LightAxis
from lacr_lib.latent.steer import (
    LIGHT,
    REACHES,
    SPREAD,
    Region,
    SteeredPhoto,
    code_handles,
    luma_at,
)
from lacr_lib.models.config import REGION

if TYPE_CHECKING:
    import ipywidgets
    from matplotlib.figure import Figure

    from lacr_lib.models.vae import LacrVae

SIDE = 256  # pixels; larger photographs are reduced, so that a step stays quick on two cores
STILL_STEPS = ((-0.5, 1.0), (-3.0, 3.0))  # of the light axis, of the others
FRAME = ("white", "#D55E00")


def code_sliders(
    model: LacrVae,
    photo: NDArray[np.uint8],
    axis: LightAxis,
    directions: Directions,
    region: tuple[int, int] | None = None,
    reach: str = "neighbourhood",
    live: bool | None = None,
) -> ipywidgets.VBox | Figure:
    """Sliders for the light and the principal directions of one region, above the decoded picture.

    region: row and column of the region to begin with (None: the middle). reach: that region alone,
    a bell around it (3 regions wide, so that the light comes through), or the whole photograph.
    live: sliders or a figure of the same moves; None: sliders where a page is open to show them.
    The figure is closed, so that a cell shows it once: end the line without a semicolon.
    Shapes: photo uint8 (H, W, 3), reduced to 256 pixels. Errors: an unknown reach or region.
    """
    steered = SteeredPhoto(model, resize_to(photo, SIDE), code_handles(axis, directions))
    place = steered.middle if region is None else Region(*region)
    steered.image({}, place, reach)  # a region or a reach that there is not is told now
    if can_show_widgets() if live is None else live:
        return SliderPanel(steered, place, reach).box
    return still_picture(steered, place, reach)


def can_show_widgets() -> bool:
    """Are there ipywidgets, and a page that shows them: JupyterLab, Notebook, VS Code or Colab?

    A kernel that only executes a file, as papermill's and nbconvert's do, has no page.
    """
    if importlib.util.find_spec("ipywidgets") is None or "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return False
    in_editor = "__vsc_ipynb_file__" in shell.user_ns or "google.colab" in sys.modules
    return in_editor or "JPY_SESSION_NAME" in os.environ  # set by the server for an open notebook


def still_picture(steered: SteeredPhoto, region: Region, reach: str) -> Figure:
    """The first three handles at two places each, as a figure; luma is that of the region."""
    import matplotlib.pyplot as plt

    from lacr_lib.figures.latent_decode import steered_grid

    rows = {}
    for name in list(steered.handles)[:3]:
        steps = STILL_STEPS[name != LIGHT]
        images = [steered.image({name: step}, region, reach) for step in steps]
        lumas = [luma_at(image, region) for image in images]
        rows[name] = list(zip(steps, images, lumas, strict=True))
    figure = steered_grid(steered.image({}, region, reach), rows, region)
    plt.close(figure)
    return figure


class SliderPanel:
    """The widgets, and what happens when one of them moves: one decoding at most.

    box: to be shown; sliders: name -> slider; row, col, reach, reset, picture, told: the others.
    """

    def __init__(self, steered: SteeredPhoto, region: Region, reach: str) -> None:
        import ipywidgets as w

        self.steered, self._paused = steered, False
        wide = {"style": {"description_width": "22em"}, "layout": w.Layout(width="48em")}
        self.sliders = {
            name: w.FloatSlider(
                0.0, min=handle.start, max=handle.stop, step=0.05, readout_format="+.2f",
                description=f"{name} ({handle.unit})", **wide,
            )
            for name, handle in steered.handles.items()
        }  # fmt: skip
        rows, cols = steered.grid
        self.row = w.IntSlider(region.row, 0, rows - 1, description="region: row (8 px)", **wide)
        self.col = w.IntSlider(region.col, 0, cols - 1, description="region: column (8 px)", **wide)
        self.reach = w.ToggleButtons(
            options=REACHES, value=reach, description="moves the code of the", **wide
        )
        self.reset = w.Button(description="Reset", tooltip="all sliders back to the own code")
        self.picture = w.Image(format="png", layout=w.Layout(width="512px"))
        self.told = w.HTML()
        for control in (*self.sliders.values(), self.row, self.col, self.reach):
            control.observe(self._moved, names="value")
        self.reset.on_click(self._home)
        controls = (*self.sliders.values(), self.row, self.col, self.reach, self.reset)
        self.box = w.VBox([*controls, self.picture, self.told])
        self.own = steered.image({}, region, reach)
        self._draw()

    def _moved(self, _change: Any) -> None:
        if not self._paused:
            self._draw()

    def _home(self, _button: Any) -> None:
        self._paused = True  # many sliders, one picture
        try:
            for slider in self.sliders.values():
                slider.value = 0.0
        finally:
            self._paused = False
        self._draw()

    def _draw(self) -> None:
        region = Region(self.row.value, self.col.value)
        steps = {name: slider.value for name, slider in self.sliders.items()}
        start = time.perf_counter()
        image = self.steered.image(steps, region, self.reach.value)
        took = 1000 * (time.perf_counter() - start)
        self.picture.value = png_of(image, region, self.reach.value)
        before, after = luma_at(self.own, region), luma_at(image, region)
        self.told.value = (
            f"luma of the marked region: {before:.2f} with its own code, <b>{after:.2f}</b> now; "
            f"of the photograph: {luma_at(self.own):.2f}, {luma_at(image):.2f}. {took:.0f} ms"
        )


def png_of(image: NDArray[np.float32], region: Region, reach: str) -> bytes:
    """A picture (H, W, 3) in [0, 1] as the bytes of a PNG, with a frame around the region.

    A neighbourhood is marked by a ring, too: where half of the move arrives.
    """
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    left, top = region.col * REGION, region.row * REGION
    for colour, off in zip(FRAME, (2, 1), strict=True):
        corners = (left - off, top - off, left + REGION - 1 + off, top + REGION - 1 + off)
        pen.rectangle(corners, outline=colour)
    if reach == "neighbourhood":
        half = SPREAD * REGION * float(np.sqrt(2 * np.log(2)))
        x, y = left + REGION / 2, top + REGION / 2
        pen.ellipse((x - half, y - half, x + half, y + half), outline=FRAME[0])
    buffer = io.BytesIO()
    picture.save(buffer, "png", compress_level=1)
    return buffer.getvalue()
