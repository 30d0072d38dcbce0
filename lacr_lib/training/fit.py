"""The training loop, in full view."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.utils.data import DataLoader

from lacr_lib.data.batches import StepSampler, TrainingBatches
from lacr_lib.data.layouts import PhotoSet
from lacr_lib.errors import LacrError
from lacr_lib.models.vae import LacrVae
from lacr_lib.training.average import average_of
from lacr_lib.training.config import TrainConfig
from lacr_lib.training.interrupt import interrupts_wait, leave_stops_to_the_main_process
from lacr_lib.training.objective import Terms, objective, unwrap
from lacr_lib.training.run_folder import Record, RunFolder

OnStep = Callable[[int, Record, LacrVae], None]
Loss = Callable[[nn.Module, LacrVae, dict[str, Tensor], TrainConfig, int], Terms]


class FitResult(NamedTuple):
    """model: the averaged weights, in eval mode on the CPU; history: one record a step."""

    model: LacrVae
    history: list[Record]


def fit(
    model: LacrVae,
    photoset: PhotoSet,
    config: TrainConfig,
    out: Path | None = None,
    resume: bool = False,
    on_step: OnStep | None = None,
    about: Mapping[str, Any] | None = None,
    loss: Loss = objective,
) -> FitResult:
    """Train a model on a photoset; device, precision and processes are accelerate's business.

    With `out`, checkpoints, history and the final averaged weights go to that folder; `resume`
    continues from its last checkpoint. on_step(step, record, averaged model) follows each step of
    the main process. The model given is trained in place; the result holds its running average.
    about: further JSON values for the metadata of the weights, such as where they started.
    loss: what a step minimises, called as `objective` is; its sum is the `loss` of the Terms.
    Ctrl-C in a single process, or SIGTERM under `lacr`: the step ends, a checkpoint is saved,
    KeyboardInterrupt is raised.
    Raises LacrError when the folder is in use, holds another run or cannot be written, when a
    photograph cannot be read, or when too many steps had non-finite gradients.
    """
    on_gpu = torch.cuda.is_available()
    # said outright: left to guess, accelerate takes two CPU processes for two separate runs
    # a card before Ampere emulates bfloat16, and has no convolution of it
    native = on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
    accelerator = Accelerator(cpu=not on_gpu, mixed_precision="bf16" if native else "no")
    set_seed(config.seed, device_specific=True)  # each process draws an eps of its own
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types lack it
    model = model.to(accelerator.device).train()
    averaged = average_of(model, config.ema)
    average = unwrap(averaged)
    optimizer = torch.optim.AdamW(
        model.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    rise = 0.1 if config.steps > 9 else 0.3  # a tenth of 9 steps is none: torch divides by it
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.steps + 1, pct_start=rise
    )
    trained, optimizer = accelerator.prepare(model, optimizer)
    if config.compile:
        trained = torch.compile(trained)
    accelerator.register_for_checkpointing(averaged, schedule)
    alone = accelerator.num_processes == 1
    with (
        RunFolder(out, accelerator, config, model.config, about) as run,
        interrupts_wait(alone) as told_to_stop,
    ):
        start = run.begin(resume)
        skipped = int(run.history[-1]["skipped"]) if run.history else 0
        for step, batch in enumerate(batches(photoset, config, accelerator, start), start):
            with accelerator.autocast():
                terms = loss(trained, average, batch, config, step)
            accelerator.backward(terms.loss)
            norm = accelerator.clip_grad_norm_(trained.parameters(), config.clip_norm)
            if torch.isfinite(norm):
                optimizer.step()
                averaged.update_parameters(model)
            else:
                skipped = count_skipped(skipped, step, config)
            optimizer.zero_grad()
            schedule.step()
            record = record_of(step + 1, terms, norm, skipped, accelerator)
            stop = told_to_stop()
            run.after_step(record, model, average, stop is not None)
            if on_step and accelerator.is_main_process:
                on_step(step + 1, record, average)
            if stop:
                raise stop(f"saved at step {step + 1}" if out else "")
        result = FitResult(average.cpu().eval(), run.history)
        run.finish(result.model)
    return result


def batches(
    photoset: PhotoSet, config: TrainConfig, accelerator: Accelerator, start: int
) -> Iterator[dict[str, Tensor]]:
    """The batches of steps start .. steps - 1 of this process, images on its device."""
    sampler = StepSampler(
        start, config.steps, config.batch_size, accelerator.process_index, accelerator.num_processes
    )
    loader = DataLoader(
        TrainingBatches(photoset, config, 1e9 * config.cache_gb / max(1, config.workers)),
        batch_sampler=sampler,
        num_workers=config.workers,
        pin_memory=accelerator.device.type == "cuda",
        worker_init_fn=leave_stops_to_the_main_process,
        generator=torch.Generator(),  # its own: a resumed run draws the eps of a whole one
    )
    try:
        for batch in loader:
            yield {name: on_device(images, accelerator.device) for name, images in batch.items()}
    except LacrError as error:  # a worker's comes with its traceback: the last line is the message
        # The frames hold the loader's iterator in a cycle: its workers would outlive it.
        traceback.clear_frames(error.__traceback__)
        raise LacrError(str(error).splitlines()[-1].rpartition("LacrError: ")[2]) from error


def on_device(images: Tensor, device: torch.device) -> Tensor:
    """Move to the device; images (B, 3, H, W) become channels_last."""
    if images.ndim == 4:
        return images.to(device, non_blocking=True, memory_format=torch.channels_last)
    return images.to(device, non_blocking=True)


def count_skipped(skipped: int, step: int, config: TrainConfig) -> int:
    """One more step with a non-finite gradient; raises LacrError past the limit."""
    if skipped + 1 > config.skipped_limit:
        raise LacrError(
            f"step {step + 1}: gradients were not finite in {skipped + 1} steps; "
            "lower learning_rate or train in float32"
        )
    return skipped + 1


def record_of(
    step: int, terms: Terms, norm: Tensor, skipped: int, accelerator: Accelerator
) -> Record:
    """What is logged of a step: its terms, the gradient norm before clipping, steps skipped so far.

    Terms are means over the images of all processes: the curve of the whole batch, not of a part.
    """
    values = accelerator.reduce(torch.stack(terms).detach(), "mean").tolist()
    means = dict(zip(Terms._fields, values, strict=True))
    return {"step": step, **means, "gradient_norm": float(norm), "skipped": skipped}
