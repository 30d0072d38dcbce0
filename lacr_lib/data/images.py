"""Image files to arrays and back: uint8 or float32, sRGB, (H, W, 3)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

from lacr_lib.errors import LacrError, first_line

Array = np.ndarray[Any, np.dtype[Any]]
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm")

# What Pillow raises for files that are cut short, damaged, or no picture at all.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)


def read_image(path: str | Path) -> Array:
    """Read a photograph as it is meant to be seen.

    Returns uint8 (H, W, 3), sRGB. The EXIF orientation is applied; grey and palette pictures become
    RGB; transparent parts become white, as a browser shows them; 16-bit grey is rounded to 8
    bits; float grey is white at 1, 255 or 65535, the first that no value exceeds; of an animation
    the first frame is read.
    Raises LacrError if the file is missing, a folder, damaged, not a picture, or holds values that
    are none (NaN, infinity, over 65535).
    """
    path = Path(path)
    with readable(path):
        _check_regular(path)
        with Image.open(path) as picture:
            return upright_rgb(picture)


def upright_rgb(picture: Image.Image) -> Array:
    """The pixels of a Pillow picture by the rules of `read_image`; raises what Pillow raises."""
    if picture.format == "PPM" and picture.mode == "I":  # 16 bits, whatever its brightest pixel is
        picture = picture.convert("I;16")
    return np.asarray(to_rgb(ImageOps.exif_transpose(picture)))


@contextmanager
def readable(what: str | Path) -> Iterator[None]:
    """Turns whatever Pillow raises in the block into a LacrError that names the picture."""
    try:
        yield
    except LacrError:
        raise
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno:  # the system's, not Pillow's own
            raise LacrError(
                f"cannot read {what} ({error.strerror}): check its permissions and its disk"
            ) from error
        raise LacrError(
            f"cannot read {what} as an image ({first_line(error)}): open it in a viewer and save "
            "it again as PNG or JPEG"
        ) from error


def _check_regular(path: Path) -> None:
    """Raises LacrError for a path that is no file: Pillow would wait for a pipe for ever."""
    if path.is_dir():
        raise LacrError(f"{path} is a folder, not an image: name a file in it")
    if not path.exists():
        raise LacrError(f"no such file: {path}: check the spelling of the path")
    if not path.is_file():
        raise LacrError(f"{path} is no regular file: name a photograph")


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert a Pillow picture of any mode to mode RGB, 8 bits; the rules are `read_image`'s."""
    if picture.mode.startswith("I") or picture.mode == "F":
        sixteen = picture.mode.startswith("I;16")
        values = _eight_bits(np.asarray(picture), 65535.0 if sixteen else None)
        return Image.fromarray(values).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def image_size(path: str | Path) -> tuple[int, int]:
    """(height, width) of a photograph as seen, read from the file's header only.

    Raises LacrError if the file is no readable picture.
    """
    with readable(path):
        _check_regular(Path(path))
        with Image.open(path) as picture:
            width, height = picture.size
            if isinstance(picture, TiffImageFile):  # Pillow may give its size turned already
                width, height = picture.tag_v2[IMAGEWIDTH], picture.tag_v2[IMAGELENGTH]
            # a PNG's own getexif decodes all of it, to see what stands after its pixels
            early = picture.format == "PNG" and not _tells_late(Path(path))
            exif = Image.Image.getexif(picture) if early else picture.getexif()
            turned = exif.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    return (width, height) if turned else (height, width)


def _tells_late(png: Path) -> bool:
    """Whether a PNG holds EXIF or a text after its pixels: each of them may turn it."""
    with png.open("rb") as file:
        file.seek(8)  # its signature
        late = False
        while len(head := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            late = late or name == b"IDAT"
            if late and name in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
                return True
            file.seek(length + 4, os.SEEK_CUR)  # 4: its checksum
    return False


def is_image(name: str | Path) -> bool:
    """Whether a file name looks like a photograph: a known suffix, and not hidden."""
    path = Path(name)
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def find_images(folder: str | Path) -> list[Path]:
    """All photographs in a folder and its subfolders, sorted by path; hidden ones are left out.

    Raises LacrError for a folder that cannot be listed: its photographs would be missed in silence.
    """

    def stop(error: OSError) -> None:
        raise LacrError(f"cannot list the folder {error.filename} ({error.strerror})") from error

    found: list[Path] = []
    seen: set[str] = set()  # real folders already visited: a link may lead back up
    for here, folders, files in os.walk(folder, onerror=stop, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(Path(here) / name for name in files if is_image(name))
    return sorted(found)


def as_float(photo: Array) -> Array:
    """A photograph as float32 in [0, 1].

    Shapes: uint8 or float (H, W, 3) -> float32 (H, W, 3).
    Raises LacrError for another shape or type, no pixels, or values outside [0, 1].
    """
    if photo.ndim != 3 or photo.shape[2] != 3:
        raise LacrError(f"a photograph has shape (H, W, 3), not {photo.shape}: convert it to RGB")
    if not photo.size:
        raise LacrError(f"a photograph of shape {photo.shape} has no pixels")
    if photo.dtype == np.uint8:
        return photo.astype(np.float32) / np.float32(255)
    if not np.issubdtype(photo.dtype, np.floating):
        raise LacrError(f"a photograph is uint8 or float in [0, 1], not {photo.dtype}")
    if not (photo.min() >= 0 and photo.max() <= 1):  # also true for NaN
        raise LacrError("a float photograph has values in [0, 1]: divide by its white level")
    return photo.astype(np.float32)


def as_photo(photo: Array, name: str) -> Array:
    """The photograph itself. Raises LacrError unless it is uint8 (H, W, 3)."""
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise LacrError(f"{name}: a photograph is uint8 (H, W, 3), not {photo.dtype} {photo.shape}")
    return photo


def as_uint8(photo: Array) -> Array:
    """A float photograph in [0, 1] rounded (not cut) to uint8; values outside are clipped."""
    if photo.dtype == np.uint8:
        return photo
    return np.round(np.clip(photo, 0, 1) * 255).astype(np.uint8)


def resize_to(photo: Array, max_side: int) -> Array:
    """Reduce a uint8 photograph so that its longer side is at most `max_side` pixels."""
    height, width = photo.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return photo
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))


def _eight_bits(values: Array, white: float | None) -> Array:
    """Grey of more bits, or float, to uint8: `white`, or what the values suggest, becomes 255."""
    peak = float(values.max())
    if not np.isfinite(values).all():
        raise ValueError("it holds NaN or infinity")
    if white is None:
        levels = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        white = next((level for level in levels if peak <= level), None)
    if white is None:
        raise ValueError(f"it holds values up to {peak:.0f}, and 65535 is the largest white")
    return as_uint8(values.astype(np.float64) / white)
