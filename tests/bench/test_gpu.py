"""The rows of a GPU, on the CPU: known rates, a clock that the test turns, steps that are toys."""

from types import SimpleNamespace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lacr_lib.bench import gpu
from lacr_lib.bench.row import Row
from lacr_lib.inference import tiles
from lacr_lib.inference.load import load_model
from lacr_lib.inference.tiles import reduced, run_model
from lacr_lib.training.config import TrainConfig


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until `clock.now` is moved; waiting for the device takes 0.5 s."""
    turned = SimpleNamespace(now=0.0)
    monkeypatch.setattr(gpu, "time", SimpleNamespace(perf_counter=lambda: turned.now))

    def synchronize():
        turned.now += 0.5

    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    return turned


@pytest.fixture
def small(monkeypatch):
    """Photographs of 64 x 96 pixels, which are large: a megapixel has 2000."""
    for module in (gpu, tiles):
        monkeypatch.setattr(module, "MEGAPIXEL", 2000)
    monkeypatch.setattr(gpu, "HEIGHT", 64)
    monkeypatch.setattr(gpu, "WIDTH", 96)


@pytest.mark.parametrize(("device", "waited"), [("cpu", 0.0), ("cuda", 0.5)])
def test_seconds_are_the_median_after_three_calls_with_the_devices_work(clock, device, waited):
    costs = iter([100.0, 50.0, 30.0, 1.0, 9.0, 2.0])

    def call():
        clock.now += next(costs)

    assert gpu.seconds(call, device, repeats=3) == 2.0 + waited
    assert next(costs, None) is None


@torch.inference_mode()
def test_frames_are_enhanced_as_photographs_over_a_megapixel_are(small):
    """But for bfloat16; each with its own global statistics, though they pass together."""
    model, random = load_model("lacr-vae"), torch.Generator().manual_seed(0)
    dark = torch.tensor([0.1, 0.5]).view(2, 1, 1, 1)
    x = torch.rand(2, 3, 64, 96, generator=random) * dark
    torch.testing.assert_close(gpu.frames(model, x), run_model(model, x), rtol=0, atol=0.03)
    live = model(x, sample=False).enhanced.clamp(0, 1)  # of the photograph itself
    assert (live - run_model(model, x)).abs().max() > 0.1


@pytest.mark.parametrize("slow", ["copy", "product"])
@torch.inference_mode()
def test_the_bound_is_the_longer_of_moving_and_multiplying(small, monkeypatch, slow):
    bandwidth, rate = (1e9, 1e15) if slow == "copy" else (1e15, 1e9)
    monkeypatch.setattr(gpu, "copy_bandwidth", lambda device: bandwidth)
    monkeypatch.setattr(gpu, "matrix_rate", lambda device: rate)
    monkeypatch.setattr(gpu, "seconds", lambda call, device, repeats: 0.04)
    frames, bound = gpu.inference("cpu", batch=2)
    assert frames.value == 2 / 0.04 and frames.met is False  # 50 images a second are under 60
    model, x = load_model("lacr-vae"), torch.zeros(2, 3, 64, 96)
    with FlopCounterMode(display=False) as both:
        model(reduced(x, 2000), sample=False)
        model(x, sample=False)
    flops, moved = bound.details["flops"], bound.details["bytes"]
    assert flops == both.get_total_flops()
    assert moved > 2 * sum(weight.nbytes for weight in model.parameters())  # read in both passes
    assert bound.value == pytest.approx((moved / 1e9 if slow == "copy" else flops / 1e9) / 0.04)


@pytest.mark.parametrize(
    ("cost", "apart", "met"), [(0.25, 0.1, True), (0.5, 0.1, False), (0.25, 0.3, False)]
)
def test_training_is_faster_with_losses_within_the_spread_of_two_seeds(
    clock, monkeypatch, cost, apart, met
):
    class ToyStep:
        """A plain step takes a second, another seed's losses lie 0.2 higher."""

        def __init__(self, config, device, fast, seed):
            self.loss, self.cost = 1 + apart * fast + 0.2 * seed, cost if fast else 1.0

        def __call__(self):
            clock.now += self.cost
            return self.loss

    monkeypatch.setattr(gpu, "Step", ToyStep)
    row = gpu.training("cpu", TrainConfig(), repeats=3)
    assert row.value == pytest.approx(1 / cost) and row.met is met
    assert row.details["largest_gap"] == pytest.approx(apart)
    assert row.details["spread_of_two_seeds"] == pytest.approx(0.2)


def test_busy_is_the_kernels_time_over_the_second_half_of_a_training(clock, monkeypatch):
    recorded = []

    class Recorder:
        """Two kernels, of three and of six seconds."""

        def __init__(self, activities):
            assert activities == [torch.profiler.ProfilerActivity.CUDA]

        def start(self):
            recorded.append(("start", clock.now))

        def stop(self):
            recorded.append(("stop", clock.now))

        def key_averages(self):
            return [SimpleNamespace(self_device_time_total=1e6 * s) for s in (3, 6)]

    def toy_fit(model, photoset, config, on_step):
        for step in range(1, config.steps + 1):
            clock.now += step
            on_step(step, {}, model)

    monkeypatch.setattr(gpu, "profile", Recorder)
    monkeypatch.setattr("lacr_lib.training.fit.fit", toy_fit)
    share = gpu.busy_share(TrainConfig(steps=6))
    assert recorded == [("start", 1 + 2 + 3 + 0.5), ("stop", 6.5 + 4 + 5 + 6 + 0.5)]
    assert share == pytest.approx((3 + 6) / (4 + 5 + 6 + 0.5))


@pytest.mark.parametrize(("share", "met"), [(0.9, True), (0.89, False)])
def test_with_a_gpu_all_rows_are_measured_on_it(monkeypatch, share, met):
    def row(name, device):
        assert device == "cuda"
        return Row(name, *gpu.WHAT[name], 1.0, True, smaller=False)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    both = ("gpu-frames", "gpu-bound")
    monkeypatch.setattr(gpu, "inference", lambda device: [row(name, device) for name in both])
    monkeypatch.setattr(gpu, "training", lambda device, config: row("gpu-train", device))
    monkeypatch.setattr(gpu, "busy_share", lambda config: share)
    rows = gpu.measure()
    assert [row.name for row in rows] == list(gpu.WHAT)
    assert rows[-1].value == share and rows[-1].met is met
