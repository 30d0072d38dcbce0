"""`make results` measures everything that is recorded, on whatever sets are there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.baselines import BASELINES
from lacr_lib.inference.released import released_weights
from lacr_lib.results import remake, tables
from lacr_lib.results.records import read_record, read_records

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path):
    """sice/val with two scenes of 40 x 48 pixels, and two photographs without a reference."""
    rng = np.random.default_rng(0)
    for scene in ("a", "b"):
        folder = tmp_path / "data" / "sice" / "val" / scene
        folder.mkdir(parents=True)
        clear = rng.integers(90, 255, (40, 48, 3))
        for name, gain in {"clear": 1.0, "low_0": 0.1, "low_1": 0.4}.items():
            Image.fromarray((clear * gain).astype(np.uint8)).save(folder / f"{name}.png")
    nasa = tmp_path / "data" / "unpaired" / "nasa"
    nasa.mkdir(parents=True)
    for name in "xy":
        Image.fromarray(rng.integers(0, 60, (40, 48, 3), dtype=np.uint8)).save(nasa / f"{name}.png")
    return tmp_path / "data"


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(remake, "FOLDER", tmp_path / "records")
    monkeypatch.setattr(remake, "SHEETS", tmp_path / "sheets")
    return tmp_path / "records"


def test_every_record_is_made_and_read_again(data, out, tmp_path):
    remake.remake(data)
    names = set(BASELINES) | {weights.name for weights in released_weights()}
    for prefix, count in (("sice-val", 4), ("nasa", 2)):
        records = read_records(prefix, out)
        assert set(records) == names
        assert all(record["n"] == count and record["loe"] >= 0 for record in records.values())
    scores = [record["psnr"] for record in read_records("sice-val", out).values()]
    assert scores == sorted(scores, reverse=True)
    assert read_records("nasa", out)["identity"]["loe"] == 0, "it changes no order"
    clear = {name: read_record(f"sice-val-clear-{name}", out) for name in names}
    assert clear["identity"]["median"] == 60 and clear["gamma"]["median"] < 30
    worst = read_record("sice-val-failures", out)["worst"]
    assert len(worst) == 2 and worst[0]["psnr"] <= worst[1]["psnr"]
    assert {each["name"].split("/")[0] for each in worst} == {"a", "b"}
    twins = read_record("sice-val-pull", out)
    assert twins["n_pairs"] == 4
    for judge in remake.JUDGES:  # other encoders, other ratios
        found = read_record("sice-val-judges", out)[judge]
        mean, low, high = found["difference"]
        assert low <= mean <= high and mean == pytest.approx(found["weights"] - found["against"])
        assert found["weights"] != twins["weights"]["alignment_ratio_shared"]
    light = read_record("sice-val-light", out)
    assert light["n"] == 1 and light["odds"]["psnr"] > 8 and light["product"]["psnr"] > 8
    moved = read_records("sice-val", out, kind="registered")
    assert set(moved) == set(remake.REGISTERED)
    for name, record in moved.items():  # nothing to move here: the same scores
        assert [image["shift"] for image in record["per_image"]] == [[0.0, 0.0]] * 4
        assert record["ssim"] == read_records("sice-val", out)[name]["ssim"]
    curve = read_record("sice-val-curve", out)
    assert curve["n"] == 4 and curve["psnr"] == curve["psnr_registered"] > scores[0]
    for file in out.glob("*.json"):
        record = json.loads(file.read_text())
        assert record["command"] and record["date"] and record["machine"]
    sheet = np.asarray(Image.open(tmp_path / "sheets" / "nasa.jpg"))
    assert sheet.shape[1] == 1400 and sheet.std() > 10


def test_one_method_can_be_measured_alone(data, out):
    remake.remake(data, only=["gamma"])
    assert {file.stem for file in out.glob("*.json")} == {
        "sice-val-evaluate-gamma", "sice-val-clear-gamma", "nasa-evaluate-gamma",
    }  # fmt: skip


def test_what_is_missing_is_told_in_one_line(data, out, tmp_path, capsys):
    with pytest.raises(LacrError, match="no method 'gama'"):
        remake.remake(data, only=["gama"])
    assert remake.main(["--data", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "sice/val is missing" in told and len(told.splitlines()) == 1
    assert not out.exists()


def test_make_results_without_data_says_what_it_needs():
    done = subprocess.run(
        ["make", "-n", "results", "LACR_DATA="], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode and "make results needs DATA=DIR" in done.stderr
    done = subprocess.run(
        ["make", "-n", "results", "DATA=here"], cwd=ROOT, capture_output=True, text=True
    )
    assert '--data "here"' in done.stdout


def test_failures_and_clear_photographs_become_text(data, out, monkeypatch):
    remake.remake(data)
    monkeypatch.setattr(tables, "FOLDER", out)
    monkeypatch.setattr(tables, "read_record", lambda name: read_record(name, out))
    monkeypatch.setattr(
        tables, "read_records", lambda name="sice-val", **kind: read_records(name, out, **kind)
    )
    rows = tables.clear_table().splitlines()
    assert rows[2] == "| `identity` | 60 (untouched) | 60 (untouched) |"
    assert tables.failures_list().count("; lending it the reference's") == 2
    assert tables.unpaired_table().splitlines()[0] == "| LOE (pixels) | nasa |"
    assert tables.shifts() == [0.0] * 4
    assert len(tables.registered_table().splitlines()) == 2 + 1 + len(remake.REGISTERED)
    block = tables.results_block()
    assert "of these references 0 lie beside their photograph. Moved" in block
    assert all(each in block for each in ("given to each method", "five worst", "rewards caution"))


def test_the_gap_on_clear_photographs_is_paired_by_scene(monkeypatch):
    scenes = {"lacr-vae": {"a": 30.0, "b": 34.0}, "lacr-vae-no-lacr": {"b": 35.0, "a": 33.0}}
    stored = {f"sice-val-clear-{name}": {"scenes": each} for name, each in scenes.items()}
    monkeypatch.setattr(tables, "read_record", lambda name: stored.get(name, {}))
    assert tables.clear_gap() == (-2.0, -3.0, -1.0)  # the interval reaches both of two scenes
    assert tables.clear_gap("nothing") is None
    del scenes["lacr-vae"]["b"]
    assert tables.clear_gap() is None
