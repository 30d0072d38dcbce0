import io

import numpy as np
import pytest
import torch
from PIL import Image

from lacr_lib import LacrVae, ModelConfig
from lacr_lib.explorer.live import light_slider
from lacr_lib.latent.light_axis import LightAxis, walk


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)).eval()
    torch.nn.init.normal_(model.gain_head[-1].weight, std=0.5)
    return model


def test_moving_the_slider_decodes_that_step(model):
    photo = np.full((24, 32, 3), 90, np.uint8)
    axis = LightAxis(np.array([0.5, 0.5, -0.5, 0.5]), low=0.0, clear=2.0, share=1.0)
    slider, picture = light_slider(model, photo, axis).children
    for step in (0.0, 1.0):
        slider.value = step
        shown = np.asarray(Image.open(io.BytesIO(picture.value)))
        expected = np.rint(walk(model, photo, axis, [step]).images[0] * 255)
        np.testing.assert_array_equal(shown, expected)
    assert (slider.min, slider.max) == (-0.5, 1.5)
