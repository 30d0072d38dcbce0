"""The record says what was measured where; the table and the command are made of it."""

import json
import re
from pathlib import Path

import pytest

from lacr_lib.bench import gpu, record, run
from lacr_lib.bench.row import Row
from lacr_lib.cli import main
from lacr_lib.results import records

ROWS = [
    Row("image", "one photograph", "<= 2.0", 1.25, True, details={"repeats": 3}),
    Row("gpu-frames", "frames", ">= 60", smaller=False, note="not measured: no CUDA device"),
]


def test_a_record_keeps_the_rows_that_were_not_measured_again():
    old = record.record_of([Row("step", "a step", "<= 2.0", 1.6, True), ROWS[1]], "old", {})
    new = json.loads(json.dumps(record.record_of(ROWS[:1], "new", old)))
    assert list(new["rows"]) == ["step", "gpu-frames", "image"] and new["command"] == "new"
    assert record.rows_of(new)[2] == ROWS[0]
    assert new["machine"]["cores"] >= 1 and new["versions"]["torch"]


def test_the_record_tells_no_name_and_no_path():
    import platform

    text = json.dumps(record.record_of(ROWS, "lacr bench", {}))
    assert platform.node() not in text or len(platform.node()) < 4
    assert str(Path.home()) not in text and str(Path.cwd()) not in text


def test_table_says_yes_no_or_why_not():
    lines = record.table([*ROWS, Row("fast", "quick", "<= 0.6", 0.7, False)]).splitlines()
    assert lines[2].endswith("| 1.25 | <= 2.0 | yes |")
    assert lines[3].endswith("| not measured | >= 60 | not measured: no CUDA device |")
    assert lines[4].endswith("| 0.7 | <= 0.6 | no |")


def test_readme_is_renewed_only_where_it_has_a_place(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("# title\n")
    made = record.record_of(ROWS, "lacr bench", {})
    assert not record.write_readme(made, page) and page.read_text() == "# title\n"
    page.write_text(f"# title\n{record.BEGIN}\nold\n{record.END}\nrest\n")
    assert record.write_readme(made, page)
    text = page.read_text()
    assert "`image`" in text and "old" not in text and text.endswith("rest\n")


def test_the_table_of_the_readme_is_that_of_the_record():
    recorded = records.read_record("bench-cpu")
    shown = record.README.read_text("utf-8").split(record.BEGIN)[1].split(record.END)[0]
    assert shown.strip() == record.block(recorded)


@pytest.mark.skipif(record.torch.cuda.is_available(), reason="here the rows would be measured")
def test_gpu_rows_stay_open_without_a_gpu():
    rows = gpu.measure()
    assert [row.name for row in rows] == list(gpu.WHAT)
    assert all(row.value is None and row.met is None and "no CUDA" in row.note for row in rows)


@pytest.fixture
def recorded(monkeypatch, tmp_path):
    """A folder of records, and a benchmark that measures 1.5 for `image` at once."""
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    rows = [Row("image", "one photograph", "<= 2.0", 1.5, True)]
    monkeypatch.setattr(
        run, "parts", lambda photos: {"image": lambda: rows, "gpu": lambda: ROWS[1:]}
    )
    monkeypatch.setattr(record, "README", tmp_path / "README.md")
    record.README.write_text(f"{record.BEGIN}\n{record.END}\n")
    return tmp_path / ("bench-cuda.json" if record.torch.cuda.is_available() else "bench-cpu.json")


def test_bench_prints_a_table_and_writes_the_record(recorded, tmp_path, capsys):
    assert main(["bench", "--json", str(tmp_path / "mine.json")]) == 0
    assert "| `image` | one photograph | 1.5 |" in capsys.readouterr().out
    assert json.loads((tmp_path / "mine.json").read_text())["rows"]["image"]["value"] == 1.5
    assert not recorded.exists()
    assert main(["bench", "--only", "image", "--record"]) == 0
    assert list(json.loads(recorded.read_text())["rows"]) == ["image"]
    assert "| `image` |" in (tmp_path / "README.md").read_text()


def test_check_fails_with_a_line_a_row(recorded, capsys):
    recorded.write_text(json.dumps(record.record_of(ROWS, "lacr bench", {})))
    assert main(["bench", "--check"]) == 0  # 1.5 is exactly 20 % behind 1.25
    recorded.write_text(recorded.read_text().replace("1.25", "1.2"))
    capsys.readouterr()
    assert main(["bench", "--check"]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lacr:")]
    assert told == ["lacr: image: 1.5, recorded 1.2: over 20 % behind"]


def test_unknown_part(recorded, capsys):
    assert main(["bench", "--only", "image", "nothing"]) == 2
    assert re.search(
        "no part 'nothing' of the benchmark; there are image, gpu", capsys.readouterr().err
    )
