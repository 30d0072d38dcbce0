"""The picture of README.md: a row for each held-out scene that ships with the packages."""

from __future__ import annotations

import numpy as np
import torch

from lacr_lib import LacrVae, ModelConfig
from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.metrics import psnr
from lacr_lib.figures.before_after import before_after


def test_rows_are_scenes_and_captions_their_psnr() -> None:
    torch.manual_seed(0)
    untrained = LacrVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)).eval()
    scenes = open_photoset("embedded").select("test").scenes
    axes = np.array(before_after(untrained, rung=5).axes).reshape(len(scenes), 3)
    assert [axis.get_title() for axis in axes[0]][::2] == [
        "a sixteenth of the light", "clear reference",
    ]  # fmt: skip
    for row, scene in zip(axes, scenes, strict=True):
        dark, clear = scene.low[5].read(), scene.clear.read()
        captions = [axis.get_xlabel() for axis in row]
        # At the start the network changes nothing.
        assert captions == [f"{psnr(dark, clear):.1f} dB"] * 2 + [""]
        assert np.allclose(row[0].images[0].get_array(), dark / 255, atol=1 / 255)
        assert np.allclose(row[2].images[0].get_array(), clear / 255, atol=1 / 255)
