"""One self-contained HTML file: maps to hover and tap, photographs beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from lacr_lib.errors import LacrError
from lacr_lib.explorer.drawn import curve, still_map
from lacr_lib.explorer.pack import QUALITY, page_data
from lacr_lib.explorer.plot import document
from lacr_lib.explorer.story import Story
from lacr_lib.explorer.tables import strip_html, table_html
from lacr_lib.explorer.tour import views
from lacr_lib.inference.files import write_text

LIMIT_MB = 15.0
LOW_QUALITY = 45  # of the pictures, where the file would be too large
FEWEST_REGIONS = 2  # of a photograph


def write_story(path: str | Path, story: Story, limit_mb: float = LIMIT_MB) -> list[str]:
    """Writes the page, and tells in words what was left out to keep it under the limit.

    First the pictures lose quality, then the film goes, then regions are thinned. limit_mb: of a
    million bytes. Errors: as `page_data`; a page that cannot be made so small.
    """
    for smaller, quality, told in _ever_smaller(story):
        text = render(smaller, quality)
        if len(text.encode("utf-8")) <= limit_mb * 1e6:
            write_text(path, text)
            return told
    raise LacrError(f"{path} cannot be under {limit_mb:g} MB; show fewer scenes, or allow more")


def render(story: Story, quality: int = QUALITY) -> str:
    """The page as text: bokeh's own code, ours and the data, all inside. It names no address."""
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    folder = files("lacr_lib.explorer")
    data = page_data(story, quality)
    film = len(story.stills) > 2
    data["views"] = views(film, story.ends[1] is not None)
    return file_html(
        document(),
        INLINE,
        title="Latent explorer",
        template=folder.joinpath("page.html").read_text("utf-8"),
        template_variables={
            "page_script": folder.joinpath("page.js").read_text("utf-8"),
            "page_style": folder.joinpath("page.css").read_text("utf-8"),
            "still_map": still_map(story),
            "table": table_html(story, data),
            "strip": _strip(story, data, quality),
            "curve": _curve(data) if film else "",
            # "<" never appears, so that no file name can end the script element
            "page_data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
        },
    )


def _ever_smaller(story: Story) -> Iterator[tuple[Story, int, list[str]]]:
    told: list[str] = []
    yield story, QUALITY, told
    told = [f"pictures have quality {LOW_QUALITY} of 100"]
    yield story, LOW_QUALITY, told
    if len(story.stills) > 2:
        story = story.without_film()
        told = [*told, "the film is left out"]
        yield story, LOW_QUALITY, told
    _, counts = np.unique(story.stills[0].table.photograph, return_counts=True)
    regions = int(counts.max()) // 2
    while regions >= FEWEST_REGIONS:
        yield story.thinned(regions), LOW_QUALITY, [*told, f"{regions} regions of each photograph"]
        regions //= 2


def _strip(story: Story, data: dict[str, Any], quality: int) -> str:
    names = [scene["name"] for scene in data["scenes"]]
    return "" if story.strip is None else strip_html(story.strip, names, quality)


def _curve(data: dict[str, Any]) -> str:
    """The pull by step of both runs, each from the common start to the finished model."""
    frames = data["frames"]
    pulls = {
        side: [(_title(frames[i]), frames[i]["pull"]) for i in track]
        for side, track in data["tracks"].items()
    }
    return curve(pulls)


def _title(frame: dict[str, Any]) -> str:
    return "final" if frame["step"] is None else str(frame["step"])
