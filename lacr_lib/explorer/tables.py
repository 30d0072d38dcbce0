"""The parts of the page that are plain HTML: the strip along the light axis, the numbers.

No name is written here: an element with `data-scene` gets it from the script, as text.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from lacr_lib.explorer.scenes import SIDE
from lacr_lib.explorer.story import Story
from lacr_lib.explorer.strip import Strip, Walked
from lacr_lib.latent.film import region_pull
from lacr_lib.latent.light_axis import STEPS

KINDS = ("low", "enhanced", "clear")
HEADS = (
    "scene", "pull, with", "pull, without", "straightness", "rank correlation",
    "luma, low", "PSNR, low", "PSNR, with", "PSNR, without",
)  # fmt: skip


def strip_html(strip: Strip, scenes: list[str], quality: int) -> str:
    """A row for each walked photograph: nine pictures, and bars for the real regions near each."""
    source = "the scenes that are not shown here" if strip.others else "these scenes"
    steps = "".join(f"<b>{step:g}</b>" for step in STEPS)
    return (
        '<p class="note">Low-light photographs, decoded by the model with LACR while their code '
        f"moves along the mean way from low to clear of {source}; 0 is the photograph's own code, "
        "1 a whole way. Bars: share of the real low-light, enhanced and clear regions that lie "
        "near each step. Where they are empty, the decoder is asked for what it never saw. (A code "
        "asks for light: that of a clear photograph asks for little.)</p>"
        f'<div id="walks"><div class="walk"><span></span><div class="steps">{steps}</div></div>'
        + "".join(_walk_html(walk, scenes.index(walk.scene), quality) for walk in strip.walks)
        + "</div>"
    )


def table_html(story: Story, data: dict[str, Any]) -> str:
    """A row for each scene: pull, ladder, luma and PSNR; numbers only."""
    head = "".join(f'<th scope="col">{text}</th>' for text in HEADS)
    pulls = [_scene_pulls(story, number) for number in story.ends]
    rows = []
    for i, scene in enumerate(data["scenes"]):
        photos = [photo for photo in data["photographs"] if photo["scene"] == i]
        straight, rank = scene.get("with", (None, None))
        numbers = [pull.get(scene["name"]) for pull in pulls] + [straight, rank]
        numbers.append(_mean(photos, "low", "luma"))
        cells = [_cell(value, 2) for value in numbers]
        cells += [_cell(_mean(photos, kind, "psnr"), 1) for kind in ("low", "enhanced", "twin")]
        name = f'<th scope="row" data-scene="{i}">scene {i + 1}</th>'
        rows.append("<tr>" + name + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _walk_html(walk: Walked, scene: int, quality: int) -> str:
    height = max(picture.shape[0] for picture in walk.pictures)
    sheet = Image.new("RGB", (SIDE * len(walk.pictures), height), "white")
    for i, picture in enumerate(walk.pictures):
        sheet.paste(Image.fromarray(picture), (SIDE * i + (SIDE - picture.shape[1]) // 2, 0))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=quality, method=6)
    address = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    told = ", ".join(f"{luma:.2f}" for luma in walk.luma)
    return (
        f'<div class="walk"><span data-scene="{scene}">scene {scene + 1}</span>'
        f'<img src="{address}" alt="Decoded at nine steps; luma {told}">'
        f'<div class="steps">{"".join(map(_bars, range(len(STEPS)), [walk] * len(STEPS)))}</div>'
        "</div>"
    )


def _bars(step: int, walk: Walked) -> str:
    most = max(value for values in walk.near.values() for value in values) or 1.0
    shares = {kind: walk.near[kind][step] for kind in KINDS}
    told = ", ".join(f"{kind} {share:.0%}" for kind, share in shares.items())
    bars = "".join(
        f'<i class="{kind}" style="height:{100 * share / most:.0f}%"></i>'
        for kind, share in shares.items()
    )
    return f'<div><div class="bars" title="{told}">{bars}</div>luma {walk.luma[step]:.2f}</div>'


def _scene_pulls(story: Story, number: int | None) -> dict[str, float]:
    """Median pull over the regions of each scene, by one still."""
    if number is None:
        return {}
    table = story.stills[number].table
    values, scene = region_pull(table), table.of("enhanced").scene
    known = np.isfinite(values)
    return {
        str(name): float(np.median(values[known & (scene == name)]))
        for name in np.unique(scene[known])
    }


def _mean(photos: list[dict[str, Any]], kind: str, key: str) -> float | None:
    values = [p[key] for p in photos if p["kind"] == kind and p[key] is not None]
    return float(np.mean(values)) if values else None


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
