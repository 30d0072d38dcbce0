"""What the parts count with, on inputs whose answer is known."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lacr_lib.bench import gpu, image, large, quality, start
from lacr_lib.bench.step import Step, random_batch
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.evaluation.metrics import psnr
from lacr_lib.inference.enhance import enhance
from lacr_lib.inference.load import load_model
from lacr_lib.training.config import TrainConfig


def test_exponent_of_a_power_law():
    sizes = [1.0, 3.0, 6.0, 24.0]
    assert large.exponent(sizes, [2 * size**1.3 for size in sizes]) == pytest.approx(1.3)


def test_agreement_allows_one_level_in_every_channel():
    a = np.full((2, 2, 3), 100, np.uint8)
    b = a.copy()
    b[0, 0, 1], b[1, 1, 2] = 101, 98
    assert large.agreement(a, b) == large.agreement(b, a) == 0.75


def test_dark_photo_has_the_size_and_is_dark():
    photo = large.dark_photo(0.06)
    assert photo.shape == (200, 300, 3) and 5 < photo.mean() < 90
    assert large.dark_photo(0.06).tobytes() == photo.tobytes()


def test_the_yardstick_is_seven_convolutions_of_32_channels():
    layers = [layer for layer in image.plain_stack() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in layers] == [32] * 7
    assert image.plain_stack()(torch.zeros(1, 3, 8, 9)).shape == (1, 32, 8, 9)


def test_traffic_counts_each_tensor_of_an_operation_once():
    a = torch.ones(1000)
    with gpu.Traffic() as traffic:
        a + a.view(10, 100).view(-1)  # views are free; the sum reads two and writes one
    assert traffic.bytes == 3 * 4000


def test_matrix_rate_and_bandwidth_are_positive_and_finite(monkeypatch):
    monkeypatch.setattr(gpu, "REPEATS", 1)
    for rate in (gpu.copy_bandwidth("cpu", 2**10), gpu.matrix_rate("cpu", 16)):
        assert 0 < rate < math.inf


def test_largest_gap():
    assert gpu.largest_gap([1.0, 2.0], [1.5, 1.9]) == 0.5


def test_help_does_not_load_torch_and_children_are_counted():
    before = start.children()
    assert not start.loads_torch()
    assert start.children() > before


def test_a_batch_is_that_of_the_settings():
    batch = random_batch(TrainConfig(crop=32, batch_size=2, negatives=3))
    assert batch["low"].shape == batch["clear"].shape == (2, 3, 32, 32)
    assert batch["negatives"].shape == (2, 3, 3, 32, 32)
    assert batch["low"].is_contiguous(memory_format=torch.channels_last)
    assert batch["low"].mean() < 0.3 * batch["clear"].mean()


def test_a_step_trains_and_its_seed_decides_its_losses():
    config = TrainConfig(crop=32, batch_size=1)
    curves = []
    for _ in range(2):
        step = Step(config)  # sets the seed, so it runs before the next is made
        curves.append([step(), step()])
    assert curves[0] == curves[1] and curves[0][0] != curves[0][1]
    assert Step(config, seed=1)() != curves[0][0]


def test_quality_is_what_fast_loses_on_average():
    clear = large.dark_photo(0.01) * 3
    frames = [
        Frame(name, lambda v=v: v, None, None) for name, v in (("c", clear), ("l", clear // 5))
    ]
    photos = PhotoSet("toy", "ladder", (Scene("s0", "", frames[0], (frames[1],)),))
    [row] = quality.measure(photos)
    model = load_model("lacr-vae")
    whole, quick = (psnr(enhance(model, clear // 5, fast=fast), clear) for fast in (False, True))
    assert row.value == pytest.approx(whole - quick) and row.value != 0
    assert row.details["pairs"] == 1 and row.met == (row.value <= 0.3)
