"""The plot of the page: empty layers, which our script fills, and the events it hears of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bokeh.document import Document
    from bokeh.plotting import figure

BOKEH_MARKERS = {"low": "inverted_triangle", "enhanced": "circle", "clear": "triangle"}
# the course's colours of the three kinds; written out, since figures come after the explorer
COLOURS = {"low": "#0072B2", "enhanced": "#D55E00", "clear": "#009E73"}
RAMPS = {  # colours at the lower end, in the middle, at the upper end; page.css draws them, too
    "pull": ("#b35806", "#c9c9c9", "#542788"),  # -1, 0, 1
    "trust": ("#ffc20a", "#8d8d8d", "#0c4a6e"),  # 0, half, 1
}


def document() -> Document:
    """A bokeh document without data: each layer's source is named after it."""
    from bokeh.document import Document
    from bokeh.models import CustomJS, Range1d
    from bokeh.plotting import figure

    plot = figure(
        sizing_mode="stretch_both",
        tools="pan,wheel_zoom,box_zoom,reset",
        active_scroll=None,  # the page itself scrolls; zooming by wheel is a choice
        toolbar_location="above",
        output_backend="webgl",
        x_range=Range1d(start=-1, end=1),
        y_range=Range1d(start=-1, end=1),
        name="map",
        min_height=320,
    )
    plot.grid.visible, plot.toolbar.logo, plot.axis.visible = False, None, False
    plot.outline_line_color = None
    _segments(plot, "trails", width=1.5, dash="dotted")
    heard = [_segments(plot, "ladders", width=1.5)]
    heard += [_points(plot, kind) for kind in BOKEH_MARKERS]
    _segments(plot, "arrows", width=1.5)
    for name in ("ladders", "arrows"):
        _heads(plot, name)
    plot.add_tools(*_tools(heard))
    page = Document()
    page.add_root(plot)
    page.js_on_event("document_ready", CustomJS(code="window.lacr.start()"))
    return page


def ramp(*stops: str) -> list[str]:
    """101 colours, evenly from the first of three "#rrggbb" through the second to the third."""
    parts = np.array([list(bytes.fromhex(stop[1:])) for stop in stops])  # (3, RGB)
    places = np.linspace(0, 2, 101)
    rgb = np.stack([np.interp(places, (0, 1, 2), part) for part in parts.T], axis=1)
    return ["#" + row.tobytes().hex() for row in np.rint(rgb).astype(np.uint8)]


def _points(plot: figure, kind: str) -> Any:
    """Regions of one kind; enhanced ones are hollow, since they were placed and not fitted."""
    hollow = kind == "enhanced"
    dots = plot.scatter(
        "x",
        "y",
        source=_source(kind, ("x", "y", "colour", "alpha")),
        marker=BOKEH_MARKERS[kind],
        size=7,
        alpha="alpha",
        fill_color=None if hollow else "colour",
        line_color="colour" if hollow else None,
        line_width=1.3,
    )
    return _unselected(dots)


def _segments(plot: figure, name: str, width: float, dash: str = "solid") -> Any:
    lines = plot.segment(
        "x0",
        "y0",
        "x1",
        "y1",
        source=_source(name, ("x0", "y0", "x1", "y1", "colour", "alpha")),
        line_width=width,
        line_dash=dash,
        line_color="colour",
        line_alpha="alpha",
    )
    return _unselected(lines)


def _heads(plot: figure, name: str) -> Any:
    return plot.scatter(
        "x",
        "y",
        angle="angle",
        source=_source(f"{name}-heads", ("x", "y", "angle", "colour", "alpha")),
        marker="triangle",
        size=9,
        fill_color="colour",
        line_color=None,
        alpha="alpha",
    )


def _unselected(renderer: Any) -> Any:
    """A renderer that looks alike when bokeh selects from it: the selection is our script's."""
    renderer.selection_glyph = renderer.nonselection_glyph = None
    return renderer


def _source(name: str, columns: tuple[str, ...]) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({column: [] for column in columns}, name=name)


def _tools(renderers: list[Any]) -> list[Any]:
    """Hover and tap, each of which hands the layer and the number of a point to our script."""
    from bokeh.models import CustomJS, HoverTool, TapTool

    hover = """const i = cb_data.index.indices[0] ?? cb_data.index.line_indices?.[0]
        if (i !== undefined) window.lacr.hover(cb_data.renderer.data_source.name, i)"""
    tap = "window.lacr.tap(cb_data.source.name, cb_data.source.inspected.indices[0])"
    # the last one that is hovered stays, the first one that is tapped counts: what lies on top
    return [
        HoverTool(renderers=renderers, tooltips=None, callback=CustomJS(code=hover)),
        TapTool(renderers=renderers[::-1], behavior="inspect", callback=CustomJS(code=tap)),
    ]
