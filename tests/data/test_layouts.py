"""Folders of photographs: each layout found, split, counted, and mistakes named."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.data.layouts import PhotoSet, open_photoset
from lacr_lib.errors import LacrError


def put(root: Path, *names: str, size: tuple[int, int] = (16, 12), level: int = 90) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (level, level, level)).save(path)


def ladder(root: Path, scene: str, steps: int) -> None:
    put(root, *(f"{scene}/low_{k}.png" for k in range(steps)), f"{scene}/clear.jpg")


def test_ladders_with_splits(tmp_path: Path) -> None:
    ladder(tmp_path, "train/s1", 11)
    ladder(tmp_path, "train/s2", 2)
    ladder(tmp_path, "val/s3", 3)
    put(tmp_path, "unpaired/x.png")
    photos = open_photoset(tmp_path)
    assert photos.layout == "ladder"
    assert photos.describe() == "3 scenes, 19 images, exposure ladders"
    assert [scene.name for scene in photos.select("train").scenes] == ["s1", "s2"]
    assert [scene.name for scene in photos.select("test").scenes] == ["s3"]
    names = [frame.name for frame in photos.scenes[0].low]
    assert names == [f"low_{k}" for k in range(11)]  # low_2 before low_10
    pairs = photos.pairs()
    assert len(pairs) == 16 and len({pair.name for pair in pairs}) == 16
    assert pairs[0].name == "s1/low_0" and pairs[0].scene == "s1"
    assert pairs[0].clear.read().shape == (12, 16, 3)


def test_ladder_root_may_be_the_scene_or_the_split(tmp_path: Path) -> None:
    ladder(tmp_path, "val/s3", 2)
    scene = open_photoset(tmp_path / "val/s3")
    assert scene.describe() == "1 scene, 3 images, exposure ladders"
    assert scene.scenes[0].name == "s3" and scene.select("test") is scene
    split = open_photoset(str(tmp_path / "val"))
    assert split.select("train") is split  # nothing below this folder names a split


def test_scenes_of_one_name_keep_their_path(tmp_path: Path) -> None:
    ladder(tmp_path, "A/s1", 1)
    ladder(tmp_path, "B/s1", 1)
    assert [scene.name for scene in open_photoset(tmp_path).scenes] == ["A/s1", "B/s1"]


@pytest.mark.parametrize("reference", ["high", "clear", "normal", "High"])
def test_pairs_match_stems_in_any_case(tmp_path: Path, reference: str) -> None:
    put(tmp_path, "Low/IMG_1.JPG", "Low/b.png", f"{reference}/img_1.png", f"{reference}/B.jpg")
    photos = open_photoset(tmp_path)
    assert photos.layout == "paired"
    assert photos.describe() == "2 scenes, 4 images, low/clear pairs"
    for pair in photos.pairs():
        assert pair.low.path.stem.lower() == pair.clear.path.stem.lower()
    assert {pair.name for pair in photos.pairs()} == {"IMG_1", "b"}


def test_numbered_names_with_their_role(tmp_path: Path) -> None:
    put(tmp_path, "Test/Low/low00690.png", "Test/Normal/normal00690.png")
    (pair,) = open_photoset(tmp_path).select("test").pairs()
    assert pair.clear.path.name == "normal00690.png"


@pytest.mark.parametrize(
    "reference", ["high/high_{}", "high/low_{}", "Clear/clear-{}", "normal/{}"]
)
def test_pairs_of_low_1_are_no_ladder(tmp_path: Path, reference: str) -> None:
    put(tmp_path, *(f"low/low_{k}.png" for k in (1, 2)))
    put(tmp_path, *(reference.format(k) + ".jpg" for k in (1, 2)))
    photos = open_photoset(tmp_path)
    assert photos.describe() == "2 scenes, 4 images, low/clear pairs"
    for pair in photos.pairs():
        assert pair.low.path.stem[-1] == pair.clear.path.stem[-1]
    put(tmp_path, "low/low_3.png")
    with pytest.raises(LacrError, match=r"low_3\.png has no file of that stem"):
        open_photoset(tmp_path)


def test_names_with_another_role_pair_by_their_stems(tmp_path: Path) -> None:
    names = ("low_1.png", "high_1.png", "clear_1.png", "normal.png")
    put(tmp_path, *(f"{role}/{name}" for role in ("low", "high") for name in names))
    for pair in open_photoset(tmp_path).pairs():
        assert pair.low.path.name == pair.clear.path.name


def test_lol_layout(tmp_path: Path) -> None:
    put(tmp_path, *(f"our485/{role}/{k}.png" for role in ("low", "high") for k in range(4)))
    put(tmp_path, *(f"eval15/{role}/{k}.png" for role in ("low", "high") for k in (1, 7)))
    photos = open_photoset(tmp_path)
    assert photos.layout == "lol"
    assert photos.describe() == "6 scenes, 12 images, low/clear pairs in the LOL layout"
    assert len(photos.select("train").scenes) == 4 and len(photos.select("test").scenes) == 2
    assert len({scene.name for scene in photos.scenes}) == 6  # 1.png is in both splits


def test_unpaired_and_its_names(tmp_path: Path) -> None:
    put(tmp_path, "night.jpg", "more/harbour.png", "low_light.png")
    photos = open_photoset(tmp_path)
    assert photos.layout == "unpaired" and photos.pairs() == []
    assert photos.describe() == "3 scenes, 3 images, unpaired, without references"
    assert [scene.name for scene in photos.scenes] == ["low_light", "harbour", "night"]
    put(tmp_path, "night.png")
    assert len({scene.name for scene in open_photoset(tmp_path).scenes}) == 4


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(LacrError, match="no such folder"):
        open_photoset(tmp_path / "absent")
    with pytest.raises(LacrError, match="no image found"):
        open_photoset(tmp_path)
    put(tmp_path, "one.png")
    with pytest.raises(LacrError, match="is a file"):
        open_photoset(tmp_path / "one.png")


def test_missing_reference_is_named(tmp_path: Path) -> None:
    ladder(tmp_path, "a/s1", 2)
    put(tmp_path, "a/s2/low_0.png")
    with pytest.raises(LacrError, match=re.escape(str(tmp_path / "a" / "s2"))):
        open_photoset(tmp_path / "a")
    put(tmp_path, "b/low/1.png", "b/low/2.png", "b/high/1.png")
    with pytest.raises(LacrError, match=r"2\.png has no file of that stem"):
        open_photoset(tmp_path / "b")
    put(tmp_path, "c/low_0.png", "c/low_1.png")
    with pytest.raises(LacrError, match="no clear"):
        open_photoset(tmp_path / "c")
    put(tmp_path, "e/low/low_0.png", "e/night/high/1.png")  # below, not beside
    with pytest.raises(LacrError, match="no clear"):
        open_photoset(tmp_path / "e")
    ladder(tmp_path, "d/s1", 1)
    put(tmp_path, "d/s1/clear.png")
    with pytest.raises(LacrError, match="keep one"):
        open_photoset(tmp_path / "d")


def test_sizes_that_differ_are_named(tmp_path: Path) -> None:
    ladder(tmp_path, "s1", 2)
    put(tmp_path, "s1/low_1.png", size=(20, 12))
    with pytest.raises(LacrError, match=r"low_1.png is 20x12.*16x12"):
        open_photoset(tmp_path)


def test_broken_file_is_named_when_it_is_met(tmp_path: Path) -> None:
    ladder(tmp_path, "s1", 2)
    (tmp_path / "s1/low_0.png").write_bytes(b"")
    with pytest.raises(LacrError, match=r"low_0\.png"):
        open_photoset(tmp_path)


def test_select_refuses_other_words_and_empty_splits(tmp_path: Path) -> None:
    ladder(tmp_path, "train/s1", 1)
    photos = open_photoset(tmp_path)
    with pytest.raises(LacrError, match="split is"):
        photos.select("val")
    with pytest.raises(LacrError, match="no test scenes"):
        photos.select("test")


def test_embedded_set() -> None:
    photos = open_photoset("embedded")
    assert photos.layout == photos.name == "embedded"
    assert len(photos.scenes) == 9 and len(photos.select("test").scenes) == 3
    assert {s.name for s in photos.select("test").scenes} == {"coffee", "chelsea", "china"}
    scene = photos.select("test").scenes[0]
    frames = [frame.read() for frame in scene.low]
    assert max(scene.clear.read().shape) == 384
    means = [frame.mean() for frame in frames]
    assert means == sorted(means) and means[-1] < scene.clear.read().mean()
    assert [frame.exposure for frame in scene.low] == [2.0**-k for k in (6, 5, 4, 3, 2, 1)]
    frames[0][:] = 0  # a caller's edit must not reach the cache
    assert scene.low[0].read().any()


def test_sets_travel_to_worker_processes(tmp_path: Path) -> None:
    ladder(tmp_path, "s1", 2)
    for photos in (open_photoset(tmp_path), open_photoset("embedded")):
        copy: PhotoSet = pickle.loads(pickle.dumps(photos))
        np.testing.assert_array_equal(copy.scenes[0].low[0].read(), photos.scenes[0].low[0].read())


def test_real_ladders(real_data: Path) -> None:
    photos = open_photoset(real_data / "sice")
    assert photos.describe() == "155 scenes, 773 images, exposure ladders"
    val = open_photoset(real_data / "sice" / "val")
    assert len(val.scenes) == 20 and len(val.pairs()) == 84
    assert {s.name for s in photos.select("test").scenes} == {s.name for s in val.scenes}
    assert not {s.name for s in photos.select("train").scenes} & {s.name for s in val.scenes}
    for scene in val.scenes[:5]:
        means = [frame.read().mean() for frame in (*scene.low, scene.clear)]
        assert means == sorted(means)
    assert open_photoset(real_data).describe() == photos.describe()  # ladders win
    assert open_photoset(real_data / "unpaired").layout == "unpaired"


def test_a_scene_that_is_called_like_a_split_is_a_scene(tmp_path: Path) -> None:
    for name in ("car", "boat", "train"):
        ladder(tmp_path / "a", name, 1)
    assert {scene.split for scene in open_photoset(tmp_path / "a").scenes} == {""}
    for name in ("train", "val"):  # one scene each, and nothing else: these are splits
        ladder(tmp_path / "b", name, 1)
    assert [scene.split for scene in open_photoset(tmp_path / "b").scenes] == ["train", "val"]


def test_two_folders_of_references_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "low/a.png", "high/a.png", "normal/a.png")
    with pytest.raises(LacrError, match="holds high and normal beside low: keep one"):
        open_photoset(tmp_path)
