"""A slider that moves a photograph's code along the light axis and decodes as it moves."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lacr_lib.latent.light_axis import LightAxis, walk

if TYPE_CHECKING:
    import ipywidgets

    from lacr_lib.models.vae import LacrVae


def light_slider(
    model: LacrVae, photo: NDArray[np.uint8], axis: LightAxis, start: float = 0.0
) -> ipywidgets.VBox:
    """A slider from half a way back to one and a half ways on, above the decoded photograph.

    Unit of the slider: mean ways from low to clear; 0 is the photograph's own code. It needs a
    running kernel, as every widget does: on a page without one, `walk` draws the same as pictures.
    Shapes: photo uint8 (H, W, 3).
    """
    import ipywidgets

    slider = ipywidgets.FloatSlider(
        value=start, min=-0.5, max=1.5, step=0.05, description="light axis", readout_format=".2f"
    )
    picture = ipywidgets.Image(format="png")

    def decode(step: float) -> None:
        picture.value = png_of(walk(model, photo, axis, [step]).images[0])

    slider.observe(lambda change: decode(change["new"]), names="value")
    decode(start)
    return ipywidgets.VBox([slider, picture])


def png_of(image: NDArray[np.float32]) -> bytes:
    """A float image (H, W, 3) in [0, 1] as the bytes of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(buffer, "png")
    return buffer.getvalue()
