"""The ablation in words: verdicts made from records, and honest while runs are missing."""

from __future__ import annotations

import pytest

from lacr_lib.results.ablation import QUESTIONS, read_ablation
from lacr_lib.results.ablation_tables import ablation_table, findings, progress, question_table
from tests.results.toy_records import by_name, record

GRID = """seeds = [0, 1]
[every]
steps = 3
[runs."VAE"]
rcam = false
[runs."full"]
[runs."LACR: ratio"]
"""


@pytest.fixture
def grid(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text(GRID)
    return file


@pytest.fixture
def runs(hard):
    """+1 dB by the first, inside the spread the second, one seed of the third; three seeds else."""
    question = QUESTIONS[0]
    return by_name(
        *(record(question.reference, seed, hard) for seed in range(3)),
        *(record(question.runs[0], seed, hard + 1 + 0.1 * (seed - 1)) for seed in range(3)),
        *(record(question.runs[1], seed, hard + 0.1 + 0.5 * (seed - 1)) for seed in range(3)),
        record(question.runs[2], 0, hard + 6),
    )


def test_tables_hold_the_numbers_and_say_what_is_not_shown(runs, hard):
    rows = question_table(runs, QUESTIONS[0]).splitlines()[2:]
    assert "| +1.00 [+1.00, +1.00] |" in rows[0] and "+0.10 [+0.10, +0.10], not shown" in rows[1]
    assert (
        rows[2] == "| VAE + RCAM + AMSM | not shown (1 seed)" + " | not shown (1 seed)" * 2 + " |"
    )
    overall = ablation_table(runs).splitlines()
    assert len(overall) == 2 + 4 and f"{hard.mean() + 1:.2f} ± 0.10" in overall[3]
    assert f"| {hard.mean() + 6:.2f} |" in overall[5], "one seed has no spread"


def test_findings_are_made_from_the_records(runs):
    first, second, third, last = findings(runs, QUESTIONS[0]).splitlines()
    assert first == (
        "- PSNR (dB), more is better. better: VAE + RCAM (+1.00); not shown: VAE + AMSM (+0.10)."
    )
    assert "not shown: VAE + RCAM (+0.000), VAE + AMSM (+0.000)" in second
    assert "alignment ratio, less is better" in third
    assert last == "- Fewer than two seeds, so not asked yet: VAE + RCAM + AMSM."


def test_a_smaller_alignment_ratio_is_the_better_one(hard):
    question = QUESTIONS[0]
    runs = by_name(
        *(record(question.reference, seed, hard, to_clear=1.2) for seed in range(2)),
        *(record(question.runs[0], seed, hard, to_clear=0.8) for seed in range(2)),
    )
    assert "alignment ratio, less is better. better: VAE + RCAM (-0.100)" in findings(
        runs, question
    )


def test_without_two_seeds_nothing_is_said(hard):
    runs = by_name(record("VAE", 0, hard), record("VAE + RCAM", 0, hard + 6))
    said = findings(runs, QUESTIONS[0])
    assert said == "No run has two seeds in common with `VAE` yet, so nothing is shown."
    assert "| VAE + AMSM | not run | not run | not run |" in question_table(runs, QUESTIONS[0])


def test_progress_counts_runs_and_seeds(grid, hard):
    both = [record("full", seed, hard) for seed in range(2)]
    for each in both:
        each["names"] = ["full", "LACR: ratio"]
    begun = {"full": both, "LACR: ratio": both, "VAE": [record("VAE", 0, hard)]}
    said = progress(begun, grid)
    assert "3 of its 4 runs are recorded** (1 with 1 seed, 1 with 2 seeds)" in said
    whole = begun | {"VAE": [record("VAE", seed, hard) for seed in range(2)]}
    assert progress(whole, grid) == "All 4 runs of the grid are recorded."
    assert "0 of its 4 runs are recorded** (none)" in progress({}, grid)


def test_the_records_of_the_release_are_told_as_they_are():
    found = read_ablation()
    assert progress(found) == "All 69 runs of the grid are recorded."
    for question in QUESTIONS:
        assert question_table(found, question) and findings(found, question)
