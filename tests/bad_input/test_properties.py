"""Whatever an array, a picture or a file holds: a clear error or a valid photograph."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from lacr_lib.data.images import as_float, as_uint8, image_size, read_image
from lacr_lib.errors import LacrError
from lacr_lib.evaluation import metrics
from lacr_lib.inference.enhance import enhance
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

STRANGE = settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

SIDES = st.integers(0, 20)
SHAPES = st.one_of(
    st.tuples(SIDES, SIDES, st.just(3)),
    st.tuples(st.just(3), SIDES, SIDES),
    st.tuples(st.integers(0, 2), st.just(3), SIDES, SIDES),
    arrays.array_shapes(min_dims=0, max_dims=5, max_side=5),
)
TYPES = st.one_of(
    st.sampled_from(["uint8", "float16", "float32", "float64", ">f4"]).map(np.dtype),
    arrays.scalar_dtypes(),
)
VALUES = st.one_of(st.floats(0, 1), st.floats(), st.sampled_from([-0.0, 1 + 1e-6, 255.0, 1e300]))


@cache
def model() -> LacrVae:
    torch.manual_seed(0)
    return LacrVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)).eval()


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    """Mostly one value everywhere, and another one somewhere: a dead pixel."""
    shape, kind = draw(SHAPES), draw(TYPES)
    with np.errstate(all="ignore"):
        first, second = (np.float64(draw(VALUES)) for _ in range(2))
        image = np.full(shape, first).astype(kind)
        if image.size:
            image.flat[draw(st.integers(0, image.size - 1))] = np.array(second).astype(kind)
    return image


def check(result: np.ndarray, image: np.ndarray) -> None:
    assert (result.shape, result.dtype) == (image.shape, image.dtype)
    assert np.isfinite(result.astype(np.float64)).all()
    assert result.min() >= 0 and result.max() <= (255 if image.dtype == np.uint8 else 1)


@STRANGE
@given(images())
@example(np.full((20, 20, 3), np.nan))
@example(np.full((20, 20, 3), 1e300))
@example(np.zeros((20, 20, 3), np.longdouble))
@example(np.zeros((20, 20, 3), complex))
@example(np.full((20, 20, 3), None))
def test_an_array_gives_an_error_or_an_image(image: np.ndarray) -> None:
    try:
        check(enhance(model(), image), image)
    except LacrError as error:
        assert str(error) and "\n" not in str(error)
    try:
        values = as_float(image)
        assert values.dtype == np.float32 and values.min() >= 0 and values.max() <= 1
        assert as_uint8(values).dtype == np.uint8
    except LacrError as error:
        assert "\n" not in str(error)


METRICS = (metrics.psnr, metrics.ssim, metrics.gt_mean, metrics.ciede2000, metrics.loe)


@STRANGE
@given(images(), images(), st.booleans(), st.sampled_from(METRICS))
@example(np.zeros((0, 20, 3)), np.zeros((0, 20, 3)), True, metrics.loe)
@example(np.full((20, 20, 3), np.nan), np.zeros((20, 20, 3)), False, metrics.psnr)
def test_a_metric_gives_an_error_or_a_number(image, other, same_shape: bool, metric) -> None:
    other = np.zeros_like(image) if same_shape else other
    try:
        value = np.asarray(metric(image, other))
    except LacrError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert not np.isnan(value).any()
        assert value.shape == (image.shape if metric is metrics.gt_mean else ())


TENSOR_TYPES = (
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8, torch.int64,
    torch.bool, torch.complex64, torch.float8_e4m3fn,
)  # fmt: skip


@STRANGE
@given(SHAPES, st.sampled_from(TENSOR_TYPES), VALUES)
@example((3, 16, 16), torch.float8_e4m3fn, 0.5)
@example((2, 3, 16, 16), torch.bfloat16, 1.0)
def test_a_tensor_gives_an_error_or_an_image(shape: tuple, kind: torch.dtype, value: float) -> None:
    image = torch.full(shape, value, dtype=torch.float64).to(kind)
    try:
        result = enhance(model(), image)
    except LacrError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert result.shape == image.shape and result.dtype == torch.float32
        assert result.isfinite().all() and result.min() >= 0 and result.max() <= 1


MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB",
         "HSV", "I", "F", "I;16", "I;16B", "I;16L")  # fmt: skip


@STRANGE
@given(st.sampled_from(MODES), st.integers(1, 20), st.integers(1, 20), VALUES)
@example("LAB", 4, 4, 0.0)
@example("F", 4, 4, float("nan"))
@example("F", 4, 4, float("inf"))
@example("I", 4, 4, 1e9)
def test_a_picture_of_any_mode_gives_an_error_or_an_image(
    mode: str, width: int, height: int, value: float
) -> None:
    picture = Image.new(mode, (width, height))
    if mode in ("I", "F"):
        with np.errstate(all="ignore"):
            kind = np.int32 if mode == "I" else np.float32
            picture = Image.fromarray(np.full((height, width), value).astype(kind))
    try:
        result = enhance(model(), picture)
    except LacrError as error:
        assert "\n" not in str(error)
    else:
        assert (result.mode, result.size) == ("RGB", (width, height))


@cache
def files() -> dict[str, bytes]:
    """A file of each format, small, with EXIF and more than one frame where the format has them."""
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 60, (24, 32, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[274] = 6
    grey, palette = photo.convert("L"), photo.convert("P")
    found = {}
    for name, picture, options in [
        ("a.jpg", photo, {"exif": exif}), ("b.jpg", photo.convert("CMYK"), {"progressive": True}),
        ("a.png", photo, {"exif": exif}), ("b.png", palette, {"transparency": 0}),
        ("a.tif", photo, {}), ("a.webp", photo, {"exif": exif}), ("a.bmp", photo, {}),
        ("a.ppm", photo, {}), ("a.pgm", grey, {}),
        ("a.gif", palette, {"save_all": True, "append_images": [palette.rotate(90)]}),
    ]:  # fmt: skip
        content = io.BytesIO()
        picture.save(content, Image.registered_extensions()[Path(name).suffix], **options)
        found[name] = content.getvalue()
    return found


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(STRANGE, max_examples=400)
@given(st.data())
def test_a_damaged_file_gives_an_error_or_an_image(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files())))
    content = bytearray(files()[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    path = tmp_path / name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] or content)
    for read in (read_image, image_size):
        try:
            result = read(path)
        except LacrError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:
            assert read is image_size or (result.dtype == np.uint8 and result.shape[2:] == (3,))
