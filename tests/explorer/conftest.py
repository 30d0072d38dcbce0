"""A small story with all parts, told by untrained models: five scenes, one with a hostile name."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from lacr_lib.data.photoset import Frame, PhotoSet, Scene
from lacr_lib.explorer.build import make_story
from lacr_lib.explorer.page import write_story
from lacr_lib.latent.film import AlignedMaps, Snapshot
from lacr_lib.latent.neighbours import place
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from tests.browser import Browser
from tests.explorer.opened import READY

EVIL = "</script><script>document.body.dataset.evil='yes'</script><img src=x onerror=alert(1)>"
NAMES = ("plain", EVIL, "third", "fourth", "fifth")
LEVELS = (0.15, 0.4)


def photo(scene: int, level: float) -> np.ndarray:
    rng = np.random.default_rng(scene)
    coarse = rng.uniform(60, 250, (4, 6, 3)).repeat(12, axis=0).repeat(12, axis=1)
    return (coarse * level).astype(np.uint8)


def make_photoset() -> PhotoSet:
    scenes = []
    for i, name in enumerate(NAMES):
        low = tuple(Frame(f"low_{k}", partial(photo, i, v), None, v) for k, v in enumerate(LEVELS))
        scenes.append(Scene(name, "", Frame("clear", partial(photo, i, 1.0), None, 1.0), low))
    return PhotoSet("toys", "ladder", tuple(scenes))


def make_model(seed: int = 0, gain: float = 0.5) -> LacrVae:
    torch.manual_seed(seed)
    config = ModelConfig(base_channels=4, latent_channels=6, stem_stride=2)
    model = LacrVae(config).eval()
    torch.nn.init.normal_(model.gain_head[-1].weight, std=gain)
    return model


@pytest.fixture(scope="session")
def toys() -> PhotoSet:
    return make_photoset()


@pytest.fixture(scope="session")
def story(toys):
    """Two finished models and a film of one snapshot of each run between them."""
    chain = [
        Snapshot("without", 10, make_model(1)),
        Snapshot("start", 0, make_model(0)),
        Snapshot("with", 10, make_model(2)),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lacr_lib.explorer.story.aligned_maps", still_maps)
        return make_story(toys, make_model(4), make_model(3), chain, regions=12)


def still_maps(stills, seed=0, onto=None):
    """In place of AlignedUMAP, which compiles for long: clear regions lie still, low ones move."""
    fitted = [still.table.of("low", "clear") for still in stills]
    spread = np.random.default_rng(0).normal(size=(len(fitted[0]), 2)).astype(np.float32)
    low = (fitted[0].kind == "low")[:, None]
    flat = [spread + low * np.float32([6 + 3 * i, 0]) for i in range(len(stills))]
    tables = zip(stills, fitted, flat, strict=True)
    moved = [place(still.table.of("enhanced").mu, f.mu, xy) for still, f, xy in tables]
    return AlignedMaps(np.stack(flat), np.stack(moved))


@pytest.fixture(scope="session")
def path(story, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    assert write_story(path, story) == []
    return path


@pytest.fixture(scope="module", params=["canvas", "webgl"])
def browser(request):
    with Browser(request.param, ready=READY) as browser:
        browser.graphics = request.param
        yield browser
