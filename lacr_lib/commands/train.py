"""`lacr train`: a data set and settings to RUN_DIR/model.safetensors."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lacr_lib.commands.common import bar, begun, need_pairs, say
from lacr_lib.errors import LacrError
from lacr_lib.training.settings import read_settings

if TYPE_CHECKING:
    from lacr_lib.data.layouts import PhotoSet
    from lacr_lib.models.config import ModelConfig
    from lacr_lib.models.vae import LacrVae
    from lacr_lib.training.config import TrainConfig


def run(options: Namespace) -> int:
    """Exit code 0: trained, or found finished by --resume; 1: training failed. Raises LacrError."""
    from lacr_lib.training.run_folder import WEIGHTS, is_finished

    out = Path(options.out).expanduser()
    train, model_config = configurations(options)
    _check_folder(out, options.resume)
    if options.resume and is_finished(out):
        _check_finished(out, train, None if options.init else model_config)
        print(f"{out / WEIGHTS}: this run is finished, nothing to do")
        return 0
    photoset = _training_scenes(options.data)
    model, about = _first_weights(options.init, model_config, train.seed)
    started = time.perf_counter()
    about = {"data": photoset.name, "photographs": photoset.fingerprint(), **about}
    with begun():
        record, steps = _fit(model, photoset, train, options, about)
    loss = f", loss {record['loss']:.4f}" if record else ""
    print(f"{out / WEIGHTS}: {train.steps} steps{loss}")
    if steps:  # counted in the main process alone
        say(spent(steps * train.batch_size, time.perf_counter() - started))
    return 0


def spent(images: int, seconds: float) -> str:
    """What the training took of this machine: images a second of each process, peak memory."""
    import torch

    rate = f"{images / seconds:.1f} images a second"
    if torch.cuda.is_available():
        peak = f", peak memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB"
        return f"{rate}{peak} on {torch.cuda.get_device_name()}"
    return f"{rate}{_peak_on_cpu()} on the CPU, {torch.get_num_threads()} threads"


def _peak_on_cpu() -> str:
    try:
        import resource
    except ImportError:  # Windows does not tell
        return ""
    unit = 1 if sys.platform == "darwin" else 1024  # what it counts in
    bytes_used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return f", peak memory {bytes_used / 1e9:.1f} GB"


def configurations(options: Namespace) -> tuple[TrainConfig, ModelConfig]:
    """--steps, --seed, --checkpoint-every and --set as the two configurations. Raises LacrError."""
    from lacr_lib.models.config import ModelConfig
    from lacr_lib.training.config import TrainConfig

    for_training, for_model = read_settings(options.set, TrainConfig, ModelConfig)
    for name in ("steps", "seed", "checkpoint_every"):
        value = getattr(options, name)
        if value is None:
            continue
        if name in for_training:
            raise LacrError(f"{name} is given twice, as an option and by --set; keep one")
        for_training[name] = value
    if options.init and for_model:
        raise LacrError(
            f"the weights of --init bring their model settings: leave out {', '.join(for_model)}"
        )
    return TrainConfig(**for_training), ModelConfig(**for_model)


def _check_folder(out: Path, resume: bool) -> None:
    from lacr_lib.training.run_folder import WEIGHTS, is_finished

    if out.exists() and not out.is_dir():
        raise LacrError(f"{out} is a file; --out names a folder")
    if not resume and (is_finished(out) or any(out.glob("checkpoint-[0-9]*"))):
        state = f"a finished run ({WEIGHTS})" if is_finished(out) else "a run that was stopped"
        raise LacrError(f"{out} holds {state}; go on with --resume or choose another --out")


def _check_finished(out: Path, train: TrainConfig, model: ModelConfig | None) -> None:
    """A finished run of other settings is not the one that was asked for.

    model: None where weights bring their own, which are not compared.
    """
    from lacr_lib.models.config import ModelConfig
    from lacr_lib.training.run_settings import differences, held_settings, settings_of

    held = held_settings(out)
    if held is None:
        return
    now = settings_of(model or ModelConfig(**held["model"]), train)
    if differ := differences(held, now):
        raise LacrError(
            f"{out} holds a finished run of other settings: {'; '.join(differ)}; choose another "
            "--out"
        )


def _training_scenes(data: str) -> PhotoSet:
    from lacr_lib.data.layouts import open_photoset

    photoset = open_photoset(data)
    chosen = photoset.select("train")
    need_pairs(chosen)
    part = "" if chosen is photoset else f"; training scenes only: {chosen.describe()}"
    say(f"{photoset.name}: {photoset.describe()}{part}")
    return chosen


def _first_weights(
    init: str | None, config: ModelConfig, seed: int
) -> tuple[LacrVae, dict[str, Any]]:
    """What training starts from, weights that exist or random ones, and how those were made."""
    import torch

    from lacr_lib.inference.load import load_model, read_metadata
    from lacr_lib.models.vae import LacrVae

    if init:
        return load_model(init), {"init": read_metadata(init)["about"]}
    torch.manual_seed(seed)  # the twin with another lambda starts from the same weights
    return LacrVae(config), {}


def _fit(
    model: LacrVae,
    photoset: PhotoSet,
    train: TrainConfig,
    options: Namespace,
    about: dict[str, Any],
) -> tuple[dict[str, float] | None, int]:
    """Trains with a bar; the last step's record, None where no step was left, and steps taken."""
    from lacr_lib.training.fit import fit

    out = Path(options.out).expanduser()
    bars: list[Any] = []  # made at the first step, and so in the main process only
    taken = 0

    def show(step: int, record: dict[str, float], _: LacrVae) -> None:
        nonlocal taken
        taken += 1
        if not bars:
            bars.append(bar(train.steps, "train", "step"))
        bars[0].set_postfix_str(f"loss {record['loss']:.4f}", refresh=False)
        bars[0].update(step - bars[0].n)

    try:
        history = fit(model, photoset, train, out, options.resume, show, about).history
    finally:
        for each in bars:
            each.close()
    return (history[-1] if history else None), taken
