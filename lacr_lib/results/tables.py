"""Tables of README.md and of the model cards, made from the records alone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

from lacr_lib.evaluation.bootstrap import Interval, paired_interval
from lacr_lib.inference.files import write_text
from lacr_lib.inference.released import WEIGHTS_FOLDER, add, released_weights
from lacr_lib.results.records import FOLDER, read_pull, read_record, read_records
from lacr_lib.results.remake import JUDGES, UNPAIRED
from lacr_lib.teaching.blocks import marks, replace_block

COMMAND = "make results DATA=DIR"
BEGIN, END = marks("results", COMMAND)
INDEX = {"psnr": 2, "ssim": 3, "psnr_gt_mean": 2}  # figure of index.json -> digits
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
        lines.append(f"| {shown(name)} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def pull_table(record: dict[str, Any], judges: dict[str, Any]) -> str:
    """The pull metrics of the default weights and of their twin, as Markdown.

    judges: the record of `remake.judges`; its rows follow the one in the twin's encoder.
    """
    lines = [
        "| latents | `lacr-vae` | `lacr-vae-no-lacr` | difference, 95 % over scenes |",
        "|---|---|---|---|",
    ]
    for label, field in PULL_ROWS.items():
        sides = (record[side][field] for side in ("weights", "against", "difference"))
        lines.append(_compared(label, *sides))
        if field == "alignment_ratio_shared":
            lines += [
                _compared(f"alignment ratio (encoder of {what}, another run)", **judges[name])
                for name, what in JUDGES.items()
                if name in judges
            ]
    return "\n".join(lines)


def _compared(label: str, weights: float, against: float, difference: list[float]) -> str:
    mean, low, high = difference
    paired = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"| {label} | {weights:.3f} | {against:.3f} | {paired} |"


def clear_table(prefix: str = "sice-val") -> str:
    """PSNR of well-lit photographs against their own enhancement, best median first, Markdown."""
    files = sorted(FOLDER.glob(f"{prefix}-clear-*.json"))
    records = [json.loads(file.read_text("utf-8")) for file in files]
    lines = ["| method | median (dB) | 10th percentile (dB) |", "|---|---|---|"]
    for record in sorted(records, key=lambda each: -each["median"]):
        values = (record["median"], record["percentile_10"])
        cells = ["60 (untouched)" if value >= 60 else f"{value:.1f}" for value in values]
        lines.append(f"| {shown(record['method'])} | " + " | ".join(cells) + " |")
    return "\n".join(lines) if records else ""


def clear_gap(prefix: str = "sice-val") -> Interval | None:
    """Of a well-lit photograph's PSNR: `lacr-vae` minus its twin in dB, paired by scene.

    None where a record is missing.
    """
    ours, twins = (
        read_record(f"{prefix}-clear-{name}").get("scenes", {})
        for name in ("lacr-vae", "lacr-vae-no-lacr")
    )
    if not ours or ours.keys() != twins.keys():
        return None
    return paired_interval([*ours.values()], [twins[scene] for scene in ours], [*ours])


def registered_table(prefix: str = "sice-val") -> str:
    """Scores against the references as they are and registered, and the oracle's, as Markdown."""
    records, moved = read_records(prefix), read_records(prefix, kind="registered")
    curve = read_record(f"{prefix}-curve")
    if not moved or not curve:
        return ""
    lines = [
        "| method | SSIM | registered | PSNR (dB) | registered |",
        "|---|---|---|---|---|",
        "| best tone curve of each photograph, which knows the reference | "
        f"{curve['ssim']:.3f} | {curve['ssim_registered']:.3f} | "
        f"{curve['psnr']:.2f} | {curve['psnr_registered']:.2f} |",
    ]
    for name, after in moved.items():
        cells = [f"{each['ssim']:.3f}" for each in (records[name], after)]
        cells += [f"{each['psnr']:.2f}" for each in (records[name], after)]
        lines.append(f"| {shown(name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def shifts(prefix: str = "sice-val") -> list[float]:
    """How far each reference was moved, pixels; 0 where it lay right. Empty without a record."""
    images = read_record(f"{prefix}-registered-lacr-vae").get("per_image", [])
    return [math.hypot(*image["shift"]) for image in images]


def unpaired_table() -> str:
    """Lightness order error on the photographs without a reference, a set a column, Markdown."""
    sets = {name: records for name in UNPAIRED if (records := read_records(name))}
    if not sets:
        return ""
    lines = ["| LOE (pixels) | " + " | ".join(sets) + " |", "|---" * (len(sets) + 1) + "|"]
    for method in next(iter(sets.values())):
        values = [f"{records[method]['loe']:.1f}" for records in sets.values()]
        lines.append(f"| {shown(method)} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def failures_list(prefix: str = "sice-val") -> str:
    """The worst photographs with the fault that costs most, as Markdown lines."""
    lines = []
    for each in read_record(f"{prefix}-failures").get("worst", []):
        fault = each["main_fault"]
        bought = each[f"bought_by_{fault}"]
        lines.append(
            f"- {code(each['name'])} (mean {each['mean_luma']:.2f} of 1): {each['psnr']:.1f} dB, "
            f"mainly {fault}; lending it the reference's {fault} buys {bought:.1f} dB."
        )
    return "\n".join(lines)


def shown(method: str) -> str:
    """A method's name in a table; released weights in bold."""
    return f"**{code(method)}**" if method.startswith("lacr-vae") else code(method)


def code(name: str) -> str:
    """A name as code in Markdown, whatever it holds.

    Names of scenes are names of files: a backtick or an empty line in one would end the code, and
    what follows would be HTML.
    """
    return f"`{' '.join(name.split()).replace('`', chr(39))}`"


def results_block() -> str:
    """All tables, each with a line that says what was measured and by which command."""
    records, pull = read_records(), read_pull()
    some = next(iter(records.values()))
    parts = [
        f"SICE Part 1, held-out scenes (`val`): {some['n']} low-light frames, no scene "
        "of which was trained on, no GT-mean unless it says so. Remade by "
        f"`{COMMAND}`; records in `lacr_lib/results/`.",
        evaluation_table(records),
        pull_table(pull, read_record("sice-val-judges")),
    ]
    if clear_table():
        parts += [
            "A well-lit photograph of the same scenes, given to each method: PSNR of what comes "
            "back, against what went in.",
            clear_table(),
        ]
    if gap := clear_gap():
        parts.append(
            f"`lacr-vae` minus its twin, paired by scene: {gap.mean:+.2f} dB "
            f"[{gap.low:+.2f}, {gap.high:+.2f}] (mean, and 95 % over scenes)."
        )
    if registered_table():
        off = [shift for shift in shifts() if shift > 0]
        far = f", by {median(off):.2f} pixels in the median" if off else ""
        parts += [
            f"The frames of a ladder are taken one after the other: of these references {len(off)} "
            f"lie beside their photograph{far}. Moved onto it first (`lacr evaluate --register`):",
            registered_table(),
        ]
    if failures_list():
        parts += ["The five worst photographs of `lacr-vae`, no scene twice:", failures_list()]
    if unpaired_table():
        parts += [
            "Photographs without a reference: lightness order error, which rewards caution and is "
            "best for `identity`.",
            unpaired_table(),
        ]
    return "\n\n".join(parts)


def write_tables() -> None:
    """Renew the results block of README.md and of the card of the released weights."""
    for page in (README, WEIGHTS_FOLDER / "lacr-vae.md"):
        if page.is_file():
            text = page.read_text("utf-8")
            write_text(page, replace_block(text, results_block(), BEGIN, END))


def write_index() -> None:
    """Renew the figures in the list of released weights, index.json."""
    records = read_records()
    for weights in released_weights():
        if weights.name in records:
            record = records[weights.name]
            figures = {key: round(record[key], digits) for key, digits in INDEX.items()}
            add(weights.name, weights.data, {"sice-val": figures})
