"""A folder of photographs in every form a photograph may have, and of files that are none."""

from __future__ import annotations

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import io as skimage_io

from lacr_lib.inference.load import save_model
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

SIZE = (24, 18)  # width, height
LONG_TEXT = zlib.compress(b"a" * 2_000_000)  # a text of 2 MB in a few bytes
POSIX = os.name == "posix"
ROOT = POSIX and os.geteuid() == 0


@dataclass(frozen=True)
class Corpus:
    """good: file name -> (width, height) of what must come back; bad: file name -> the reason."""

    folder: Path
    good: dict[str, tuple[int, int]]
    bad: dict[str, str]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    folder = tmp_path / "photos and more"
    folder.mkdir()
    (folder / "notes.txt").write_text("no photograph, and not named like one")
    (folder / ".hidden.png").write_text("hidden")
    return Corpus(folder, put_good(folder), put_bad(folder) | put_special(folder))


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("weights") / "toy.safetensors"
    torch.manual_seed(0)
    save_model(LacrVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)), path)
    return str(path)


def photograph(size: tuple[int, int] = SIZE) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 60, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def put_good(folder: Path) -> dict[str, tuple[int, int]]:
    photo = photograph()
    grey = np.asarray(photo.convert("L"))
    turned = Image.Exif()
    turned[274] = 6
    clear = photo.convert("RGBA")
    clear.putalpha(Image.fromarray(grey))
    palette = photo.convert("P")
    frames = [palette.rotate(90 * turn) for turn in range(3)]
    good = {}
    for name, picture, options in [
        ("plain.jpg", photo, {}),
        ("progressive.JPEG", photo, {"progressive": True}),
        ("cmyk.jpg", photo.convert("CMYK"), {}),
        ("palette.png", palette, {}),
        ("palette-transparent.png", palette, {"transparency": 0}),
        ("one-bit.png", photo.convert("1"), {}),
        ("grey.png", photo.convert("L"), {}),
        ("grey-alpha.png", photo.convert("LA"), {}),
        ("rgba.png", clear, {}),
        ("sixteen-bit.png", Image.fromarray(grey.astype(np.uint16) * 257), {}),
        ("sixteen-bits.tif", Image.fromarray(grey.astype(np.uint16) * 257), {}),
        ("float.tif", Image.fromarray(grey.astype(np.float32) / 255), {}),
        ("cmyk-too.tif", photo.convert("CMYK"), {}),
        ("turned.jpg", photo, {"exif": turned}),
        ("animated.gif", frames[0], {"save_all": True, "append_images": frames[1:]}),
        ("animated-too.webp", frames[0], {"save_all": True, "append_images": frames[1:]}),
        ("1x1.png", photograph((1, 1)), {}),
        ("15x15.png", photograph((15, 15)), {}),
        ("16x4000.png", photograph((16, 4000)), {}),
        ("4000x16.png", photograph((4000, 16)), {}),
        ("pages.tif", photo, {"save_all": True, "append_images": [photo.rotate(90)]}),
        ("no-profile.jpg", photo, {"icc_profile": b"no profile" * 20}),
        ("-o.png", photo, {}),
        ("two words and (brackets).png", photo, {}),
        ("naïve-夜-🌃.png", photo, {}),
    ]:
        picture.save(folder / name, **options)
        good[name] = picture.size
    (folder / "a-jpeg.png").write_bytes((folder / "plain.jpg").read_bytes())
    colour = np.asarray(photo).astype(np.uint16) * 257
    skimage_io.imsave(folder / "sixteen-bit-colour.tif", colour, check_contrast=False)
    alike = ("a-jpeg.png", "sixteen-bit-colour.tif")
    return {**good, **dict.fromkeys(alike, SIZE), "turned.jpg": SIZE[::-1]}


def put_bad(folder: Path) -> dict[str, str]:
    whole = {}
    for kind in ("JPEG", "PNG", "TIFF"):
        content = io.BytesIO()
        photograph((64, 64)).save(content, kind)
        whole[kind] = content.getvalue()
    nan = np.full((18, 24), 0.5, np.float32)
    nan[3, 4] = np.nan
    Image.fromarray(nan).save(folder / "nan.tif")
    Image.fromarray(np.where(np.isnan(nan), np.inf, nan)).save(folder / "infinite.tif")
    Image.fromarray(np.nan_to_num(nan) * np.float32(1e6)).save(folder / "out-of-range.tif")
    for name, content in {
        "cut-jpg.jpg": whole["JPEG"][: len(whole["JPEG"]) // 2],
        "cut-png.png": whole["PNG"][: len(whole["PNG"]) // 2],
        "cut-header.png": whole["PNG"][:20],
        "cut-tif.tif": whole["TIFF"][:100],
        "empty.png": b"",
        "text.png": b"not a picture at all",
        "bomb.png": png_header(20_000, 10_000),
        "bomb-too.jpg": jpeg_of(whole["JPEG"], 20_000, 10_000),
        "text-bomb.png": whole["PNG"][:33] + png_chunk(b"zTXt", b"k\0\0" + LONG_TEXT),
        "no-width.png": png_header(0, 10),
    }.items():
        (folder / name).write_bytes(content)
    half = np.full((18, 24, 3), 0.5, np.float32)
    skimage_io.imsave(folder / "float-colour.tif", half, check_contrast=False)
    (folder / "folder.jpg").mkdir()
    photograph().save(folder / "twin.jpg")
    photograph().save(folder / "twin.png")
    return {
        "nan.tif": "NaN or infinity", "infinite.tif": "NaN or infinity",
        "out-of-range.tif": "values up to 500000", "cut-jpg.jpg": "truncated",
        "cut-png.png": "truncated", "cut-header.png": "cannot read", "cut-tif.tif": "cannot read",
        "empty.png": "cannot identify", "text.png": "cannot identify",
        "bomb.png": "200000000 pixels", "bomb-too.jpg": "200000000 pixels",
        "text-bomb.png": "too large", "no-width.png": "cannot identify",
        "float-colour.tif": "cannot identify", "folder.jpg": "is a folder",
        "twin.png": "twin.jpg already becomes",
    }  # fmt: skip


def put_special(folder: Path) -> dict[str, str]:
    """Links, pipes, rights and names that only a Unix file system has."""
    if not POSIX:
        return {}
    (folder / "loop.png").symlink_to("loop-too.png")
    (folder / "loop-too.png").symlink_to("loop.png")
    (folder / "dangling.png").symlink_to("nowhere.png")
    (folder / "up").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    (folder / "two\nlines \x1b[2J.png").write_text("not a picture either")
    bad = {
        "loop.png": "leads nowhere", "loop-too.png": "leads nowhere",
        "dangling.png": "leads nowhere", "pipe.png": "no regular file",
        "two lines \\x1b[2J.png": "cannot identify",
    }  # fmt: skip
    if not ROOT:
        photograph().save(folder / "unreadable.png")
        (folder / "unreadable.png").chmod(0)
        bad["unreadable.png"] = "Permission denied"
    return bad


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", pixels)


def png_chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def jpeg_of(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its header."""
    at = jpeg.index(b"\xff\xc0") + 5  # start of frame: length, bits, height, width
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]
