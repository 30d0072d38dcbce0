"""The tables on the pages and the figures of the index are written from the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacr_lib.inference.released import WEIGHTS_FOLDER, released_weights
from lacr_lib.results import tables


def test_only_the_block_on_a_page_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"# Title\n\n{tables.BEGIN}\n\noutdated\n\n{tables.END}\n\nAfter.\n", "utf-8")
    monkeypatch.setattr(tables, "README", page)
    monkeypatch.setattr(tables, "WEIGHTS_FOLDER", tmp_path)  # no card there
    tables.write_tables()
    text = page.read_text("utf-8")
    assert text.startswith("# Title\n") and text.endswith("\nAfter.\n")
    assert tables.results_block().strip() in text and "outdated" not in text
    assert (WEIGHTS_FOLDER / "lacr-vae.md").is_file()


def test_the_index_is_given_the_recorded_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, dict[str, dict[str, float]]] = {}
    monkeypatch.setattr(tables, "add", lambda name, data, results: given.update({name: results}))
    tables.write_index()
    assert given == {weights.name: weights.results for weights in released_weights()}


def test_the_rows_of_the_judges_follow_the_twins() -> None:
    sides = {"weights": 0.1, "against": 0.2, "difference": [-0.1, -0.15, -0.05]}
    pull = {side: dict.fromkeys(tables.PULL_ROWS.values(), value) for side, value in sides.items()}
    without = tables.pull_table(pull, {}).splitlines()
    one = next(iter(tables.JUDGES))
    judge = {"weights": 0.3, "against": 0.35, "difference": [-0.05, -0.06, -0.04]}
    rows = tables.pull_table(pull, {one: judge}).splitlines()
    twins = next(i for i, row in enumerate(rows) if "the twin's encoder" in row)
    assert rows[: twins + 1] + rows[twins + 2 :] == without
    assert tables.JUDGES[one] in rows[twins + 1]
    assert rows[twins + 1].endswith("| 0.300 | 0.350 | -0.050 [-0.060, -0.040] |")
