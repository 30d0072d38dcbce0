"""A disk that is really full: a small one in memory, where the system lets us mount it."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.cli import main

SMALL = ["batch_size=1", "crop=32", "base_channels=4", "latent_channels=4", "workers=0"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def resize(disk: Path, size: int) -> None:
    options = f"remount,size={size}"
    subprocess.run(["mount", "-o", options, str(disk)], check=True, capture_output=True)


def put(folder: Path, names: list[str]) -> str:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for name in names:
        Image.fromarray(rng.integers(0, 200, (64, 64, 3), dtype=np.uint8)).save(folder / name)
    return str(folder)


def test_training_on_a_disk_that_fills_up(disk: Path, tmp_path: Path, capsys) -> None:
    """Of sizes from no room at all to room for everything: each stop is told, and is gone on."""
    data = put(tmp_path / "a", ["clear.png", "low_0.png"])
    run = ["train", "--data", data, "--steps", "6", "--checkpoint-every", "2", "--resume"]
    whole = tmp_path / "whole"
    assert main([*run, "--out", str(whole), "--set", *SMALL]) == 0
    room = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    capsys.readouterr()
    stops = 0
    for share in np.linspace(0.02, 2.5, 30):
        resize(disk, int(share * room))
        code = main([*run, "--out", str(disk / "run"), "--set", *SMALL])
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lacr:")]
        assert not list((disk / "run").glob("*.part"))
        if code == 0:
            break
        assert code == 1 and len(told) == 1 and "No space left" in told[0], told
        stops += 1
    print(f"\n{stops} full disks survived")
    assert stops > 3
    for file in ("model.safetensors", "history.jsonl"):
        assert (disk / "run" / file).read_bytes() == (whole / file).read_bytes()


def test_enhancing_onto_a_disk_that_fills_up(disk: Path, tmp_path: Path, capsys) -> None:
    photos = put(tmp_path / "photos", [f"{number}.jpg" for number in range(12)])
    resize(disk, 64 * 1024)
    assert main(["enhance", photos, "-o", str(disk / "out")]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if "No space left" in line]
    done = os.listdir(disk / "out")
    assert 0 < len(done) < 12 and len(told) == 12 - len(done)
    for name in done:
        with Image.open(disk / "out" / name) as picture:
            picture.load()
            assert picture.size == (64, 64)


def test_fetching_onto_a_disk_that_fills_up(disk: Path, tmp_path: Path, mirror, capsys) -> None:
    """In the download, then in the unpacking: a line each, nothing half done, and it goes on."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(20):
            archive.writestr(f"{number}.png", np.random.default_rng(number).bytes(100_000))
    size = len(content.getvalue())
    (tmp_path / "mine.toml").write_text(
        f"""
        [mine]
        title = "Mine"
        page = "https://example.org"
        terms = "ours"
        layout = ["1.png"]
        then = "lacr evaluate --data DIR"
        sources = ["{mirror.put("/mine.zip", content.getvalue())}"]
        bytes = {size}
        sha256 = "{hashlib.sha256(content.getvalue()).hexdigest()}"
        unpacked_bytes = {2 * size}
        """
    )
    run = ["fetch", "mine", "--yes", "--catalogue", str(tmp_path / "mine.toml")]
    stops = 0
    for share in np.linspace(0.1, 2.5, 15):
        resize(disk, int(share * size))
        code = main([*run, "-o", str(disk / "mine")])
        told = [line for line in capsys.readouterr().err.splitlines() if "lacr:" in line]
        if code == 0:
            break
        assert code == 1 and len(told) == 1 and "No space left" in told[0], told
        assert os.listdir(disk) == [".mine.lacr-fetch"]
        assert "unpacked" not in os.listdir(disk / ".mine.lacr-fetch")
        stops += 1
    print(f"\n{stops} full disks survived")
    assert stops > 5 and os.listdir(disk) == ["mine"] and len(os.listdir(disk / "mine")) == 20
    assert len(mirror.asked) < stops  # a whole download is not asked for again
    assert all(wanted for _, wanted in mirror.asked[2:])  # and a part of one goes on
