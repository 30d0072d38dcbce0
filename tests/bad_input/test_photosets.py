"""Folders of pairs and ladders with something missing, doubled or damaged."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.data.images import read_image
from lacr_lib.data.layouts import open_photoset
from lacr_lib.errors import LacrError


def put(root: Path, *names: str, size: tuple[int, int] = (16, 12)) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (90, 90, 90)).save(root / name)


PAIRS = ("low/1.png", "low/2.png", "high/1.png", "high/2.png")
LADDER = ("s1/low_0.png", "s1/low_1.png", "s1/clear.png")
WRONG = {
    "a low one without its reference": ((*PAIRS, "low/3.png"), r"low/3\.png has no file of that"),
    "a reference without its low one": ((*PAIRS, "high/3.png"), r"high/3\.png has no file of that"),
    "two low ones of one stem": ((*PAIRS, "low/1.jpg"), r"1\.jpg and 1\.png: keep one"),
    "two references of one stem": ((*PAIRS, "high/2.bmp"), r"2\.bmp and 2\.png: keep one"),
    "a rung without clear": ((*LADDER, "s2/low_0.png"), r"s2 holds low_0\.png but no clear"),
    "a clear one without a rung": ((*LADDER, "s2/clear.png"), r"s2 holds clear\.png but no low_"),
    "two rungs of one name": ((*LADDER, "s1/low_1.jpg"), r"low_1\.jpg and low_1\.png: keep one"),
    "a low folder without references": (
        (*(f"our485/{pair}" for pair in PAIRS), "eval15/low/1.png"),
        r"missing references: no folder high, clear or normal .* beside .*/eval15/low: add it",
    ),
    "a reference folder without low ones": (
        (*(f"train/{pair}" for pair in PAIRS), "val/Normal/1.png"),
        r"missing low-light photographs: no folder low .* beside .*/val/Normal: add it",
    ),
    "a ladder whose clear one lies in a folder": (
        (*LADDER, "s2/low/low_0.png", "s2/clear/clear.png"),
        r"s2/(low|clear) holds (low_0|clear)\.png but no",
    ),
    "two clear ones": ((*LADDER, "s1/clear.jpg"), r"clear\.jpg and clear\.png: keep one"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_missing_or_doubled_is_named(tmp_path: Path, name: str) -> None:
    files, message = WRONG[name]
    put(tmp_path, *files)
    with pytest.raises(LacrError, match=message) as told:
        open_photoset(tmp_path)
    assert "\n" not in str(told.value)


def test_folders_of_one_role_are_fine_where_nothing_is_paired(tmp_path: Path) -> None:
    put(tmp_path, "night/low/1.png", "harbour/low/2.png", "harbour/normal.png")
    assert open_photoset(tmp_path).layout == "unpaired"
    put(tmp_path, "a/low/1.png", "a/high/1.png")
    put(tmp_path, "a/low/more/night.png")  # no role of its own: left out, as beside any pairs
    assert len(open_photoset(tmp_path / "a").pairs()) == 1
    (tmp_path / "a").rename(tmp_path / "low")
    put(tmp_path, "low/cover.png")  # the folder that was asked for: nothing lies beside it
    assert len(open_photoset(tmp_path / "low").pairs()) == 1


@pytest.mark.parametrize("files", [PAIRS, LADDER])
def test_sizes_that_differ_and_damaged_files_are_named(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    put(tmp_path, *files)
    put(tmp_path, files[1], size=(20, 12))
    with pytest.raises(LacrError, match=r"sizes differ: .*20x12.*16x12"):
        open_photoset(tmp_path)
    for content in (b"", b"text", (tmp_path / files[0]).read_bytes()[:20]):
        (tmp_path / files[1]).write_bytes(content)
        with pytest.raises(LacrError, match=Path(files[1]).name):
            open_photoset(tmp_path)


def test_an_empty_folder_and_one_that_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LacrError, match="no image found"):
        open_photoset(tmp_path)
    put(tmp_path, *PAIRS)
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("high"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(LacrError, match=r"cannot list the folder .*high \(Permission denied\)"):
        open_photoset(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="links of Unix")
def test_links_that_lead_in_a_circle_or_nowhere(tmp_path: Path) -> None:
    put(tmp_path, *PAIRS)
    (tmp_path / "low" / "again").symlink_to(tmp_path)
    assert len(open_photoset(tmp_path).pairs()) == 2
    (tmp_path / "low" / "3.png").symlink_to("3.png")
    put(tmp_path, "high/3.png")
    with pytest.raises(LacrError, match=r"low/3\.png"):
        open_photoset(tmp_path)


def test_a_dark_sixteen_bit_photograph_stays_dark(tmp_path: Path) -> None:
    """The scale is the file's, not the brightest pixel's: 200 of 65535 is nearly black."""
    dark = np.full((12, 16), 200, np.uint16)
    for name in ("dark.png", "dark.tif"):
        Image.fromarray(dark).save(tmp_path / name)
        assert read_image(tmp_path / name).max() == 1
