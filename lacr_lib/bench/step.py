"""A training step with LACR over the same step without it."""

from __future__ import annotations

from statistics import median

import torch
from torch import Tensor, nn

from lacr_lib.bench.row import Row
from lacr_lib.bench.timing import one_thread, ratio, turns
from lacr_lib.inference.load import load_model
from lacr_lib.training.average import average_of
from lacr_lib.training.config import TrainConfig
from lacr_lib.training.objective import objective, unwrap

REPEATS = 5
LIMIT = 2.0


class Step:
    """One step of `fit`, its batch given: forward, losses, backward, optimiser, running average.

    fast: bfloat16, channels_last and torch.compile; else float32, eager, in the default layout.
    """

    def __init__(
        self, config: TrainConfig, device: str = "cpu", fast: bool = False, seed: int = 0
    ) -> None:
        self.config, self.device, self.fast = config, device, fast
        channels_last = fast or device == "cpu"
        model = load_model("lacr-vae").train().to(device)
        if channels_last:
            model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model = model
        self.run: nn.Module = torch.compile(model) if fast else model  # type: ignore[assignment]
        self.averaged = average_of(model, config.ema)
        self.optimizer = torch.optim.AdamW(
            model.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.batch = random_batch(config, device, channels_last)
        torch.manual_seed(seed)  # of the eps that each step draws

    def __call__(self) -> float:
        """The loss of the batch, lambda in full effect."""
        step = self.config.steps
        with torch.autocast(self.device, torch.bfloat16, enabled=self.fast):
            terms = objective(self.run, unwrap(self.averaged), self.batch, self.config, step)
        terms.loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.averaged.update_parameters(self.model)
        self.optimizer.zero_grad()
        return terms.loss.item()


def random_batch(
    config: TrainConfig, device: str = "cpu", channels_last: bool = True
) -> dict[str, Tensor]:
    """Dark, clear and negative images of the configured size, channels last as in `fit`."""
    random = torch.Generator().manual_seed(0)
    images, side = config.batch_size, config.crop
    clear = torch.rand(images, 3, side, side, generator=random)
    negatives = torch.rand(images, config.negatives, 3, side, side, generator=random) * 0.2
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return {
        "low": (clear * 0.2).to(device, memory_format=layout),
        "clear": clear.to(device, memory_format=layout),
        "negatives": negatives.to(device),
    }


def measure(repeats: int = REPEATS) -> list[Row]:
    """Both steps turn by turn on one thread; the images are drawn before, and are the same."""
    with_lacr = TrainConfig()
    without = TrainConfig(lambda_lacr=0.0)
    with one_thread():
        seconds = turns({"with": Step(with_lacr), "without": Step(without)}, repeats)
    value = ratio(seconds["with"], seconds["without"])
    details = {
        "seconds": {name: median(values) for name, values in seconds.items()},
        "batch": with_lacr.batch_size, "crop": with_lacr.crop, "negatives": with_lacr.negatives,
    }  # fmt: skip
    what = f"training step with LACR (K = {with_lacr.negatives}), CPU, over the step without"
    return [Row("step", what, f"<= {LIMIT}", value, value <= LIMIT, details=details)]
