"""The ablation's tables: paired by seed and scene, and "not shown" inside the spread."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lacr_lib.errors import LacrError
from lacr_lib.models.blocks import count_parameters
from lacr_lib.models.vae import LacrVae
from lacr_lib.results import ablation
from lacr_lib.results.ablation import QUESTIONS, compare, read_ablation, read_so_far
from lacr_lib.training.sweep import read_grid
from tests.results.toy_records import SCENES, by_name, record


def test_pairing_takes_the_photographs_difficulty_out(hard):
    runs = by_name(
        *(record("a", seed, hard + 0.5 + 0.01 * seed) for seed in range(3)),
        *(record("b", seed, hard) for seed in range(3)),
    )
    result = compare(runs, "a", "b")
    assert result.difference.mean == pytest.approx(0.51, abs=1e-9)
    assert result.difference.high - result.difference.low < 1e-9
    assert result.spread == pytest.approx(0.01, abs=1e-9) and result.seeds == 3
    assert result.shown


def test_seeds_that_disagree_show_nothing(hard):
    """The same mean difference, but from -0.5 to 1.5 over seeds: no finding, whatever the scenes
    say."""
    runs = by_name(
        *(record("a", seed, hard + shift) for seed, shift in enumerate((-0.5, 0.5, 1.5))),
        *(record("b", seed, hard) for seed in range(3)),
    )
    result = compare(runs, "a", "b")
    assert result.difference.low > 0 and result.spread == pytest.approx(1.0) and not result.shown


def test_scenes_that_disagree_show_nothing(hard):
    gain = np.repeat([3.0, -2.5, 1.0, -1.0, 2.0, -2.0, 1.5, -1.0], 3)
    runs = by_name(
        *(record("a", seed, hard + gain) for seed in range(3)),
        *(record("b", seed, hard) for seed in range(3)),
    )
    result = compare(runs, "a", "b")
    assert result.difference.low < 0 < result.difference.high and not result.shown


def test_ratios_are_compared_as_ratios_of_means(hard):
    runs = by_name(
        *(record("a", seed, hard, to_clear=0.8) for seed in range(2)),
        *(record("b", seed, hard, to_clear=1.2) for seed in range(2)),
    )
    result = compare(runs, "a", "b", "alignment_ratio")
    assert result.difference.mean == pytest.approx(0.2 - 0.3)


def test_what_cannot_be_compared_is_refused(hard):
    a, b = record("a", 0, hard), record("b", 0, hard)
    with pytest.raises(LacrError, match="a and b have 1 seeds in common, two are needed"):
        compare(by_name(a, b), "a", "b")
    with pytest.raises(LacrError, match="no 'bb'; there are a, b"):
        compare(by_name(a, b), "a", "bb")
    with pytest.raises(LacrError, match="no 'psnrr'; there are psnr, "):
        compare(by_name(a, b), "a", "b", "psnrr")
    other = record("b", 1, hard)
    other["per_pair"]["name"] = [f"q{index}" for index in range(len(SCENES))]
    with pytest.raises(LacrError, match="different photographs"):
        compare(by_name(a, record("a", 1, hard), b, other), "a", "b")
    a["per_pair"]["psnr"][0] = None
    with pytest.raises(LacrError, match="a pair has no number"):
        compare(by_name(a, record("a", 1, hard), b, record("b", 1, hard)), "a", "b")


def test_the_grid_of_the_release_answers_every_question():
    runs = read_grid(ablation.GRID)
    names = {name for run in runs for name in run.names}
    asked = {name for q in QUESTIONS for name in (q.reference, *q.runs)}
    assert asked <= names and len({run.train.seed for run in runs}) >= 3
    sizes = {run.names[0]: count_parameters(LacrVae(run.model)) for run in runs}
    assert max(sizes.values()) / min(sizes.values()) < 1.05, sizes
    full = next(run for run in runs if "full" in run.names)
    assert full.train.steps >= 1500 and full.model.base_channels == 12 and full.train.crop == 96
    assert {"LACR: ratio", "LACR: 3 negatives"} < set(full.names), "one run, three names"


def test_a_record_of_several_names_stands_under_each(tmp_path, hard):
    file = tmp_path / "records.jsonl"
    both = record("a", 1, hard) | {"names": ["a", "b"]}
    file.write_text("".join(json.dumps(each) + "\n" for each in (both, record("a", 0, hard))))
    found = read_ablation(file)
    assert [each["seed"] for each in found["a"]] == [0, 1] and found["b"] == [found["a"][1]]
    assert read_ablation(tmp_path / "none.jsonl") == {}


def test_what_is_done_of_the_ablation_is_read_while_it_is_not_finished(tmp_path, hard, monkeypatch):
    whole, begun = tmp_path / "whole.jsonl", tmp_path / "begun.jsonl"
    monkeypatch.setattr(ablation, "read_ablation", lambda path=whole: read_ablation(path))
    monkeypatch.setattr(ablation, "BEGUN", begun)
    assert read_so_far() == {}
    begun.write_text(json.dumps(record("a", 0, hard)) + "\n")
    assert list(read_so_far()) == ["a"]
    whole.write_text(json.dumps(record("b", 0, hard)) + "\n")
    assert list(read_so_far()) == ["b"]
