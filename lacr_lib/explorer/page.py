"""One self-contained HTML file: maps to hover and tap, photographs beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lacr_lib.errors import LacrError
from lacr_lib.explorer.scenes import Album, card_record, progress_of, sheets
from lacr_lib.inference.files import write_text
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import Latents

if TYPE_CHECKING:
    from bokeh.document import Document
    from bokeh.models import ColumnDataSource

BOKEH_MARKERS = {"low": "inverted_triangle", "enhanced": "circle", "clear": "triangle"}
KINDS = ("low", "clear", "enhanced")
# the course's colours of the three kinds; written out, since figures come after the explorer
COLOURS = {"low": "#0072B2", "enhanced": "#D55E00", "clear": "#009E73"}


def write_explorer(
    path: str | Path,
    maps: Sequence[LatentMap],
    fitted: Latents,
    moved: Latents,
    album: Album,
    twin: Album | None = None,
) -> Path:
    """Writes the explorer of some latents; the file needs no network and no kernel.

    maps: flat maps of the same rows, `fitted` and `moved` their tables, `album` every photograph of
    them. twin: photographs of the same set enhanced by the model to compare with.
    Errors: no map, or a photograph that the album lacks.
    """
    if not maps:
        raise LacrError("an explorer needs at least one map: draw one with latent_map")
    missing = [name for name in fitted.names if str(name) not in album.cards]
    if missing:
        raise LacrError(f"the album lacks {missing[0]}: collect it while the latents are encoded")
    data = page_data(maps, fitted, moved, album, twin)
    write_text(path, render(data, _document(data)))
    return Path(path)


def page_data(
    maps: Sequence[LatentMap], fitted: Latents, moved: Latents, album: Album, twin: Album | None
) -> dict[str, Any]:
    """All that the page shows, ready for JSON: photographs, picture sheets, points and maps."""
    cards = [(card, card.kind, progress_of(card, album)) for card in album.cards.values()]
    if twin is not None:
        enhanced = [card for card in twin.cards.values() if card.kind == "enhanced"]
        cards += [(card, "twin", progress_of(card, twin)) for card in enhanced]
    pictures, places = sheets([card.picture for card, _, _ in cards])
    photographs = [
        card_record(card, kind, place, progress)
        for (card, kind, progress), place in zip(cards, places, strict=True)
    ]
    index = {name: i for i, name in enumerate(album.cards)}
    tables = {kind: (moved if kind == "enhanced" else fitted).of(kind) for kind in KINDS}
    return {
        "sheets": pictures,
        "photographs": photographs,
        "points": {kind: _points(table, index, album) for kind, table in tables.items()},
        "maps": [_map_record(flat, fitted) for flat in maps],
    }


def render(data: dict[str, Any], document: Document) -> str:
    """The page as text: bokeh's own code, ours and the data, all inside."""
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    folder = files("lacr_lib.explorer")
    return file_html(
        document,
        INLINE,
        title="Latent explorer",
        template=folder.joinpath("page.html").read_text("utf-8"),
        template_variables={
            "page_script": folder.joinpath("page.js").read_text("utf-8"),
            "page_style": folder.joinpath("page.css").read_text("utf-8"),
            # "<" never appears, so that no file name can end the script element
            "page_data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
        },
    )


def _document(data: dict[str, Any]) -> Document:
    """The plot; names of files are no part of it."""
    from bokeh.document import Document
    from bokeh.models import ColumnDataSource, CustomJS
    from bokeh.plotting import figure

    plot = figure(
        sizing_mode="stretch_both",
        tools="pan,wheel_zoom,box_zoom,reset",
        toolbar_location="above",
        x_axis_label="map axis 1 (no unit)",
        y_axis_label="map axis 2 (no unit)",
        name="map",
        min_height=420,
    )
    plot.grid.visible, plot.toolbar.logo = False, None
    plot.axis.major_label_text_font_size = "0px"  # places on a map have no unit
    plot.axis.major_tick_line_color = plot.axis.minor_tick_line_color = None
    plot.line("x", "y", source=ColumnDataSource({"x": [], "y": []}, name="path"), line_width=2,
              line_color="#000000")  # fmt: skip
    renderers = []
    for kind in KINDS:
        hollow = kind == "enhanced"
        dots = plot.scatter(
            "x",
            "y",
            source=_source(data, kind),
            marker=BOKEH_MARKERS[kind],
            size=7,
            alpha=0.6,
            nonselection_alpha=0.12,
            selection_alpha=1.0,
            legend_label=kind,
            fill_color=None if hollow else COLOURS[kind],
            line_color=COLOURS[kind] if hollow else None,
        )
        renderers.append(dots)
    plot.add_tools(*_tools(renderers))
    plot.legend.location, plot.legend.click_policy = "top_right", "hide"
    document = Document()
    document.add_root(plot)
    document.js_on_event("document_ready", CustomJS(code="window.lacr.start()"))
    return document


def _tools(renderers: list[Any]) -> list[Any]:
    """Hover and tap, each of which hands the kind and the number of a point to our script."""
    from bokeh.models import CustomJS, HoverTool, TapTool

    hover = """const i = cb_data.index.indices[0]
        if (i !== undefined) window.lacr.hover(cb_data.renderer.data_source.name, i)"""
    tap = "window.lacr.tap(cb_data.source.name, cb_data.source.selected.indices[0])"
    return [
        HoverTool(renderers=renderers, tooltips=None, callback=CustomJS(code=hover)),
        TapTool(renderers=renderers, callback=CustomJS(code=tap)),
    ]


def _source(data: dict[str, Any], kind: str) -> ColumnDataSource:
    from bokeh.models import ColumnDataSource

    x, y = np.array(data["maps"][0]["points"][kind], np.float32).reshape(-1, 2).T
    return ColumnDataSource({"x": x, "y": y}, name=kind)


def _points(table: Latents, index: dict[str, int], album: Album) -> dict[str, list[Any]]:
    """Of each point its photograph and its region's box there, as fractions of the picture."""
    names = table.names[table.photograph]
    boxes = []
    for name, row, col in zip(names, table.row.tolist(), table.col.tolist(), strict=True):
        height, width = album.cards[str(name)].size
        box = (col * 8 / width, row * 8 / height, 8 / width, 8 / height)
        boxes.append([round(part, 4) for part in box])
    return {"photograph": [index[str(name)] for name in names], "box": boxes}


def _map_record(flat: LatentMap, fitted: Latents) -> dict[str, Any]:
    points = {kind: flat.fitted[fitted.kind == kind] for kind in ("low", "clear")}
    points["enhanced"] = flat.moved
    return {
        "method": flat.method,
        "transformed": flat.transformed,
        "trust": round(flat.trustworthiness, 3),
        "continuity": round(flat.continuity, 3),
        "points": {kind: np.round(xy, 3).tolist() for kind, xy in points.items()},
    }
