"""`lacr sweep`: a grid of trainings with seeds to one record a run."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from lacr_lib.commands.common import begun, need_pairs, say


def run(options: Namespace) -> int:
    """Exit code 0: every run has its record; 1: one failed, or another process is at it."""
    from lacr_lib.data.layouts import open_photoset
    from lacr_lib.training.run_records import RECORDS, read_records
    from lacr_lib.training.sweep import read_grid, sweep

    runs = read_grid(options.grid)
    if options.list:
        for each in runs:
            print(f"{each.folder}  {' = '.join(each.names)}")
        return 0
    known = read_records(options.known) if options.known else []
    photoset = open_photoset(options.data)
    for part in ("train", "test"):
        need_pairs(photoset.select(part))
    with begun():
        records = sweep(runs, photoset, options.out, tell=say, known=known)
    for record in records:
        print(line(record))
    print(f"{options.out / RECORDS}: {len(records)} of {len(runs)} runs of {options.grid}")
    return 0 if len(records) == len(runs) else 1


def line(record: dict[str, Any]) -> str:
    """One record in one line, for a look while the sweep goes on."""
    summary = record["summary"]
    ratio = summary["alignment_ratio"]  # null where the model returns its input
    return (
        f"{record['names'][0]:28} seed {record['seed']}  {summary['psnr']:6.2f} dB"
        f"  SSIM {summary['ssim']:.3f}  alignment ratio {'-' if ratio is None else f'{ratio:.3f}'}"
    )
