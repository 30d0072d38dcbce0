"""The embedded photographs: present without a network, split by scene, credited."""

from __future__ import annotations

import socket
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pytest

from lacr_lib.data import photographs
from lacr_lib.data.photographs import PHOTOGRAPHS, read_photograph
from lacr_lib.errors import LacrError


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("an embedded photograph must not need the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    photographs._read.cache_clear()


@pytest.mark.parametrize("photo", PHOTOGRAPHS, ids=lambda photo: photo.name)
def test_reads_in_colour_without_a_network(photo: photographs.Photograph, no_network: None) -> None:
    image = read_photograph(photo.name)
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    assert min(image.shape[:2]) >= 300
    assert 40 < image.mean() < 200  # a clear reference is neither black nor burnt out
    assert np.abs(image[..., 0].astype(int) - image[..., 2]).mean() > 5  # colour, not grey


@pytest.mark.parametrize("photo", PHOTOGRAPHS, ids=lambda photo: photo.name)
def test_file_ships_inside_its_package(photo: photographs.Photograph) -> None:
    shipped = [path.stem for path in files(photo.package) or [] if path.suffix in (".jpg", ".png")]
    assert photo.name in shipped


def test_split_is_fixed_and_by_scene() -> None:
    test_scenes = {photo.scene for photo in PHOTOGRAPHS if photo.split == "test"}
    train_scenes = {photo.scene for photo in PHOTOGRAPHS if photo.split == "train"}
    assert test_scenes == {"coffee", "chelsea", "china"}
    assert not test_scenes & train_scenes
    motorcycles = {photo.split for photo in PHOTOGRAPHS if photo.name.startswith("motorcycle")}
    assert len(motorcycles) == 1
    assert len({photo.name for photo in PHOTOGRAPHS}) == len(PHOTOGRAPHS)


def test_every_photograph_is_credited() -> None:
    for photo in PHOTOGRAPHS:
        assert photo.credit and photo.licence and photo.link.startswith("https://")


def test_max_side_and_copies() -> None:
    small = read_photograph("chelsea", max_side=64)
    assert max(small.shape) == 64
    first = read_photograph("chelsea")
    first[:] = 0  # a caller's edit must not reach the next caller
    assert read_photograph("chelsea").mean() > 40
    with pytest.raises(LacrError, match="chelsea"):
        read_photograph("mona_lisa")


def test_credits_page_is_the_table() -> None:
    page = Path(__file__).parents[2] / "notebooks" / "CREDITS.md"
    assert photographs.credits_table() in page.read_text(encoding="utf-8")
    for photo in PHOTOGRAPHS:
        assert photographs.credits_table().count(f"(`{photo.name}`)") == 1
