"""`enhance(model, image)`: a dark photograph in, a clear one back in the same form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, overload
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from lacr_lib.data.images import read_image, readable, upright_rgb
from lacr_lib.errors import LacrError
from lacr_lib.inference.fast import run_fast
from lacr_lib.inference.stages import OnPart
from lacr_lib.inference.tiles import MEMORY, run_model
from lacr_lib.models.mode import evaluation_mode
from lacr_lib.models.vae import LacrVae

Run = Callable[[Tensor], Tensor]  # images (B, 3, H, W) to enhanced ones, type and shape kept
ROUNDING = 1e-4  # how far a float image may leave [0, 1] by rounding
_TURNS: WeakKeyDictionary[nn.Module, Lock] = WeakKeyDictionary()  # a copied model has its own
_ONE_LOCK_EACH = Lock()


@overload
def enhance(
    model: LacrVae,
    image: str | Path | Image.Image,
    *,
    fast: bool = ...,
    memory: float = ...,
    on_part: OnPart | None = ...,
) -> Image.Image: ...
@overload
def enhance(
    model: LacrVae,
    image: NDArray[Any],
    *,
    fast: bool = ...,
    memory: float = ...,
    on_part: OnPart | None = ...,
) -> NDArray[Any]: ...
@overload
def enhance(
    model: LacrVae,
    image: Tensor,
    *,
    fast: bool = ...,
    memory: float = ...,
    on_part: OnPart | None = ...,
) -> Tensor: ...


def enhance(
    model: LacrVae,
    image: Any,
    *,
    fast: bool = False,
    memory: float = MEMORY,
    on_part: OnPart | None = None,
) -> Any:
    """Enhance a low-light photograph; what comes back has the form of what was given.

    path or PIL image -> PIL image (mode RGB, upright, its RGB colour profile kept);
    uint8 or float array (H, W, 3) -> array of the same dtype;
    float tensor (3, H, W) or (B, 3, H, W) -> same shape and device, float32.
    Values: sRGB; floats in [0, 1], in and out. Any size: sides under 16 pixels are extended by
    their edge pixels and cut back, images over 1 megapixel are run in parts (see tiles.py).
    fast: light and detail from a copy of half the size, for about a third of the time.
    memory: GB that the work on a large photograph may take, from 1 up; the result is the same.
    on_part(share), not in `fast`: told how much of a photograph over 1 megapixel is done, up to 1.
    A path's ~ is the home folder.
    Runs in inference mode, float32, on the model's device; the training flag comes back as it was.
    Threads may share a model: each waits for its turn.
    Raises LacrError for anything else: other types and shapes, NaN, values outside [0, 1].
    """

    def run(batch: Tensor) -> Tensor:
        return run_fast(model, batch) if fast else run_model(model, batch, memory, on_part)

    if isinstance(image, (str, Path)):
        path = _expanded(image)
        return _as_picture(_enhance_array(model, read_image(path), run), _colour_profile(path))
    if isinstance(image, Image.Image):
        with readable("the picture"):
            pixels = upright_rgb(image)
        return _as_picture(_enhance_array(model, pixels, run), image.info.get("icc_profile"))
    if isinstance(image, np.ndarray):
        return _enhance_array(model, image, run)
    if isinstance(image, Tensor):
        return _enhance_tensor(model, image, run)
    raise LacrError(f"cannot enhance a {type(image).__name__}; give a path, picture, array, tensor")


def _enhance_array(model: LacrVae, image: NDArray[Any], run: Run) -> NDArray[Any]:
    if image.ndim != 3 or image.shape[2] != 3:
        raise LacrError(f"an array image has shape (H, W, 3), not {image.shape}; convert it to RGB")
    if image.dtype == np.uint8:
        return _enhance_bytes(model, image, run)
    if not np.issubdtype(image.dtype, np.floating):
        raise LacrError(f"an array image is uint8 or float in [0, 1], not {image.dtype}")
    with np.errstate(over="ignore"):  # 1e300 becomes infinity, and is told as such
        values = image.astype(np.float32)
    pixels = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))
    enhanced = _enhance_tensor(model, pixels, run).numpy().transpose(1, 2, 0)
    return np.ascontiguousarray(enhanced, dtype=image.dtype)


def _enhance_bytes(model: LacrVae, image: NDArray[Any], run: Run) -> NDArray[Any]:
    """uint8 stays uint8 but for the part that is computed: a quarter of the memory."""
    if not image.size:
        raise LacrError(f"an image of shape {image.shape} has no pixels")
    with _quiet(model) as device:
        pixels = torch.from_numpy(image.copy()).to(device)  # a copy: it may be read-only
        enhanced = run(pixels.permute(2, 0, 1)[None])[0].permute(1, 2, 0)
        return np.ascontiguousarray(enhanced.cpu().numpy())


def _enhance_tensor(model: LacrVae, image: Tensor, run: Run) -> Tensor:
    if image.ndim not in (3, 4) or image.shape[-3] != 3:
        raise LacrError(
            f"a tensor image has shape (3, H, W) or (B, 3, H, W), not {tuple(image.shape)}"
        )
    if not image.is_floating_point():
        raise LacrError(f"a tensor image is float in [0, 1], not {image.dtype}; divide by 255")
    if not image.numel():
        raise LacrError(f"an image of shape {tuple(image.shape)} has no pixels")
    with _quiet(model) as device:
        pixels = image.detach().to(device, torch.float32)
        _check_range(pixels)
        batch = pixels.clamp(0, 1).reshape(-1, *pixels.shape[-3:])
        enhanced = run(batch).reshape(image.shape)
    return enhanced.to(image.device).clone()  # a clone outside inference mode may be trained on


@contextmanager
def _quiet(model: LacrVae) -> Iterator[torch.device]:
    """Eval and inference mode, float32, whatever the caller set; gives the model's device.

    One thread at a time: the training flags and the global statistics of a large photograph are
    kept in the model, and another thread would take them for its own.
    """
    device = next(model.parameters()).device
    with (
        _turn(model),
        evaluation_mode(model),
        torch.inference_mode(),
        torch.autocast(device.type, enabled=False),
    ):
        yield device


def _turn(model: nn.Module) -> Lock:
    with _ONE_LOCK_EACH:
        return _TURNS.setdefault(model, Lock())


def _check_range(pixels: Tensor) -> None:
    low, high = (value.item() for value in pixels.aminmax())
    if not np.isfinite([low, high]).all():
        raise LacrError("the image holds NaN or infinity; mend those pixels first")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise LacrError(
            f"a float image has values in [0, 1], not {low:.4g} to {high:.4g}; divide by its white "
            "level (255 for 8 bits) or clip it"
        )


def _expanded(path: str | Path) -> Path:
    """~ as the home folder; a file such as ~x.jpg, whose name is no user's, is itself."""
    with suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def _as_picture(pixels: NDArray[Any], profile: bytes | None) -> Image.Image:
    picture = Image.fromarray(pixels)
    if profile and profile[16:20] == b"RGB ":  # Pillow saves it with the picture
        picture.info["icc_profile"] = profile
    return picture


def _colour_profile(path: Path) -> bytes | None:
    with Image.open(path) as picture:
        return picture.info.get("icc_profile")
