"""The latent study takes a model as it is in evaluation, and gives it back in its mode."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib.latent.decode import interpolate
from lacr_lib.latent.encode import encode_photoset
from lacr_lib.latent.pairs import measure_pairs
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from tests.inference.toy_models import lively


@pytest.fixture
def model() -> LacrVae:
    """In training it loses all its skips, nearly always."""
    return lively(ModelConfig(base_channels=4, latent_channels=4, skip_dropout=0.99))


def decoded(model, ladders):
    low = ladders.scenes[0].low
    return interpolate(model, low[0].read(), low[1].read())


def encoded(model, ladders):
    return encode_photoset(model, ladders).mu


def measured(model, ladders):
    return measure_pairs(model, ladders).column("psnr")


@pytest.mark.parametrize("work", [decoded, encoded, measured])
def test_a_model_in_training_gives_the_same_and_stays_in_training(model, ladders, work):
    expected = work(model, ladders)
    model.train()
    np.testing.assert_array_equal(work(model, ladders), expected)
    assert all(module.training for module in model.modules())
