"""Reading photographs: every mode a file may have, and files that are none."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from lacr_lib.data.images import (
    as_float,
    as_uint8,
    find_images,
    image_size,
    is_image,
    read_image,
    resize_to,
)
from lacr_lib.errors import LacrError


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)


def save(path: Path, array: np.ndarray, mode: str | None = None, **options: object) -> Path:
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".ppm", ".PNG"])
def test_lossless_files_come_back_exactly(tmp_path: Path, photo: np.ndarray, suffix: str) -> None:
    read = read_image(save(tmp_path / f"a b ü{suffix}", photo))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, photo)


def test_grey_palette_and_bilevel_become_rgb(tmp_path: Path, photo: np.ndarray) -> None:
    grey = photo[..., 0]
    np.testing.assert_array_equal(read_image(save(tmp_path / "l.png", grey)), np.dstack([grey] * 3))
    palette = save(tmp_path / "p.png", photo, "P")
    np.testing.assert_array_equal(
        read_image(palette), np.asarray(Image.open(palette).convert("RGB"))
    )
    black_white = read_image(save(tmp_path / "1.png", grey, "1"))
    assert black_white.shape == photo.shape and set(np.unique(black_white)) == {0, 255}


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    red = np.full((8, 8, 3), (250, 10, 10), np.uint8)
    read = read_image(save(tmp_path / "c.jpg", red, "CMYK", quality=95))
    assert np.abs(read.astype(int) - red).max() < 12


def test_transparent_parts_become_white(tmp_path: Path, photo: np.ndarray) -> None:
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[:, :5] = 0
    read = read_image(save(tmp_path / "a.png", np.dstack([photo, alpha])))
    assert (read[:, :5] == 255).all()
    np.testing.assert_array_equal(read[:, 5:], photo[:, 5:])


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    grey = np.linspace(0, 65535, 240).astype(np.uint16).reshape(12, 20)
    read = read_image(save(tmp_path / "i16.png", grey))
    np.testing.assert_allclose(read[..., 0], grey / 257, atol=0.51)
    with_tiff = read_image(save(tmp_path / "i16.tif", grey))
    np.testing.assert_array_equal(with_tiff, read)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("white", [65535, 4095])
def test_a_dark_grey_map_of_more_bits_stays_dark(tmp_path: Path, white: int, plain: bool) -> None:
    """200 of 65535 is nearly black, though 200 of 255 would be bright."""
    dark = round(white * 200 / 65535)
    path = tmp_path / "dark.pgm"
    head = f"{'P2' if plain else 'P5'}\n4 3\n{white}\n".encode()
    path.write_bytes(head + (f"{dark} ".encode() if plain else dark.to_bytes(2, "big")) * 12)
    assert (read_image(path) == np.ones((3, 4, 3))).all()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(
    tmp_path: Path, photo: np.ndarray, orientation: int, suffix: str
) -> None:
    undo = {  # how the camera stored the picture, for each value of the tag
        1: photo, 2: photo[:, ::-1], 3: photo[::-1, ::-1], 4: photo[::-1],
        5: photo.transpose(1, 0, 2), 6: np.rot90(photo, 1),
        7: photo[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(photo, -1),
    }  # fmt: skip
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(undo[orientation])
    path = save(tmp_path / f"turned{suffix}", stored, exif=exif)
    assert image_size(path) == read_image(path).shape[:2] == photo.shape[:2]
    if suffix in (".png", ".tif"):
        np.testing.assert_array_equal(read_image(path), photo)


def test_the_size_of_a_png_is_read_without_its_pixels(
    tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[274] = 6
    paths = [save(tmp_path / "a.png", photo), save(tmp_path / "b.png", photo, exif=exif)]
    monkeypatch.setattr(PngImageFile, "load", lambda self: pytest.fail("decoded"))
    assert [image_size(path) for path in paths] == [(12, 20), (20, 12)]


@pytest.mark.parametrize("kind", [b"eXIf", b"iTXt"])
def test_a_png_that_is_turned_by_what_stands_after_its_pixels(
    tmp_path: Path, photo: np.ndarray, kind: bytes
) -> None:
    exif = Image.Exif()
    exif[274] = 6
    xmp = b"XML:com.adobe.xmp" + bytes(5) + b'<x tiff:Orientation="6"/>'
    content = {b"eXIf": exif.tobytes().removeprefix(b"Exif\0\0"), b"iTXt": xmp}[kind]
    whole = save(tmp_path / "a.png", photo).read_bytes()
    chunk = struct.pack(">I", len(content)) + kind + content
    late = whole[:-12] + chunk + struct.pack(">I", zlib.crc32(kind + content)) + whole[-12:]
    (tmp_path / "late.png").write_bytes(late)
    path = tmp_path / "late.png"
    assert image_size(path) == read_image(path).shape[:2] == (20, 12)


def test_files_that_are_no_picture(tmp_path: Path, photo: np.ndarray) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    whole = save(tmp_path / "whole.png", photo).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name in ("text.jpg", "empty.png", "cut.png"):
        with pytest.raises(LacrError, match=name) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(LacrError, match="no such file"):
        read_image(tmp_path / "absent.png")
    with pytest.raises(LacrError, match="is a folder"):
        read_image(tmp_path)
    with pytest.raises(LacrError, match=r"text\.jpg"):
        image_size(tmp_path / "text.jpg")


def test_find_images_is_sorted_recursive_and_skips_hidden(
    tmp_path: Path, photo: np.ndarray
) -> None:
    (tmp_path / "b/.cache").mkdir(parents=True)
    for name in ("z.JPG", "a.png", "b/c.bmp", "._a.png", "b/.cache/d.png"):
        save(tmp_path / name, photo)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "b/up").symlink_to(tmp_path)  # a link that leads back must not loop
    names = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
    assert names == ["a.png", "b/c.bmp", "z.JPG"]
    assert is_image("x.Jpeg") and not is_image("x.txt") and not is_image(".x.jpg")


def test_float_and_back_is_exact(photo: np.ndarray) -> None:
    np.testing.assert_array_equal(as_uint8(as_float(photo)), photo)
    assert as_uint8(np.array([0.6 / 255, -1.0, 2.0])).tolist() == [1, 0, 255]
    for bad in (photo[..., 0], photo * 1.0, np.full((4, 4, 3), np.nan), photo.astype(int)):
        with pytest.raises(LacrError):
            as_float(bad)


def test_resize_keeps_aspect_and_never_enlarges(photo: np.ndarray) -> None:
    assert resize_to(photo, 10).shape == (6, 10, 3)
    assert resize_to(photo, 20) is photo
    assert resize_to(np.zeros((1, 500, 3), np.uint8), 50).shape == (1, 50, 3)
    flat = np.full((30, 40, 3), 77, np.uint8)
    assert (resize_to(flat, 13) == 77).all()
