import json

import pytest

from lacr_lib import enhance, load_model
from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.baselines import BASELINES
from lacr_lib.evaluation.metrics import psnr, ssim
from lacr_lib.inference.released import WEIGHTS_FOLDER, released_weights
from lacr_lib.results.records import FOLDER, read_pull, read_records
from lacr_lib.results.tables import BEGIN, END, README, evaluation_table, results_block


def test_every_method_and_every_released_weight_has_a_record():
    names = set(read_records())
    assert names == set(BASELINES) | {weights.name for weights in released_weights()}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_every_record_says_how_and_when_it_was_made(file):
    record = json.loads(file.read_text("utf-8"))
    assert record["command"].startswith(("lacr ", "make results "))
    assert record["date"] and record["machine"]


def test_means_are_those_of_the_images():
    for record in read_records().values():
        assert len(record["per_image"]) == record["n"] == 84
        for metric in ("psnr", "ssim", "ciede2000"):
            values = [each[metric] for each in record["per_image"]]
            assert sum(values) / len(values) == pytest.approx(record[metric], abs=1e-6)


@pytest.mark.parametrize("page", [README, WEIGHTS_FOLDER / "lacr-vae.md"], ids=lambda p: p.name)
def test_the_tables_on_the_pages_are_those_of_the_records(page):
    text = page.read_text("utf-8")
    shown = text.split(BEGIN)[1].split(END)[0].strip()
    assert shown == results_block().strip()


def test_released_weights_beat_every_baseline():
    records = read_records()
    for metric in ("psnr", "ssim"):
        best = max(records[name][metric] for name in BASELINES)
        for weights in released_weights():
            assert records[weights.name][metric] > best


def test_index_repeats_the_records():
    for weights in released_weights():
        recorded = read_records()[weights.name]
        for metric, value in weights.results["sice-val"].items():
            assert value == pytest.approx(recorded[metric], abs=0.005)


def test_table_is_sorted_by_psnr():
    rows = evaluation_table(read_records()).splitlines()[2:]
    psnrs = [float(row.split("|")[2]) for row in rows]
    assert psnrs == sorted(psnrs, reverse=True)


def test_the_pull_record_holds_both_models():
    record = read_pull()
    assert record["n_pairs"] == 84 and record["n_scenes"] == 20
    for side in ("weights", "against"):
        assert record[side]["alignment_ratio"] > 0


@pytest.mark.parametrize("name", [weights.name for weights in released_weights()])
def test_a_released_weight_still_gives_its_recorded_figures_on_embedded_photographs(name):
    """A third of the recorded images, measured again: equal to 0.01 dB."""
    recorded = {each["name"]: each for each in read_records("embedded")[name]["per_image"]}
    pairs = open_photoset("embedded").select("test").pairs()
    assert set(recorded) == {pair.name for pair in pairs}
    model = load_model(name)
    for pair in pairs[::3]:
        output, clear = enhance(model, pair.low.read()), pair.clear.read()
        assert psnr(output, clear) == pytest.approx(recorded[pair.name]["psnr"], abs=0.01)
        assert ssim(output, clear) == pytest.approx(recorded[pair.name]["ssim"], abs=0.001)


def test_a_released_weight_still_gives_its_recorded_figures(real_data):
    """Three of the recorded images, measured again: equal to 0.01 dB."""
    model = load_model("lacr-vae")
    recorded = {each["name"]: each["psnr"] for each in read_records()["lacr-vae"]["per_image"]}
    pairs = open_photoset(real_data / "sice" / "val").pairs()
    for pair in pairs[::40]:
        again = psnr(enhance(model, pair.low.read()), pair.clear.read())
        assert again == pytest.approx(recorded[pair.name], abs=0.01)
