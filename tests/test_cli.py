"""The command line: what it does, its exit codes, and one line for every error."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tqdm import tqdm

from lacr_lib.cli import main
from lacr_lib.commands import latent
from lacr_lib.commands.parser import make_parser
from lacr_lib.inference.load import load_model, read_metadata, save_model
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "toy.safetensors"
    save_model(LacrVae(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)), path)
    return str(path)


@pytest.fixture(scope="module")
def ladders(tmp_path_factory):
    """Two scenes in train/, two in val/, each with a clear and two low frames of 48 x 40 pixels."""
    root = tmp_path_factory.mktemp("ladders")
    rng = np.random.default_rng(0)
    for split, scene in [("train", "a"), ("train", "b"), ("val", "c"), ("val", "d")]:
        folder = root / split / scene
        folder.mkdir(parents=True)
        clear = rng.integers(40, 255, (40, 48, 3), dtype=np.uint8)
        for name, gain in {"clear": 1.0, "low_0": 0.1, "low_1": 0.4}.items():
            Image.fromarray((clear * gain).astype(np.uint8)).save(folder / f"{name}.png")
    return str(root)


def lines(text):
    """Lines of stderr without the progress bars."""
    every = text.replace("\r", "\n").split("\n")
    return [line for line in every if line.strip() and "|" not in line]


def test_help_is_quick_and_imports_nothing_heavy():
    code = (
        "import sys; from lacr_lib.cli import main; code = main(['--help']); "
        "assert not {'torch', 'numpy', 'PIL'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for command in (
        "enhance",
        "evaluate",
        "train",
        "sweep",
        "latents",
        "pull",
        "explore",
        "weights",
        "fetch",
        "prepare",
        "notebooks",
        "export",
        "bench",
    ):
        assert re.search(rf"^    {command}\b", done.stdout, re.MULTILINE)


def test_module_does_the_same():
    run = [sys.executable, "-m", "lacr_lib", "weights", "--json"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), list)
    assert subprocess.run([*run, "--nonsense"], capture_output=True, timeout=60).returncode == 2


def test_weights_name_comes_first(capsys):
    assert main(["weights", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert main(["weights"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == [each["name"] for each in listed]


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("one.jpg", "two.png"):
        photo = rng.integers(0, 60, (33, 47, 3), dtype=np.uint8)
        Image.fromarray(photo).save(tmp_path / name)
    return tmp_path


def test_enhance_a_folder(photos, weights, capsys):
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    assert main(["enhance", str(photos), "-o", str(photos / "out"), "--weights", weights]) == 0
    told = capsys.readouterr()
    assert "2 photographs" in told.out and "2/2" in told.err  # the bar counts files
    assert sorted(path.name for path in (photos / "out").iterdir()) == ["one.png", "two.png"]
    with Image.open(photos / "out" / "one.png") as out:
        assert out.size == (47, 33) and out.format == "PNG"
    assert {name: (photos / name).read_bytes() for name in before} == before


def test_enhance_fast_and_memory(photos, weights, capsys, monkeypatch):
    one = ["enhance", str(photos / "two.png"), "--weights", weights, "-o"]
    assert main([*one, str(photos / "plain")]) == 0
    assert main([*one, str(photos / "fast"), "--fast"]) == 0
    capsys.readouterr()
    assert main([*one, str(photos / "little"), "--memory", "0.1"]) == 2
    assert lines(capsys.readouterr().err) == ["lacr: --memory is at least 1 GB, not 0.1"]
    assert not (photos / "little").exists()
    assert (photos / "fast" / "two.png").is_file()

    monkeypatch.setattr("lacr_lib.inference.tiles.MEGAPIXEL", 32 * 32)  # now it is a large one
    assert main([*one, str(photos / "parts")]) == 0
    assert "two.png:" in capsys.readouterr().err  # a bar of its own


def test_enhance_does_the_good_files_and_names_the_bad(photos, weights, capsys):
    (photos / "broken.jpg").write_bytes(b"no picture")
    inputs = [str(photos), str(photos / "missing.jpg")]
    assert main(["enhance", *inputs, "-o", str(photos / "out"), "--weights", weights]) == 1
    told = lines(capsys.readouterr().err)
    assert len(told) == 2 and all(line.startswith("lacr: ") for line in told)
    assert "missing.jpg" in told[0] and "broken.jpg" in told[1]
    assert sorted(path.name for path in (photos / "out").iterdir()) == ["one.png", "two.png"]


def test_enhance_leaves_no_half_file(photos, weights, capsys, monkeypatch):
    def half(self, file, **_):
        file.write(b"half a picture")
        raise OSError("No space left on device")

    monkeypatch.setattr(Image.Image, "save", half)
    run = ["enhance", str(photos / "one.jpg"), "-o", str(photos / "out"), "--weights", weights]
    assert main(run) == 1
    assert "one.jpg: No space left" in lines(capsys.readouterr().err)[0]
    assert not list((photos / "out").iterdir())


TWO = ("--weights", "{weights}", "--against", "{weights}")
NOTHING_STARTED = {
    "no command": [],
    "unknown command": ["enhanse"],
    "no inputs": ["enhance", "-o", "out"],
    "missing input": ["enhance", "missing.jpg", "-o", "out"],
    "no image": ["enhance", ".", "-o", "out"],
    "out is a file": ["enhance", "photo.png", "-o", "note.txt", "--weights", "{weights}"],
    "unknown weights": ["enhance", "photo.png", "-o", "out", "--weights", "lacr-vea"],
    "pickled weights": ["enhance", "photo.png", "-o", "out", "--weights", "model.pth"],
    "no safetensors": ["enhance", "photo.png", "-o", "out", "--weights", "note.txt"],
    "unknown device": ["enhance", "photo.png", "-o", "out", "--device", "tpu"],
    "missing data": ["evaluate", "--data", "missing", "--method", "gamma"],
    "empty data": ["evaluate", "--data", "empty", "--method", "gamma"],
    "unknown method": ["evaluate", "--method", "clahi"],
    "method and weights": ["evaluate", "--method", "gamma", "--weights", "lacr-vae"],
    "json is a folder": ["evaluate", "--method", "gamma", "--json", "empty"],
    "json below a file": ["evaluate", "--method", "gamma", "--json", "note.txt/a.json"],
    "unknown setting": ["train", "--out", "run", "--set", "stepz=3"],
    "setting of another type": ["train", "--out", "run", "--set", "steps=many"],
    "setting out of range": ["train", "--out", "run", "--steps", "0"],
    "steps given twice": ["train", "--out", "run", "--steps", "3", "--set", "steps=4"],
    "steps no number": ["train", "--out", "run", "--steps", "many"],
    "out is a file (train)": ["train", "--out", "note.txt"],
    "unpaired training data": ["train", "--data", ".", "--out", "run"],
    "missing grid": ["sweep", "--grid", "missing.toml", "--out", "runs"],
    "no grid": ["sweep", "--grid", "note.txt", "--out", "runs"],
    "sweep of nothing held out": ["sweep", "--grid", "grid.toml", "--data", ".", "--out", "runs"],
    "regions of 0": ["latents", "-o", "a.npz", "--regions", "0"],
    "latents into a folder": ["latents", "-o", "empty"],
    "against nothing": ["pull", "--weights", "{weights}", "--against", "missing.safetensors"],
    "pull without references": ["pull", "--data", ".", *TWO],
    "explore into a folder": ["explore", "-o", "empty"],
    "explore into no page": ["explore", "-o", "page.pdf"],
    "explore without references": ["explore", "-o", "a.html", "--data", ".", *TWO],
    "explore a missing set": ["explore", "-o", "a.html", "--data", "missing"],
    "explore 0 regions": ["explore", "-o", "a.html", "--regions", "0"],
    "explore against nothing": ["explore", "-o", "a.html", "--against", "missing.safetensors"],
    "explore an empty film": ["explore", "-o", "a.html", *TWO, "--film", "empty"],
    "unknown data set": ["fetch", "lool"],
    "missing catalogue": ["fetch", "lol-v1", "--catalogue", "missing.toml"],
    "fetch into a folder": ["fetch", "lol-v1", "--yes", "-o", "empty"],
    "unknown collection": ["prepare", "lol", ".", "-o", "out"],
    "no source": ["prepare", "sice", "missing", "-o", "out"],
}


@pytest.mark.parametrize("name", NOTHING_STARTED)
def test_nothing_started_is_2_and_one_line(name, weights, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LACR_DATA", raising=False)
    (tmp_path / "note.txt").write_text("a note")
    (tmp_path / "grid.toml").write_text("[runs.one]\nsteps = 1\n")
    (tmp_path / "empty").mkdir()
    if "photo.png" in NOTHING_STARTED[name] or "--data" in NOTHING_STARTED[name]:
        Image.new("RGB", (160, 160)).save("photo.png")
    before = sorted(tmp_path.rglob("*"))
    assert main([word.format(weights=weights) for word in NOTHING_STARTED[name]]) == 2
    told = capsys.readouterr()
    notes = [line for line in lines(told.err) if not line.startswith("lacr: ")]
    assert len(lines(told.err)) - len(notes) == 1 and len(notes) <= 1, told.err
    assert "Traceback" not in told.err and not told.out
    assert sorted(tmp_path.rglob("*")) == before


def test_cuda_without_a_gpu(tmp_path, weights, capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    run = ["enhance", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--weights", weights]
    assert main([*run, "--device", "cuda"]) == 2
    assert "sees no GPU" in capsys.readouterr().err
    assert main([*run, "--device", "auto"]) == 0


def test_evaluate_measures_held_out_scenes_only(ladders, weights, tmp_path, capsys):
    record_file = tmp_path / "scores" / "record.json"
    run = ["evaluate", "--data", ladders, "--json", str(record_file)]
    assert main([*run, "--weights", weights]) == 0
    told = capsys.readouterr()
    assert "held-out scenes only: 2 scenes" in lines(told.err)[0]
    heading, row = told.out.splitlines()
    assert "PSNR dB" in heading and row.split()[0] == weights
    record = json.loads(record_file.read_text())
    assert record["n"] == 4 and {entry["name"][0] for entry in record["per_image"]} == {"c", "d"}
    assert list(record) == [
        "dataset", "n", "psnr", "ssim", "psnr_gt_mean", "ssim_gt_mean", "ciede2000",
        "chroma_ratio", "loe", "seconds_per_image", "per_image",
    ]  # fmt: skip
    assert f"{record['psnr']:.2f}" in row


def test_evaluate_registered_tells_how_far_the_references_were_moved(ladders, photos, capsys):
    assert main(["evaluate", "--data", ladders, "--method", "gamma", "--register"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "registered: 0 of 4 references were moved"
    assert main(["evaluate", "--data", str(photos), "--method", "gamma", "--register"]) == 1
    assert "no clear references" in lines(capsys.readouterr().err)[-1]


def test_evaluate_a_method_without_references(photos, capsys):
    assert main(["evaluate", "--data", str(photos), "--method", "gamma"]) == 0
    told = capsys.readouterr()
    assert "no split" in told.err and told.out.splitlines()[1].split()[3] == "-"


def test_data_comes_from_the_environment(ladders, capsys, monkeypatch):
    monkeypatch.setenv("LACR_DATA", ladders)
    assert main(["evaluate", "--method", "identity"]) == 0
    assert Path(ladders).name in capsys.readouterr().out


def test_photograph_that_breaks_on_the_way_is_1(photos, capsys):
    (photos / "broken.png").write_bytes(b"no picture")
    record = photos / "record.json"
    run = ["evaluate", "--data", str(photos), "--method", "gamma", "--json", str(record)]
    assert main(run) == 1
    told = [line for line in lines(capsys.readouterr().err) if line.startswith("lacr: ")]
    assert "broken.png" in told[0] and told[1:] == ["lacr: left out: 1 of 3 photographs"]
    assert json.loads(record.read_text())["n"] == 2


def test_latents_are_counted_without_a_bar(ladders, weights, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(latent, "bar", lambda *_: tqdm(disable=True))  # as with TQDM_DISABLE=1
    run = ["latents", "--data", str(ladders), "--weights", weights, "-o", str(tmp_path / "a.npz")]
    assert main(run) == 0
    assert "regions of 20 photographs" in capsys.readouterr().out


def test_latents_leave_out_what_cannot_be_read(ladders, weights, tmp_path, capsys):
    data = shutil.copytree(ladders, tmp_path / "some")
    for broken in ("low_0", "clear"):
        file = next(data.rglob(f"a/{broken}.*"))
        file.write_bytes(file.read_bytes()[:-40])
    out = tmp_path / "latents.npz"
    run = ["latents", "--data", str(data), "--weights", weights, "-o", str(out)]
    assert main(run) == 1
    told = capsys.readouterr()
    assert "510 regions of 17 photographs" in told.out
    assert lines(told.err)[-1] == "lacr: left out: 3 of 20 photographs"  # 1 of them enhanced
    with np.load(out) as table:
        assert set(table["names"]) >= {"a/low_1", "b/clear"}
        assert not {"a/clear", "a/low_0", "a/low_0 enhanced"} & set(table["names"])


def test_latents(ladders, weights, tmp_path, capsys):
    out = tmp_path / "latents.npz"
    assert main(["latents", "--data", ladders, "--weights", weights, "-o", str(out)]) == 0
    with np.load(out) as table:  # 4 scenes x (1 clear + 2 low + 2 enhanced) x 5 x 6 regions
        assert table["mu"].shape == (4 * 5 * 30, 4)
        assert set(table["kind"]) == {"low", "enhanced", "clear"}
    assert "600 regions" in capsys.readouterr().out


def test_pull(ladders, weights, tmp_path, capsys):
    from lacr_lib.latent.pull import PULL_KEYS

    run = ["pull", "--data", ladders, "--weights", weights, "--against", weights]
    assert main([*run, "--json", str(tmp_path / "pull.json")]) == 0
    record = json.loads((tmp_path / "pull.json").read_text())
    assert set(PULL_KEYS) <= set(record["weights"]) & set(record["against"])
    assert record["n_scenes"] == 2 and record["judge"] == weights
    out = capsys.readouterr().out
    assert all(key in out for key in PULL_KEYS)


def test_pull_hands_the_judge_on(ladders, weights, tmp_path, monkeypatch):
    from lacr_lib.inference.load import load_model
    from lacr_lib.latent import pull

    given, plain = [], pull.pull

    def noted(*models, judge, **options):
        given.append(judge)
        return plain(*models, judge=None, **options)

    monkeypatch.setattr(pull, "pull", noted)
    run = ["pull", "--data", ladders, "--weights", weights, "--against", weights]
    out = tmp_path / "judged.json"
    assert main([*run, "--judge", "lacr-vae", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["judge"] == "lacr-vae"
    assert given[0].config == load_model("lacr-vae").config
    assert main(run) == 0 and given[1] is None


def test_explore(ladders, weights, tmp_path, capsys, monkeypatch):
    from lacr_lib.latent import film

    monkeypatch.setattr(film, "_aligned_umap", lambda latents, seed: [mu[:, :2] for mu in latents])
    page = tmp_path / "pages" / "explorer.html"
    run = ["explore", "--data", ladders, "--weights", weights, "--against", weights]
    assert main([*run, "--regions", "5", "-o", str(page)]) == 0
    told = capsys.readouterr()
    assert "held-out scenes only: 2 scenes" in told.err
    assert re.fullmatch(r".*explorer.html: 1\.\d MB, 50 regions of 2 scenes\n", told.out)
    assert "</html>" in page.read_text("utf-8")


SMALL = ["batch_size=2", "crop=32", "base_channels=4", "latent_channels=4", "half_size_share=0"]


def test_train_stops_resumes_and_finishes_once(ladders, tmp_path, capsys):
    out = tmp_path / "run"
    run = ["train", "--data", ladders, "--out", str(out), "--steps", "2", "--set", *SMALL]
    assert main([*run, "--resume", "--checkpoint-every", "1"]) == 0
    told = capsys.readouterr()
    assert "step 0" in told.err and "training scenes only: 2 scenes" in told.err
    assert re.search(r"\d\.\d images a second, peak memory \d+\.\d GB on the", told.err)
    first = (out / "model.safetensors").read_bytes()
    assert main(run) == 2  # never over a finished run
    assert "finished run" in capsys.readouterr().err
    assert main([*run, "--resume", "--seed", "5"]) == 2  # another run than this one
    assert "finished run of other settings: seed 0, not 5" in capsys.readouterr().err
    assert main([*run, "--resume"]) == 0
    assert "finished" in capsys.readouterr().out
    assert (out / "model.safetensors").read_bytes() == first


def test_training_goes_on_from_weights_that_exist(ladders, tmp_path, capsys):
    first, second, third = (str(tmp_path / name) for name in ("first", "second", "third"))
    run = ["train", "--data", ladders, "--steps", "1", "--out"]
    assert main([*run, first, "--set", *SMALL]) == 0
    weights = f"{first}/model.safetensors"
    still = ["crop=32", "batch_size=2", "learning_rate=1e-12", "weight_decay=0"]
    assert main([*run, second, "--init", weights, "--set", *still]) == 0
    start, end = load_model(weights), load_model(f"{second}/model.safetensors")
    assert end.config == start.config
    for before, after in zip(start.state_dict().values(), end.state_dict().values(), strict=True):
        torch.testing.assert_close(before, after)
    about = read_metadata(f"{second}/model.safetensors")["about"]
    assert about["init"] == read_metadata(weights)["about"]
    name = re.escape(Path(ladders).name)
    assert re.fullmatch(rf"{name} of 2 scenes, names [0-9a-f]{{8}}", about["photographs"])
    capsys.readouterr()
    assert main([*run, third, "--init", weights, "--set", *SMALL]) == 2
    assert "leave out base_channels, latent_channels" in capsys.readouterr().err
    assert not Path(third).exists()


GRID = """
seeds = [0, 1]
[every]
steps = 1
{}
[runs."twin"]
lambda_lacr = 0.0
"""


def test_sweep_lists_trains_once_and_tells_what_it_has(ladders, tmp_path, capsys):
    grid, out = tmp_path / "grid.toml", tmp_path / "runs"
    grid.write_text(GRID.format("\n".join(SMALL)))
    run = ["sweep", "--grid", str(grid), "--data", ladders, "--out", str(out)]
    assert main([*run, "--list"]) == 0
    assert capsys.readouterr().out.split() == ["twin-seed0", "twin", "twin-seed1", "twin"]
    assert not out.exists()
    assert main(run) == 0
    told = capsys.readouterr().out
    assert "2 of 2 runs" in told and "twin" in told and "dB" in told
    records = (out / "records.jsonl").read_text()
    assert [json.loads(line)["seed"] for line in records.splitlines()] == [0, 1]
    assert main(run) == 0
    assert (out / "records.jsonl").read_text() == records


def test_training_of_a_seed_is_repeatable(ladders, tmp_path):
    for folder in "ab":
        run = ["train", "--data", ladders, "--out", str(tmp_path / folder), "--steps", "2"]
        assert main([*run, "--seed", "5", "--set", *SMALL]) == 0
    a, b = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in "ab")
    assert a == b


def test_stopped_by_hand_and_unexpected_errors_are_told(monkeypatch, capsys):
    from lacr_lib.commands import lists

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(lists, "run_weights", stop)
    assert main(["weights"]) == 130
    assert capsys.readouterr().err == "lacr: stopped\n"
    monkeypatch.setattr(lists, "run_weights", lambda _: {}["key\nof two lines"])
    assert main(["weights"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lacr: unexpected KeyError")


def test_real_photographs(real_data, weights, tmp_path):
    nasa = real_data / "unpaired" / "nasa"
    assert main(["enhance", str(nasa), "-o", str(tmp_path), "--weights", weights]) == 0
    assert len(list(tmp_path.glob("*.png"))) == 6


def test_a_flat_map_needs_two_channels(ladders, tmp_path, capsys):
    thin = tmp_path / "thin.safetensors"
    save_model(LacrVae(ModelConfig(base_channels=4, latent_channels=1, stem_stride=2)), thin)
    run = ["explore", "--data", ladders, "--weights", str(thin), "-o", str(tmp_path / "map.html")]
    assert main(run) == 2
    assert "latent_channels of at least 2" in capsys.readouterr().err


def test_the_home_folder_is_understood_after_an_equals_sign():
    options = make_parser().parse_args(["evaluate", "--json=~/x.json"])
    assert options.json == Path.home() / "x.json"
    options = make_parser().parse_args(["sweep", "--grid=~/g.toml", "--out=~/out"])
    assert (options.grid, options.out) == (Path.home() / "g.toml", Path.home() / "out")


def test_the_record_is_written_though_nobody_reads_the_table(ladders, tmp_path):
    record = tmp_path / "scores.json"
    command = ["-m", "lacr_lib", "evaluate", "--method", "identity", "--data", ladders]
    with subprocess.Popen(
        [sys.executable, *command, "--json", str(record)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        running.stdout.close()
        told = running.stderr.read().decode()
    assert "roken pipe" not in told
    assert json.loads(record.read_text())["n"] == 4
