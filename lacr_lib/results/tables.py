"""Tables of README.md and of the model cards, made from the records alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lacr_lib.inference.files import write_text
from lacr_lib.inference.released import WEIGHTS_FOLDER
from lacr_lib.results.records import read_pull, read_records
from lacr_lib.teaching.blocks import marks, replace_block

BEGIN, END = marks("results", "python -m lacr_lib.results.records")
README = Path(__file__).resolve().parents[2] / "README.md"
COLUMNS = {  # heading -> field of the record, digits
    "PSNR (dB)": ("psnr", 2),
    "SSIM": ("ssim", 3),
    "PSNR, GT-mean (dB)": ("psnr_gt_mean", 2),
    "CIEDE2000": ("ciede2000", 2),
    "chroma, output / reference": ("chroma_ratio", 2),
}
PULL_ROWS = {  # what the twin is compared in -> field of the record
    "alignment ratio (own encoder): 0 at clear, 1 as near to low": "alignment_ratio",
    "alignment ratio (the twin's encoder for both)": "alignment_ratio_shared",
    "fraction of the way from low to clear, median": "fraction_of_way",
    "AUC enhanced against clear (0.5: cannot be told apart)": "auc_enhanced_vs_clear",
    "AUC enhanced against low (1: apart)": "auc_enhanced_vs_low",
    "PSNR lost when z is swapped between images (dB)": "psnr_drop_z_swapped",
    "PSNR lost when z is zero (dB)": "psnr_drop_z_zero",
    "fine texture, output / reference": "texture_ratio",
    "PSNR (dB)": "psnr",
}


def evaluation_table(records: dict[str, dict[str, Any]]) -> str:
    """A method a row, best PSNR first, as Markdown; released weights in bold."""
    lines = ["| method | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    for name, record in records.items():
        values = [f"{record[field]:.{digits}f}" for field, digits in COLUMNS.values()]
        shown = f"**`{name}`**" if name.startswith("lacr-vae") else f"`{name}`"
        lines.append(f"| {shown} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def pull_table(record: dict[str, Any]) -> str:
    """The pull metrics of the default weights and of their twin, as Markdown."""
    lines = [
        "| latents | `lacr-vae` | `lacr-vae-no-lacr` | difference, 95 % over scenes |",
        "|---|---|---|---|",
    ]
    for label, field in PULL_ROWS.items():
        ours, theirs = (record[side][field] for side in ("weights", "against"))
        mean, low, high = record["difference"][field]
        paired = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        lines.append(f"| {label} | {ours:.3f} | {theirs:.3f} | {paired} |")
    return "\n".join(lines)


def results_block() -> str:
    """Both tables with a line that says what was measured and by which command."""
    records, pull = read_records(), read_pull()
    some = next(iter(records.values()))
    return "\n\n".join(
        [
            f"SICE Part 1, held-out scenes (`val`): {some['n']} low-light frames, no scene "
            "of which was trained on, no GT-mean unless it says so. Measured by "
            "`python -m lacr_lib.results.records --data DIR`; records in `lacr_lib/results/`.",
            evaluation_table(records),
            pull_table(pull),
        ]
    )


def write_tables() -> None:
    """Renew the results block of README.md and of the card of the released weights."""
    for page in (README, WEIGHTS_FOLDER / "lacr-vae.md"):
        if page.is_file():
            text = page.read_text("utf-8")
            write_text(page, replace_block(text, results_block(), BEGIN, END))
