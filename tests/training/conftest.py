import numpy as np
import pytest
import torch

from lacr_lib import LacrVae, ModelConfig
from lacr_lib.data.layouts import Frame, PhotoSet, Scene


@pytest.fixture
def photoset():
    """One small random scene with a ladder of two exposures."""
    photo = np.random.default_rng(0).random((48, 48, 3))

    def frame(name, factor):
        pixels = np.round(photo * factor * 255).astype(np.uint8)
        return Frame(name, lambda: pixels, None, None)

    low = (frame("low_0", 0.2), frame("low_1", 0.5))
    return PhotoSet("toy", "ladder", (Scene("s0", "train", frame("clear", 1.0), low),))


@pytest.fixture
def make_model():
    def make():
        torch.manual_seed(0)
        return LacrVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2))

    return make
