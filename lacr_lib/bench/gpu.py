"""What a GPU reaches: frames a second, the share of what the card could, and training.

Measured where PyTorch sees a CUDA device, and left open everywhere else: never estimated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from lacr_lib.bench.row import Row
from lacr_lib.bench.step import Step
from lacr_lib.inference.load import load_model
from lacr_lib.inference.tiles import MEGAPIXEL, forget_statistics, global_statistics, reduced
from lacr_lib.models.vae import LacrVae
from lacr_lib.training.config import TrainConfig

BATCH, HEIGHT, WIDTH = 8, 1080, 1920
REPEATS, CURVE = 20, 30
FRAMES, SPEED_UP, BUSY = 60.0, 3.0, 0.9
WHAT = {
    "gpu-frames": ("1920x1080, batch 8, bfloat16, GPU: images a second", f">= {FRAMES:.0f}"),
    "gpu-bound": ("share of what the card's copy bandwidth and matrix rate allow", "told"),
    "gpu-train": (
        "training on a GPU, bfloat16 + channels_last + compile, over float32 eager",
        f">= {SPEED_UP}, losses within the spread of two seeds",
    ),
    "gpu-busy": ("share of the time that the GPU works while `fit` runs", f">= {BUSY}"),
}


def measure() -> list[Row]:
    """All rows on the first CUDA device, or open rows where there is none."""
    if not torch.cuda.is_available():
        note = "not measured: no CUDA device"
        return [Row(name, *words, smaller=False, note=note) for name, words in WHAT.items()]
    share = busy_share(TrainConfig(steps=60, batch_size=32, workers=8, compile=True))
    busy = Row("gpu-busy", *WHAT["gpu-busy"], share, share >= BUSY, smaller=False)
    return [*inference("cuda"), training("cuda", TrainConfig(batch_size=32)), busy]


@torch.inference_mode()
def inference(device: str, batch: int = BATCH, repeats: int = REPEATS) -> list[Row]:
    """Images a second, and how near that is to what moving and multiplying alone would take."""
    model = load_model("lacr-vae").to(device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.rand(batch, 3, HEIGHT, WIDTH, device=device) * 0.3
    x = x.contiguous(memory_format=torch.channels_last)
    taken = seconds(lambda: frames(model, x), device, repeats)
    with FlopCounterMode(display=False) as flops, Traffic() as traffic:
        frames(model, x)
    bandwidth, rate = copy_bandwidth(device), matrix_rate(device)
    bound = max(flops.get_total_flops() / rate, traffic.bytes / bandwidth)
    details = {
        "bytes_a_second": bandwidth, "flops_a_second": rate, "bytes": traffic.bytes,
        "flops": flops.get_total_flops(), "seconds": taken,
    }  # fmt: skip
    rate_of_frames = batch / taken
    return [
        Row("gpu-frames", *WHAT["gpu-frames"], rate_of_frames, rate_of_frames >= FRAMES, False),
        Row("gpu-bound", *WHAT["gpu-bound"], bound / taken, None, False, details),
    ]


def frames(model: LacrVae, x: Tensor) -> Tensor:
    """Enhanced images over one megapixel, as `run_model` defines them, a batch in one pass."""
    with torch.autocast(x.device.type, torch.bfloat16):
        with global_statistics(model, "record"):
            model(reduced(x, MEGAPIXEL), sample=False)
        with global_statistics(model, "replay"):
            enhanced: Tensor = model(x, sample=False).enhanced
    forget_statistics(model)
    return enhanced.clamp(0, 1)


class Traffic(TorchDispatchMode):
    """Counts the bytes that operations read and write, each tensor once an operation."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's types lack it
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [each for each in tree_leaves((args, kwargs, out)) if torch.is_tensor(each)]
            self.bytes += sum(tensor.nbytes for tensor in tensors)
        return out


def copy_bandwidth(device: str, size: int = 2**28) -> float:
    """Bytes a second of a large copy, read and written."""
    source = torch.zeros(size, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / seconds(lambda: target.copy_(source), device, REPEATS)


def matrix_rate(device: str, side: int = 8192) -> float:
    """Floating-point operations a second of a large bfloat16 matrix product."""
    a = torch.ones(side, side, device=device, dtype=torch.bfloat16)
    return 2 * side**3 / seconds(lambda: a @ a, device, REPEATS)


def training(device: str, config: TrainConfig, repeats: int = REPEATS) -> Row:
    """Speed-up of a step on a given batch, and whether the loss curves agree."""
    curves, taken = {}, {}
    for name, fast, seed in (("plain", False, 0), ("other_seed", False, 1), ("fast", True, 0)):
        step = Step(config, device, fast, seed)
        curves[name] = [step() for _ in range(CURVE)]
        taken[name] = seconds(step, device, repeats)
    spread = largest_gap(curves["plain"], curves["other_seed"])
    gap = largest_gap(curves["plain"], curves["fast"])
    value = taken["plain"] / taken["fast"]
    details = {"seconds": taken, "largest_gap": gap, "spread_of_two_seeds": spread}
    met = value >= SPEED_UP and gap <= spread
    return Row("gpu-train", *WHAT["gpu-train"], value, met, False, details)


def largest_gap(a: list[float], b: list[float]) -> float:
    """Where two loss curves are farthest apart."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def busy_share(config: TrainConfig) -> float:
    """Kernel time over wall time, in the second half of a short `fit` on embedded photographs."""
    from lacr_lib.data.layouts import open_photoset
    from lacr_lib.training.fit import fit

    recorder = profile(activities=[ProfilerActivity.CUDA])
    marks: list[float] = []

    def on_step(step: int, *_: object) -> None:
        if step in (config.steps // 2, config.steps):
            torch.cuda.synchronize()
            marks.append(time.perf_counter())
            (recorder.stop if len(marks) == 2 else recorder.start)()

    fit(load_model("lacr-vae"), open_photoset("embedded"), config, on_step=on_step)
    worked = sum(event.self_device_time_total for event in recorder.key_averages()) / 1e6
    return float(worked / (marks[1] - marks[0]))


def seconds(call: Callable[[], object], device: str, repeats: int) -> float:
    """Median wall seconds of a call, the device's work included, after three that do not count."""
    taken = []
    for turn in range(repeats + 3):
        start = time.perf_counter()
        call()
        if device == "cuda":
            torch.cuda.synchronize()
        if turn >= 3:
            taken.append(time.perf_counter() - start)
    return median(taken)
