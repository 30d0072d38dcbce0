"""`lacr bench`: what the library costs, as ratios to yardsticks of the same run."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING

from lacr_lib.commands.common import begun, check_target, held_out, say, write_json

if TYPE_CHECKING:
    from lacr_lib.bench.row import Row


def run(options: Namespace) -> int:
    """Exit code 1 with --check when a row has fallen behind its record. Raises LacrError."""
    from lacr_lib.bench.record import fallen_behind, not_compared, record_of, table, write_readme
    from lacr_lib.bench.run import run_bench
    from lacr_lib.results.records import FOLDER, read_record

    name = "bench-cuda" if on_gpu() else "bench-cpu"
    old = read_record(name, FOLDER)
    if options.json:
        check_target(options.json)
    rows: list[Row] = []
    for measured in run_bench(partial(held_out, options.data), options.only):
        rows += measured
        for row in measured:
            say(f"{row.name}: {row.shown()} {row.note or f'(target {row.target})'}")
    print(table(rows))
    words = ["lacr bench", *(["--only", *options.only] if options.only else [])]
    write_json(options.json, record_of(rows, " ".join(words), {}))
    for line in not_compared(rows, old) if options.check else []:
        say(line)
    behind = fallen_behind(rows, old) if options.check else []
    for line in behind:
        say(f"lacr: {line}")
    if options.record:
        with begun():
            record = record_of(rows, "lacr bench", old)
            write_json(FOLDER / f"{name}.json", record)
            if not write_readme(record):
                say("README.md has no place for the table; only the record was written")
    return 1 if behind else 0


def on_gpu() -> bool:
    """Is there a CUDA device?"""
    import torch

    return torch.cuda.is_available()
