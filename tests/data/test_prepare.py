"""Building SICE ladders from a flat folder of numbered photographs (made up here)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.data.layouts import open_photoset
from lacr_lib.data.prepare import SplitRow, prepare_sice, read_split
from lacr_lib.errors import LacrError

ROWS = [
    SplitRow("train", "s001", "low_0", "12.jpg", 20.0),
    SplitRow("train", "s001", "low_1", "7.jpg", 50.0),
    SplitRow("train", "s001", "clear", "9.jpg", 120.0),
    SplitRow("val", "s002", "low_0", "30.jpg", 35.0),
    SplitRow("val", "s002", "clear", "31.jpg", 130.0),
]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "train_data"
    folder.mkdir(parents=True)
    for row in ROWS:
        noise = np.random.default_rng(0).integers(-10, 11, (24, 24, 1))
        grey = np.repeat(noise + int(row.mean_luma), 3, axis=2).astype(np.uint8)
        Image.fromarray(grey).save(folder / row.source_file, quality=95)
    Image.new("RGB", (24, 24)).save(folder / "999.jpg")  # a frame the split leaves out
    return folder


def test_builds_ladders(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "sice"
    photos = prepare_sice(archive, out, ROWS)
    assert photos.describe() == "2 scenes, 5 images, exposure ladders"
    assert [s.name for s in photos.select("test").scenes] == ["s002"]
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.jpg")) == [
        "train/s001/clear.jpg", "train/s001/low_0.jpg", "train/s001/low_1.jpg",
        "val/s002/clear.jpg", "val/s002/low_0.jpg",
    ]  # fmt: skip
    assert (out / "train/s001/low_0.jpg").read_bytes() == (archive / "12.jpg").read_bytes()
    assert prepare_sice(archive, out, ROWS).describe() == photos.describe()  # again: no harm


def test_finds_the_folder_that_holds_most(archive: Path, tmp_path: Path) -> None:
    test_images = archive.parent / "a_test_data"  # sorts first, and shares a number
    test_images.mkdir()
    Image.new("RGB", (24, 24), "white").save(test_images / "12.jpg")
    assert len(prepare_sice(archive.parent, tmp_path / "out", ROWS).pairs()) == 3


def test_missing_photographs_are_named(archive: Path, tmp_path: Path) -> None:
    (archive / "7.jpg").unlink()
    with pytest.raises(LacrError, match=r"lacks 1 of 5 photographs, for example 7.jpg"):
        prepare_sice(archive, tmp_path / "out", ROWS)
    assert not (tmp_path / "out").exists()
    with pytest.raises(LacrError, match="no such folder"):
        prepare_sice(tmp_path / "absent", tmp_path / "out", ROWS)
    (tmp_path / "file").touch()
    with pytest.raises(LacrError, match="is a file"):
        prepare_sice(archive, tmp_path / "file", ROWS)


def test_another_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    Image.new("RGB", (24, 24), "white").save(archive / "7.jpg")
    with pytest.raises(LacrError, match=r"7.jpg is not the photograph.*255.0, expected 50.0"):
        prepare_sice(archive, tmp_path / "out", ROWS)
    assert not (tmp_path / "out").exists()


def test_shipped_split_is_whole() -> None:
    rows = read_split()
    assert len(rows) == 773 and len({row.source_file for row in rows}) == 773
    scenes = {(row.split, row.scene) for row in rows}
    assert sum(split == "train" for split, _ in scenes) == 135
    assert sum(split == "val" for split, _ in scenes) == 20
    assert len({scene for _, scene in scenes}) == 155  # no scene is in both
    for _, scene in scenes:
        mine = [row for row in rows if row.scene == scene]
        assert [row.role for row in mine].count("clear") == 1
        luma = {row.role: row.mean_luma for row in mine}
        low = [luma[f"low_{k}"] for k in range(len(mine) - 1)]
        assert low == sorted(low) and low[-1] < 0.75 * luma["clear"] + 0.5


def test_shipped_split_is_the_real_one(real_data: Path) -> None:
    photos = {(s.name, f.name): f for s in open_photoset(real_data / "sice").scenes
              for f in (*s.low, s.clear)}  # fmt: skip
    rows = read_split()
    assert {(row.scene, row.role) for row in rows} == set(photos)
    for row in rows[::97]:
        grey = Image.fromarray(photos[row.scene, row.role].read()).convert("L")
        assert np.asarray(grey).mean() == pytest.approx(row.mean_luma, abs=0.1)
