"""Photographs through the encoder: a table of region latents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from lacr_lib.data.camera import srgb_to_linear
from lacr_lib.data.images import as_photo
from lacr_lib.data.photoset import Tell, read_or_tell
from lacr_lib.errors import LacrError
from lacr_lib.inference.tiles import SMALLEST_SIDE
from lacr_lib.models.config import REGION
from lacr_lib.models.mode import evaluation_mode

if TYPE_CHECKING:
    from lacr_lib.data.layouts import Frame, PhotoSet, Scene
    from lacr_lib.models.vae import LacrVae

KINDS = ("low", "enhanced", "clear")
MAX_PIXELS = 1_000_000  # larger photographs are reduced: the global statistics are defined there
LUMA = (0.299, 0.587, 0.114)  # Rec. 601 on sRGB values, as in the metrics


@dataclass(frozen=True)
class Latents:
    """The posteriors of many regions, one row for one 8 x 8 region of one photograph.

    mu, log_var (N, Z) float32; kind (N,) "low", "enhanced" or "clear"; scene (N,); exposure (N,)
    relative to the clear photograph (1 for clear, NaN where unknown; an enhanced photograph keeps
    the exposure it came from); luma (N,) mean of the region in [0, 1]; row, col (N,) position of
    the region in its map; photograph (N,) index into `names` (P,).
    """

    mu: NDArray[np.float32]
    log_var: NDArray[np.float32]
    kind: NDArray[np.str_]
    scene: NDArray[np.str_]
    exposure: NDArray[np.float32]
    luma: NDArray[np.float32]
    row: NDArray[np.int32]
    col: NDArray[np.int32]
    photograph: NDArray[np.int32]
    names: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.mu)

    def select(self, rows: NDArray[Any]) -> Latents:
        """Some rows, by mask or index; `names` stays whole, so that indices keep their meaning."""
        kept = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "names"}
        return replace(self, **kept)

    def of(self, *kinds: str) -> Latents:
        """The rows of some kinds."""
        return self.select(np.isin(self.kind, kinds))

    def pooled(self) -> Latents:
        """One row a photograph: means over its regions of mu, log_var and luma; row, col are 0."""
        photographs, first, where = np.unique(
            self.photograph, return_index=True, return_inverse=True
        )
        counts = np.bincount(where)

        def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
            total = np.zeros((len(photographs), *values.shape[1:]))
            np.add.at(total, where, values)
            return (total.T / counts).T.astype(np.float32)

        table = self.select(first)
        zero = np.zeros_like(table.row)
        return replace(
            table,
            mu=mean(self.mu),
            log_var=mean(self.log_var),
            luma=mean(self.luma),
            row=zero,
            col=zero,
        )


def thin(latents: Latents, regions: int, seed: int = 0) -> Latents:
    """At most so many regions of each photograph, the same places in a whole scene; for maps."""
    keep = np.zeros(len(latents), bool)
    place = latents.row.astype(np.int64) << 32 | latents.col
    for index, scene in enumerate(dict.fromkeys(latents.scene.tolist())):
        here = latents.scene == scene
        choices = np.random.default_rng([seed, index]).permutation(np.unique(place[here]))
        keep |= here & np.isin(place, choices[:regions])
    return latents.select(keep)


class Photograph(NamedTuple):
    """One encoded photograph: image (1, 3, H, W), mu and log_var (1, Z, h, w), and what it is."""

    scene: str
    kind: str
    name: str
    exposure: float
    image: Tensor
    mu: Tensor
    log_var: Tensor


def encode_photos(
    model: LacrVae,
    photoset: PhotoSet,
    regions: int | None = None,
    enhanced: bool = True,
    seed: int = 0,
    on_photo: Callable[[Photograph], object] | None = None,
    on_unread: Tell | None = None,
) -> Iterator[Latents]:
    """Encodes every photograph of a set, one at a time: a table of its regions for each.

    regions: how many regions of a photograph to keep, drawn once a scene, so that all photographs
    of a scene keep the *same* places (None: all). enhanced: also enhance each low photograph and
    encode the result, clamped to [0, 1]. Photographs over 1 megapixel are reduced to 1 megapixel.
    `on_photo` is called with each encoded photograph (a progress bar, thumbnails). on_unread: told
    in one line of each photograph that cannot be read, which is left out; None: it ends the work.
    """
    number = 0
    for index, scene in enumerate(photoset.scenes):
        for photo in encode_scene(model, scene, enhanced, on_unread):
            rng = np.random.default_rng([seed, index])  # the same draw for the whole scene
            yield _rows(photo, _places(photo.mu, regions, rng), number)
            number += 1
            if on_photo is not None:
                on_photo(photo)


def encode_photoset(
    model: LacrVae, photoset: PhotoSet, regions: int | None = None, **options: Any
) -> Latents:
    """All of `encode_photos`, with its options, as one table in memory. Errors: an empty set."""
    columns: dict[str, list[NDArray[Any]]] = {f.name: [] for f in fields(Latents)}
    for part in encode_photos(model, photoset, regions, **options):
        for name, parts in columns.items():
            parts.append(getattr(part, name))
    if not columns["mu"]:
        raise LacrError(f"{photoset.name} holds no photograph: give a folder with some")
    # column by column, letting go of the parts: the peak is one table and one column
    return Latents(**{name: np.concatenate(columns.pop(name)) for name in list(columns)})


@torch.inference_mode()
def encode_scene(
    model: LacrVae, scene: Scene, enhanced: bool = True, on_unread: Tell | None = None
) -> Iterator[Photograph]:
    """The photographs of one scene, encoded: clear, then each low one and its enhancement."""
    clear = None if scene.clear is None else read_or_tell(scene.clear, on_unread)
    if clear is not None:
        image = as_batch(clear, model)
        code = model.encode(image)
        name = f"{scene.name}/clear"
        yield Photograph(scene.name, "clear", name, 1.0, image, code.mu, code.log_var)
    for number, frame in enumerate(scene.low):
        low = read_or_tell(frame, on_unread)
        if low is None:
            continue
        name, exposure = f"{scene.name}/low_{number}", relative_exposure(frame, low, clear)
        image = as_batch(low, model)
        code = model.encode(image)
        yield Photograph(scene.name, "low", name, exposure, image, code.mu, code.log_var)
        if enhanced:
            with evaluation_mode(model):  # in training, skips are dropped by chance
                image = model.decode(code.mu, image, code.skips).clamp(0, 1)
            again = model.encode(image)
            name = f"{name} enhanced"
            yield Photograph(scene.name, "enhanced", name, exposure, image, *again[:2])


def relative_exposure(
    frame: Frame, low: NDArray[np.uint8], clear: NDArray[np.uint8] | None
) -> float:
    """Light of a photograph relative to its clear one: as recorded, or measured, or NaN.

    Measured: the ratio of the means in linear light. Clipped highlights of the clear photograph
    make it too large; the order of exposures within a scene is safe.
    """
    if frame.exposure is not None:
        return float(frame.exposure)
    if clear is None:
        return float("nan")
    light = [float(srgb_to_linear(x.astype(np.float32) / 255).mean()) for x in (low, clear)]
    return light[0] / max(light[1], 1e-6)


def as_batch(photo: NDArray[np.uint8], model: LacrVae) -> Tensor:
    """uint8 (H, W, 3) -> float32 (1, 3, h, w) in [0, 1], on the model's device, at most 1 MP.

    Sides under 16 pixels are extended by their edge pixels; no side is reduced below that.
    Errors: another type or shape.
    """
    photo = as_photo(photo, "encoding")
    edges = [(0, max(0, SMALLEST_SIDE - side)) for side in photo.shape[:2]]
    photo = np.pad(photo, (*edges, (0, 0)), mode="edge")
    height, width = photo.shape[:2]
    if height * width > MAX_PIXELS:
        scale, longest = (MAX_PIXELS / (height * width)) ** 0.5, MAX_PIXELS // SMALLEST_SIDE
        sides = [min(max(SMALLEST_SIDE, int(side * scale)), longest) for side in (width, height)]
        size = (sides[0], sides[1])
        photo = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BOX))
    device = next(model.parameters()).device
    tensor = torch.from_numpy(np.array(photo)).to(device)  # a copy: torch wants writable memory
    return tensor.permute(2, 0, 1)[None].float() / 255


def region_luma(image: Tensor) -> Tensor:
    """Mean luma of each region, (1, 3, H, W) -> (ceil(H/8), ceil(W/8)), in [0, 1]."""
    weights = torch.tensor(LUMA, device=image.device).view(1, 3, 1, 1)
    return region_means((image * weights).sum(1, keepdim=True))[0, 0]


def region_means(x: Tensor) -> Tensor:
    """Mean of each region, over the pixels it has: (B, C, H, W) -> (B, C, ceil(H/8), ceil(W/8))."""
    return F.avg_pool2d(x, REGION, ceil_mode=True, count_include_pad=False)


def _places(mu: Tensor, regions: int | None, rng: np.random.Generator) -> NDArray[np.int64]:
    count = mu.shape[-2] * mu.shape[-1]
    if regions is None or regions >= count:
        return np.arange(count)
    return np.sort(rng.choice(count, size=regions, replace=False))


def _rows(photo: Photograph, keep: NDArray[np.int64], number: int) -> Latents:
    """The table of one photograph: its kept regions, and its number in the whole table."""
    width, n = photo.mu.shape[-1], len(keep)
    return Latents(
        mu=photo.mu[0].flatten(1).T.cpu().numpy()[keep],  # (N, Z)
        log_var=photo.log_var[0].flatten(1).T.cpu().numpy()[keep],
        kind=np.full(n, photo.kind),
        scene=np.full(n, photo.scene),
        exposure=np.full(n, photo.exposure, np.float32),
        luma=region_luma(photo.image).flatten().cpu().numpy()[keep],
        row=(keep // width).astype(np.int32),
        col=(keep % width).astype(np.int32),
        photograph=np.full(n, number, np.int32),
        names=np.array([photo.name]),
    )
