"""A grid of runs: duplicates once, whole records, resumed after a kill, shared by processes."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from filelock import FileLock

from lacr_lib.commands.sweep import line
from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.errors import LacrError
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae
from lacr_lib.training import sweep as sweeping
from lacr_lib.training.run_records import RECORDS, read_records
from lacr_lib.training.sweep import read_grid, sweep

TINY = """
seeds = [0, 1]
[every]
base_channels = 4
latent_channels = 4
token_grids = [1, 2]
crop = 32
batch_size = 1
steps = 2
[runs."VAE"]
rcam = false
lambda_lacr = 0.0
[runs."full"]
[runs."LACR: ratio"]
lacr_form = "ratio"
"""


@pytest.fixture
def photoset():
    """One training scene and two held-out ones, ladders of two exposures."""
    rng = np.random.default_rng(0)

    def frame(name, photo, factor):
        pixels = np.round(photo * factor * 255).astype(np.uint8)
        return Frame(name, lambda: pixels, None, None)

    scenes = []
    for name, split in (("s0", "train"), ("s1", "test"), ("s2", "test")):
        photo = rng.random((48, 48, 3))
        low = tuple(frame(f"{name}/low_{i}", photo, f) for i, f in enumerate((0.2, 0.5)))
        scenes.append(Scene(name, split, frame(f"{name}/clear", photo, 1.0), low))
    return PhotoSet("toys", "ladder", tuple(scenes))


@pytest.fixture
def grid(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text(TINY)
    return file


def test_runs_of_equal_settings_are_one_run_with_two_names(grid):
    runs = read_grid(grid)
    assert [run.names for run in runs] == [("VAE",), ("full", "LACR: ratio")] * 2
    assert [run.train.seed for run in runs] == [0, 0, 1, 1]
    assert [run.folder for run in runs] == ["vae-seed0", "full-seed0", "vae-seed1", "full-seed1"]
    assert runs[0].model.token_grids == (1, 2) and not runs[0].model.rcam and runs[1].model.rcam


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no run is named"),
        ("seeds = [", "not a readable grid"),
        ("seeds = 3\n[runs.a]", "seeds is a list of whole numbers"),
        ("[runs.a]\nstep = 3", "run 'a': --set step: no such setting; did you mean steps"),
        ("[runs.a]\nsteps = 'x'", "a whole number"),
        ("[runs.a]\nseed = 1", "seed is no setting of a run"),
        ("[run.a]", "not run"),
        ("[runs.'a b']\n[runs.'a-b']\nsteps=3", "two runs share the folder a-b-seed0"),
        ("seeds = [0, 0]\n[runs.a]", "seeds holds a number twice: [0, 0]"),
        ("[runs]\na = 3", "settings are lines key = value"),
    ],
)
def test_a_bad_grid_gets_one_clear_line(grid, text, message):
    grid.write_text(text)
    with pytest.raises(LacrError, match=r"grid\.toml") as caught:
        read_grid(grid)
    assert message in str(caught.value)


@pytest.fixture
def quick(monkeypatch):
    """Measuring left out: what a sweep does around it is tested here."""
    measured = []

    def names_only(model, test):
        measured.append(model)
        return {"per_pair": {"name": [pair.name for pair in test.pairs()]}}

    monkeypatch.setattr(sweeping, "measure", names_only)
    return measured


def test_every_run_has_one_record_and_is_not_trained_again(grid, tmp_path, photoset, quick):
    toys, out = photoset, tmp_path / "out"
    records = sweep(read_grid(grid)[:2], toys, out)
    assert [record["names"] for record in records] == [["VAE"], ["full", "LACR: ratio"]]
    lines = [json.loads(line) for line in (out / RECORDS).read_text().splitlines()]
    assert sorted(lines, key=str) == sorted(records, key=str)
    assert all(isinstance(model, LacrVae) for model in quick) and len(quick) == 2
    assert sweep(read_grid(grid)[:2], toys, out) == records and len(quick) == 2


def test_a_run_that_was_killed_before_its_record_goes_on(
    grid, tmp_path, photoset, quick, monkeypatch
):
    toys, out, runs = photoset, tmp_path / "out", read_grid(grid)[:1]
    kill = pytest.MonkeyPatch()
    kill.setattr(sweeping, "measure", lambda model, test: 1 / 0)
    with kill.context(), pytest.raises(ZeroDivisionError):
        sweep(runs, toys, out)
    kill.undo()
    assert not (out / RECORDS).exists()
    monkeypatch.setattr(sweeping, "measure", lambda model, test: {"measured": True})
    (record,) = sweep(runs, toys, out)
    assert record["measured"]


def test_a_run_is_not_gone_on_with_on_other_photographs_of_the_same_name(
    grid, tmp_path, photoset, quick
):
    runs, told = read_grid(grid)[:1], []
    sweep(runs, photoset, tmp_path)
    for name in ("record.json", "model.safetensors"):  # as if it had not come so far
        (tmp_path / runs[0].folder / name).unlink()
    scenes = (replace(photoset.scenes[0], name="other"), *photoset.scenes[1:])
    with pytest.raises(LacrError, match="1 of 1 runs failed: vae-seed0"):
        sweep(runs, replace(photoset, scenes=scenes), tmp_path, told.append)
    assert "holds a run on toys of 1 scene, names" in told[-1]


def test_a_run_that_another_process_holds_is_left_to_it(grid, tmp_path, photoset, quick):
    toys, out, runs = photoset, tmp_path / "out", read_grid(grid)[:2]
    (out / runs[0].folder).mkdir(parents=True)
    told = []
    with FileLock(out / runs[0].folder / ".claim"):
        records = sweep(runs, toys, out, told.append)
    assert [record["names"][0] for record in records] == ["full"]
    assert "vae-seed0: another process is at it" in told


def test_a_folder_of_other_settings_is_refused_and_kept(grid, tmp_path, photoset, quick):
    toys, out = photoset, tmp_path / "out"
    sweep(read_grid(grid)[:1], toys, out)
    kept = (out / RECORDS).read_text()
    grid.write_text(TINY.replace("steps = 2", "steps = 3"))
    told = r"vae-seed0 holds a run of other settings; choose another --out \(steps 2, not 3\)"
    with pytest.raises(LacrError, match=told):
        sweep(read_grid(grid)[:1], toys, out)
    assert (out / RECORDS).read_text() == kept


@pytest.mark.parametrize("finished", [True, False])
def test_what_touches_no_weight_may_change(grid, tmp_path, photoset, quick, monkeypatch, finished):
    out = tmp_path / "out"
    if not finished:  # stopped before its record
        monkeypatch.setattr(sweeping, "measure", lambda model, test: 1 / 0)
    with nullcontext() if finished else pytest.raises(ZeroDivisionError):
        sweep(read_grid(grid)[:1], photoset, out)
    monkeypatch.setattr(sweeping, "measure", lambda model, test: {})
    grid.write_text(TINY.replace("steps = 2", "steps = 2\nworkers = 1\nskipped_limit = 3"))
    assert len(sweep(read_grid(grid)[:1], photoset, out)) == 1


def test_photographs_of_which_none_is_held_out_are_refused(grid, tmp_path, photoset, quick):
    scenes = tuple(replace(scene, split="") for scene in photoset.scenes)
    with pytest.raises(LacrError, match="toys: no scene is held out") as told:
        sweep(read_grid(grid)[:1], replace(photoset, scenes=scenes), tmp_path / "out")
    assert "\n" not in str(told.value) and not (tmp_path / "out").exists()


def test_a_run_that_was_stopped_is_free_for_the_next_call(
    grid, tmp_path, photoset, quick, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    runs, told = read_grid(grid)[:1], []
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "train_and_measure", stop)
        with pytest.raises(KeyboardInterrupt) as error:
            sweep(runs, photoset, tmp_path)
    assert error.tb is not None  # its frames live on, as those of a notebook's last error do
    assert len(sweep(runs, photoset, tmp_path, told.append)) == 1
    assert not any("another process" in line for line in told)


def test_known_records_are_not_trained_again(grid, tmp_path, photoset, quick):
    runs = read_grid(grid)
    first = sweep(runs[:1], photoset, tmp_path / "a")
    done = len(quick)
    known = read_records(tmp_path / "a" / "records.jsonl")
    second = sweep(runs[:2], photoset, tmp_path / "b", known=known)
    assert second[0] == first[0] and len(quick) == done + 1
    (tmp_path / "no.jsonl").write_text('{"psnr": 3}')
    with pytest.raises(LacrError, match="no records of a sweep"):
        read_records(tmp_path / "no.jsonl")


def test_a_setting_that_a_record_does_not_know_had_its_default(grid, tmp_path, photoset, quick):
    toys, out, runs = photoset, tmp_path / "out", read_grid(grid)[:1]
    sweep(runs, toys, out)
    file = out / runs[0].folder / "record.json"
    older = json.loads(file.read_text())
    del older["settings"]["train"]["snapshots"]
    file.write_text(json.dumps(older) + "\n")
    assert len(sweep(runs, toys, out)) == 1 and len(quick) == 1
    del older["settings"]["train"]["steps"]  # 2 here, and not the default
    file.write_text(json.dumps(older) + "\n")
    with pytest.raises(LacrError, match="other settings"):
        sweep(runs, toys, out)


def test_the_numbers_of_a_record_are_those_of_its_pairs(photoset):
    test = photoset.select("test")
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4, token_grids=(1, 2))).eval()
    with torch.no_grad():
        model.gain_head[-1].bias.fill_(0.5)  # brighter by e^0.5
    record = sweeping.measure(model, test)
    pairs, summary = record["per_pair"], record["summary"]
    n = len(test.pairs())
    assert all(len(values) == n for values in pairs.values())
    for key in ("psnr", "ssim"):
        assert summary[key] == pytest.approx(sum(pairs[key]) / n, abs=1e-4)
    ratio = sum(pairs["to_clear"]) / sum(pairs["to_low"])
    assert summary["alignment_ratio"] == pytest.approx(ratio, abs=1e-3)
    assert summary["psnr_drop_z_zero"] == pytest.approx(0.0, abs=1e-6)  # the bias is all there is


def test_what_is_no_number_becomes_null(photoset):
    """An untrained model returns its input: no way from low, and a ratio over zero."""
    test = photoset.select("test")
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4, token_grids=(1, 2))).eval()
    record = sweeping.measure(model, test)
    assert record["summary"]["alignment_ratio"] is None
    assert line({"names": ["a"], "seed": 0, **record}).endswith("alignment ratio -")
    json.dumps(record, allow_nan=False)


def of_other_photographs(photoset, **changes):
    scenes = [replace(scene, name=f"{scene.name}-b") for scene in photoset.scenes]
    return replace(photoset, scenes=tuple(scenes), **changes)


def test_records_of_other_photographs_are_none_of_this_sweep(grid, tmp_path, photoset, quick):
    runs, out = read_grid(grid)[:1], tmp_path / "out"
    known = sweep(runs, photoset, out)
    for other in (replace(photoset, name="others"), of_other_photographs(photoset)):
        with pytest.raises(LacrError, match="measured on other photographs"):
            sweep(runs, other, out)
    told = []
    sweep(runs, of_other_photographs(photoset), tmp_path / "new", told.append, known)
    assert told[0] == "known records of other photographs, which are not used: 1"
    assert len(quick) == 2, "trained anew"


def test_a_begun_run_does_not_go_on_with_other_photographs(grid, tmp_path, photoset, quick):
    run = read_grid(grid)[0]
    folder = tmp_path / "out" / run.folder
    sweeping.train_and_measure(run, photoset.select("train"), photoset.select("test"), folder)
    (folder / "model.safetensors").unlink()  # it had not come so far
    told = []
    with pytest.raises(LacrError, match="1 of 1 runs failed: vae-seed0"):
        sweep([run], replace(photoset, name="others"), tmp_path / "out", told.append)
    assert "holds a run on toys, not on others" in told[-1]


@pytest.mark.parametrize(
    "error",
    [
        LacrError("gradients were not finite"),
        RuntimeError("gradients were not finite\nand more"),
        MemoryError("gradients were not finite"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_run_that_fails_is_told_and_the_others_go_on(
    error, grid, tmp_path, photoset, quick, monkeypatch
):
    runs, plain = read_grid(grid)[:2], sweeping.train_and_measure

    def fails(run, *rest):
        if run is runs[0]:
            raise error
        return plain(run, *rest)

    monkeypatch.setattr(sweeping, "train_and_measure", fails)
    told = []
    with pytest.raises(LacrError, match="1 of 2 runs failed: vae-seed0"):
        sweep(runs, photoset, tmp_path, told.append)
    assert "vae-seed0 failed: gradients were not finite" in told
    assert [record["names"][0] for record in read_records(tmp_path / RECORDS)] == ["full"]


def test_a_name_that_is_added_later_stands_in_the_record(grid, tmp_path, photoset, quick):
    first = read_grid(grid)[:1]
    sweep(first, photoset, tmp_path)
    renamed = [replace(first[0], names=("VAE", "control"))]
    assert sweep(renamed, photoset, tmp_path)[0]["names"] == ["VAE", "control"]
    assert len(quick) == 1
    sweep(first, photoset, tmp_path)  # a name of another grid is kept
    assert read_records(tmp_path / RECORDS)[0]["names"] == ["VAE", "control"]


def test_a_run_that_another_process_finished_meanwhile_must_be_the_same(
    grid, tmp_path, photoset, quick, monkeypatch
):
    mine, plain = read_grid(grid)[:2], sweeping.train_and_measure
    others = replace(mine[1], train=replace(mine[1].train, lambda_lacr=5.0))

    def meanwhile(run, *rest):
        if run is mine[0]:
            sweep([others], photoset, tmp_path)
        return plain(run, *rest)

    monkeypatch.setattr(sweeping, "train_and_measure", meanwhile)
    with pytest.raises(LacrError, match="other settings"):
        sweep(mine, photoset, tmp_path)


def test_one_held_out_scene_is_refused_before_any_training(grid, tmp_path, photoset, quick):
    with pytest.raises(LacrError, match="at least two"):
        sweep(read_grid(grid)[:1], replace(photoset, scenes=photoset.scenes[:2]), tmp_path)
    assert not quick and not any(tmp_path.glob("*/config.json"))
