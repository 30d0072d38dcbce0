"""The settings of a run as JSON has them, and what two runs differ in."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lacr_lib.errors import LacrError
from lacr_lib.models.config import ModelConfig
from lacr_lib.training.config import TrainConfig

Settings = dict[str, dict[str, Any]]  # the parts "model" and "train"
CONFIG = "config.json"
# What may differ when a run goes on: none of it touches the weights.
FREE = {"cache_gb", "checkpoint_every", "snapshots", "skipped_limit", "workers"}
# What runs did that are older than the field, where that is not its default.
BEFORE = {"lacr_clear_images": False}


def settings_of(model: ModelConfig, train: TrainConfig) -> Settings:
    """Both configurations as JSON has them."""
    settings: Settings = json.loads(json.dumps({"model": asdict(model), "train": asdict(train)}))
    return settings


def held_settings(folder: Path) -> Settings | None:
    """What a run folder says of its run; None while it says nothing.

    Raises LacrError for a config.json that is none of a run.
    """
    file = folder / CONFIG
    if not file.is_file():
        return None
    try:
        held: Settings = json.loads(file.read_text("utf-8"))
        settings_key(held)
    except (ValueError, KeyError, TypeError) as error:
        raise LacrError(
            f"{file}: not the settings of a run ({error}); choose another folder"
        ) from None
    return held


def differences(held: Settings, now: Settings) -> list[str]:
    """What an earlier run has other than one of now, such as "seed 0, not 1"; none: the same run.

    A field that an older run does not tell has its default, or what `BEFORE` says of it; those in
    `FREE` may differ.
    """
    wanted = _binding(now)
    return [
        f"{key} {value}, not {wanted.get(key, 'known here')}"
        for key, value in _binding(held).items()
        if key not in wanted or value != wanted[key]
    ]


def settings_key(settings: Settings) -> str:
    """Equal for equal settings, completed and without those in `FREE` as in `differences`."""
    return json.dumps(_binding(settings), sort_keys=True)


def _binding(settings: Settings) -> dict[str, Any]:
    """The fields of both parts that touch the weights, completed as an older run needs it."""
    default = settings_of(ModelConfig(), TrainConfig())
    fields = default["model"] | default["train"] | BEFORE | settings["model"] | settings["train"]
    return {key: value for key, value in fields.items() if key not in FREE}
