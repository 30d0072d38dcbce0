"""Models to and from safetensors files.

A file holds the weights and, in its metadata, one JSON text under the key `lacr_vae`:
`{"config": {fields of ModelConfig}, "about": {whatever the trainer tells: steps, seed, data},
"sha256": of the whole file, with 64 zeros in this place}`. One key, because safetensors writes
several in random order, and the same weights should always give the same bytes.
A file without that sha256 is loaded only if it is one of those we ship, byte for byte.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import typing
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from lacr_lib.errors import LacrError, did_you_mean
from lacr_lib.inference.files import write_whole
from lacr_lib.inference.released import released_weights, shipped_digests, verify
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

METADATA_KEY = "lacr_vae"
UNSEALED = "0" * 64
KINDS = (torch.float32, torch.float16)
PICKLES = {".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".tar"}
PICKLED = (
    "pickled weights can run code when they are opened and are refused; give a .safetensors file "
    "(lacr_lib.inference.load.save_model writes one)"
)


def save_model(
    model: LacrVae,
    path: str | Path,
    metadata: dict[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Write weights, configuration and metadata to a safetensors file, whole or not.

    metadata: any JSON values, e.g. steps, seed, data. half: stored as float16, half the bytes; a
    loaded model computes in float32 either way. The same model and metadata give the same bytes.
    Raises LacrError if a weight is not finite (as float16: over 65,504), a metadata value is no
    JSON, or the name ends as those of pickles do, which `load_model` refuses.
    """
    if Path(path).suffix.lower() in PICKLES:
        raise LacrError(f"{path}: name it .safetensors, which it is, not {Path(path).suffix}")
    kind = torch.float16 if half else torch.float32
    weights = {
        name: tensor.detach().to("cpu", kind, copy=True).contiguous()
        for name, tensor in model.state_dict().items()
    }
    _check_finite(weights, "the model")
    header = {"config": dataclasses.asdict(model.config), "about": metadata or {}}
    try:
        json.dumps(header, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LacrError(f"the metadata must be JSON values: {error}") from None
    content = sealed(weights, header)
    write_whole(path, lambda file: file.write(content))


def sealed(weights: dict[str, Tensor], header: dict[str, Any]) -> bytes:
    """The bytes of a weights file that carries its own SHA-256."""

    def content(seal: str) -> bytes:
        text = json.dumps({**header, "sha256": seal}, sort_keys=True)
        return safetensors_bytes(weights, metadata={METADATA_KEY: text})

    return content(hashlib.sha256(content(UNSEALED)).hexdigest())


def load_model(name_or_path: str | Path = "lacr-vae") -> LacrVae:
    """A released or a saved model, in eval mode on the CPU.

    name_or_path: a name of `released_weights()` (its SHA-256 is verified) or a .safetensors file.
    Raises LacrError if there is no such thing, a byte of it was changed, or its keys, shapes or
    types are not the model's.
    """
    path = find_weights(name_or_path)
    header, weights = _read(path)
    config = _config(header["config"], path)
    _check_keys(weights, _expected(config, path), path)
    with torch.random.fork_rng(devices=[]):  # loading must not move the caller's random numbers
        model = LacrVae(config)
    _check_finite(weights, str(path))
    model.load_state_dict(weights)
    return model.eval()


def read_metadata(name_or_path: str | Path) -> dict[str, Any]:
    """What `save_model` was told about a model: {"config": {...}, "about": {...}}."""
    return _read(find_weights(name_or_path))[0]


def find_weights(name_or_path: str | Path) -> Path:
    """The safetensors file behind a released name or a path; a released file is verified."""
    released = {weights.name: weights for weights in released_weights()}
    if isinstance(name_or_path, str) and name_or_path in released:
        return verify(released[name_or_path])
    path = Path(name_or_path).expanduser()
    if path.suffix.lower() in PICKLES:
        raise LacrError(f"{path}: {PICKLED}")
    if path.is_dir():
        raise LacrError(f"{path} is a folder; give its weight file, e.g. {path}/model.safetensors")
    if not path.is_file():
        raise LacrError(f"no weights {str(name_or_path)!r}: {_known(str(name_or_path), released)}")
    return path


def _known(name: str, released: dict[str, Any]) -> str:
    meant = did_you_mean(name, released)
    return f"{meant}released names are {', '.join(released) or 'none'}; or give a .safetensors file"


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        if _starts_as_pickle(path):
            raise LacrError(f"{path}: {PICKLED}") from None
        raise LacrError(f"{path}: not a readable safetensors file ({error})") from None
    if text is None:
        raise LacrError(f"{path}: holds no LACR-VAE configuration; save it with save_model()")
    try:
        header = json.loads(text)
        if not (isinstance(header["config"], dict) and isinstance(header["about"], dict)):
            raise TypeError("config and about are objects")
        unknown = sorted(set(header) - {"config", "about", "sha256"})
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LacrError(f"{path}: its LACR-VAE metadata is damaged ({error})") from None
    _check_seal(path, header.pop("sha256", None))
    return header, weights


def _starts_as_pickle(path: Path) -> bool:
    """Whether a file under another name is what pickle writes, or torch.save: a zip of pickles."""
    try:
        with path.open("rb") as file:
            return bool(re.match(rb"PK\x03\x04|\x80[\x02-\x05]", file.read(4)))
    except OSError:
        return False


def _check_seal(path: Path, seal: object) -> None:
    """Compare the file with the SHA-256 that it holds, or with those that we know."""
    content = path.read_bytes()
    if seal is None:
        if hashlib.sha256(content).hexdigest() in shipped_digests():
            return
        raise LacrError(
            f"{path}: damaged, or not written by save_model(): it holds no sha256, and it is none "
            "of the released files"
        )
    if isinstance(seal, str) and re.fullmatch("[0-9a-f]{64}", seal):
        blank = content.replace(seal.encode(), UNSEALED.encode(), 1)
        if hashlib.sha256(blank).hexdigest() == seal:
            return
    raise LacrError(f"{path}: damaged, its sha256 differs; take a copy that is whole")


def _config(values: dict[str, Any], path: Path) -> ModelConfig:
    """ModelConfig of a file; a field that the file does not know yet keeps its default."""
    known = {field.name for field in dataclasses.fields(ModelConfig)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise LacrError(
            f"{path}: unknown configuration {', '.join(unknown)}; it needs a newer lacr_lib"
        )
    # JSON has lists only; the configuration is frozen and hashable, so it holds tuples
    frozen: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    hints = typing.get_type_hints(ModelConfig)
    try:
        for key, value in frozen.items():
            if not _fits(value, hints[key]):
                raise TypeError(f"{key} is no {value!r}")
        return ModelConfig(**frozen)
    except (TypeError, ValueError) as error:
        raise LacrError(f"{path}: its configuration is not valid: {error}") from None


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a field's type: int, float, bool, Literal or tuple[X, ...]."""
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_fits(each, parts[0]) for each in value)
    if parts:  # a Literal
        return isinstance(value, str) and value in parts
    return type(value) is kind or (kind is float and type(value) is int)


def _expected(config: ModelConfig, path: Path) -> dict[str, Tensor]:
    """Names and shapes of a model's weights, found without the memory for them."""
    try:
        with torch.device("meta"):
            return LacrVae(config).state_dict()
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise LacrError(f"{path}: no model has its configuration ({reason})") from None


def _check_keys(found: dict[str, Tensor], wanted: dict[str, Tensor], path: Path) -> None:
    problems = {
        "missing": [name for name in wanted if name not in found],
        "unknown": [name for name in found if name not in wanted],
        "of another shape": [
            f"{name} {tuple(found[name].shape)} for {tuple(wanted[name].shape)}"
            for name in wanted
            if name in found and found[name].shape != wanted[name].shape
        ],
        "of another type": [
            f"{name} {tensor.dtype}" for name, tensor in found.items() if tensor.dtype not in KINDS
        ],
    }
    told = [f"{kind}: {_few(names)}" for kind, names in problems.items() if names]
    if told:
        raise LacrError(f"{path}: not weights of this LacrVae; {'; '.join(told)}")


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _check_finite(weights: dict[str, Tensor], owner: str) -> None:
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise LacrError(f"{owner}: weight {name} holds NaN or infinity; train or fetch it anew")
