"""Training samples: crops of a dark photograph, its clear reference and darker negatives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from lacr_lib.data.camera import (
    CameraSettings,
    add_sensor_noise,
    darken,
    linear_to_srgb,
    quantise,
    srgb_to_linear,
)
from lacr_lib.data.images import as_photo, image_size
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.errors import LacrError

Image = NDArray[np.float32]  # (H, W, 3), sRGB, [0, 1]
CACHE_BYTES = 4e9  # of photographs that are kept in memory


@dataclass(frozen=True)
class BatchSettings:
    """How training samples are drawn; shares are probabilities in [0, 1]."""

    seed: int = 0
    crop: int = 160  # pixels, a multiple of 8
    negatives: int = 2  # K: the input itself and K - 1 darker versions of its scene
    half_size_share: float = (
        0.6  # crops taken from the frame at half size: more of the scene in view
    )
    clear_share: float = 0.15  # clear-to-clear pairs: a well-lit photograph must come back unharmed
    synthetic_share: float = 0.2  # clear photographs darkened by the camera model
    noise_share: float = 0.3  # real dark frames that get camera noise on top
    darkest: float = 6.0  # synthetic exposures reach 2^-darkest

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise LacrError(f"{field.name} must be a finite number, not {value}")
        if self.crop < 32 or self.crop % 8:
            raise LacrError(f"crop must be a multiple of 8 and at least 32, not {self.crop}")
        if self.negatives < 1:
            raise LacrError(f"negatives must be at least 1, not {self.negatives}")
        if not 0 <= self.seed < 2**32:
            raise LacrError(f"seed must lie in [0, 2^32), not {self.seed}")
        if not self.darkest >= 1.0:
            raise LacrError(f"darkest must be at least 1, not {self.darkest}")
        for name in ("half_size_share", "clear_share", "synthetic_share", "noise_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise LacrError(f"{name} must lie in [0, 1], not {getattr(self, name)}")


class TrainingBatches(Dataset[dict[str, Tensor]]):
    """Endless, addressable training samples: item i depends on (seed, i) and on nothing else.

    So any number of workers or processes, and any resumed run, see the same samples.
    Item: low, clear (3, crop, crop) and negatives (K, 3, crop, crop), float32, sRGB, [0, 1].
    cache_bytes: photographs kept in memory, in each worker that has a copy of this; those beyond
    are read anew each time. The samples are the same.
    Raises LacrError when the set has no pairs or its photographs are smaller than the crop.
    """

    def __init__(
        self, photoset: PhotoSet, settings: BatchSettings, cache_bytes: float = CACHE_BYTES
    ) -> None:
        self.settings, self.room = settings, cache_bytes
        self.scenes = [scene for scene in photoset.scenes if scene.clear and scene.low]
        if not self.scenes:
            raise LacrError(f"{photoset.name}: no scene with a clear and a low-light photograph")
        for scene in self.scenes:  # now, and not when the scene is first drawn, hours from here
            if scene.clear is not None and scene.clear.path is not None:
                self.check_size(scene, *image_size(scene.clear.path))
        self.cache: dict[Frame, NDArray[np.uint8]] = {}

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        rng = np.random.default_rng((self.settings.seed, index))
        scene = self.scenes[rng.integers(len(self.scenes))]
        assert scene.clear is not None  # such scenes only, see above
        window = self.draw_window(scene, rng)
        clear = self.cut(scene.clear, window)
        kind = rng.choice(3, p=self.kind_shares())
        darker: Image | None
        if kind == 0:  # clear to clear
            low, darker = clear, self.cut(scene.low[rng.integers(len(scene.low))], window)
        elif kind == 1:  # darkened by the camera model
            camera = random_camera(rng)
            low = darken(clear, 2.0 ** -rng.uniform(1.0, self.settings.darkest), camera, rng)
            darker = darken_further(low, rng)
        else:  # a real exposure
            level = int(rng.integers(len(scene.low)))
            low = self.cut(scene.low[level], window)
            if rng.random() < self.settings.noise_share:
                low = add_noise(low, rng)
            darker = None if level == 0 else self.cut(scene.low[rng.integers(level)], window)
        negatives = [low]
        while len(negatives) < self.settings.negatives:
            negatives.append(darken_further(low, rng) if darker is None else darker)
            darker = None
        return {
            "low": to_tensor(low),
            "clear": to_tensor(clear),
            "negatives": torch.stack([to_tensor(image) for image in negatives]),
        }

    def kind_shares(self) -> tuple[float, float, float]:
        """Probabilities of a clear-to-clear, a synthetic and a real pair."""
        clear = self.settings.clear_share
        synthetic = (1.0 - clear) * self.settings.synthetic_share
        return clear, synthetic, 1.0 - clear - synthetic

    def draw_window(self, scene: Scene, rng: np.random.Generator) -> Window:
        """A random crop, scale, flip and quarter turn, shared by all photographs of the sample."""
        assert scene.clear is not None
        height, width = self.read(scene.clear).shape[:2]
        crop = self.settings.crop
        self.check_size(scene, height, width)
        scale = 2 if rng.random() < self.settings.half_size_share else 1
        scale = scale if min(height, width) >= 2 * crop else 1
        side = crop * scale
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        return Window(int(top), int(left), side, scale, bool(rng.integers(2)), int(rng.integers(4)))

    def check_size(self, scene: Scene, height: int, width: int) -> None:
        """Raises LacrError for photographs smaller than the crop."""
        if min(height, width) < self.settings.crop:
            raise LacrError(
                f"{scene.name}: {width}x{height} pixels are too few; set crop below "
                f"{self.settings.crop}, or take the scene out"
            )

    def cut(self, frame: Frame, window: Window) -> Image:
        """The window of a photograph."""
        return window.cut(self.read(frame))

    def read(self, frame: Frame) -> NDArray[np.uint8]:
        """A photograph, (H, W, 3), kept in memory once it was read, while there is room."""
        if frame in self.cache:
            return self.cache[frame]
        photo = as_photo(frame.read(), frame.name)
        if photo.nbytes <= self.room:
            self.room -= photo.nbytes
            self.cache[frame] = photo
        return photo


class StepSampler(Sampler[list[int]]):
    """Sample numbers of each step from `start` on, for one of several processes.

    Step s of P processes with B images each sees samples s*P*B .. (s+1)*P*B - 1, whatever P and B
    make of that product: two processes of 4 images see what one process of 8 sees.
    """

    def __init__(
        self, start: int, steps: int, batch: int, process: int = 0, processes: int = 1
    ) -> None:
        self.start, self.steps, self.batch = start, steps, batch
        self.process, self.processes = process, processes

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(self.start, self.steps):
            first = (step * self.processes + self.process) * self.batch
            yield list(range(first, first + self.batch))

    def __len__(self) -> int:
        return max(0, self.steps - self.start)


@dataclass(frozen=True)
class Window:
    """Where a sample is cut: top, left, side in pixels; then scale, flip, quarter turns."""

    top: int
    left: int
    side: int
    scale: int
    flip: bool
    turns: int

    def cut(self, photo: NDArray[np.uint8]) -> Image:
        """The window of a photograph: (H, W, 3) -> (side / scale, side / scale, 3)."""
        rows, columns = (
            slice(self.top, self.top + self.side),
            slice(self.left, self.left + self.side),
        )
        image = photo[rows, columns].astype(np.float32) / 255.0
        if self.scale > 1:  # area average
            cells = self.side // self.scale
            image = image.reshape(cells, self.scale, cells, self.scale, 3).mean(axis=(1, 3))
        image = image[:, ::-1] if self.flip else image
        return np.rot90(image, self.turns)


def random_camera(rng: np.random.Generator) -> CameraSettings:
    """A camera at a random sensitivity: full well 500 to 8000 electrons, read noise 1 to 5."""
    return CameraSettings(
        full_well=float(np.exp(rng.uniform(np.log(500.0), np.log(8000.0)))),
        read_noise=float(rng.uniform(1.0, 5.0)),
    )


def add_noise(low: Image, rng: np.random.Generator) -> Image:
    """Sensor noise on a frame that is already dark, back on the 8-bit grid."""
    return expose(low, 1.0, rng)


def darken_further(low: Image, rng: np.random.Generator) -> Image:
    """A darker and noisier version of a dark frame: the negative that carries noise as well."""
    return expose(low, 2.0 ** -rng.uniform(0.5, 2.0), rng)


def expose(photo: Image, exposure: float, rng: np.random.Generator) -> Image:
    """Expose a photograph again, in its own light, with a camera at a random sensitivity."""
    camera = random_camera(rng)
    linear = add_sensor_noise(srgb_to_linear(photo), exposure, camera, rng)
    return quantise(linear_to_srgb(np.clip(linear, 0.0, 1.0)), camera.bits)


def to_tensor(image: Image) -> Tensor:
    """(H, W, 3) -> (3, H, W), float32."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32))
