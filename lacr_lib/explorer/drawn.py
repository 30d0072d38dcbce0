"""Two pictures drawn beforehand: the pull by training step, and the map for who has no script."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence

from lacr_lib.explorer.plot import COLOURS
from lacr_lib.explorer.story import Story

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 360, 150, 40, 34, 10  # pixels of the curve
SIDES = {"with": ("#000000", ""), "without": ("#767676", "5 3")}  # colour, dashes
Pull = Sequence[float | None]


def curve(tracks: dict[str, list[tuple[str, Pull]]]) -> str:
    """An SVG of the pull by training step, both runs with their intervals; `#cursor` marks a step.

    tracks: of each side the title of each step and (median, low, high). The last one is the
    finished model, which is another, longer training: no line leads to it.
    """
    known = [v for track in tracks.values() for _, pull in track for v in pull if v is not None]
    low, high = min([0.0, *known]), max([1.0, *known])
    count = max(len(track) for track in tracks.values())

    def x(i: int) -> float:
        return round(LEFT + 14 + i * (WIDTH - LEFT - 28) / max(count - 1, 1), 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(v)}" y2="{y(v)}" class="grid"/>'
             f'<text x="{LEFT - 6}" y="{y(v) + 4}" text-anchor="end">{v:g}</text>'
             for v in (0.0, 1.0)]  # fmt: skip
    titles = [title for title, _ in next(iter(tracks.values()))]
    parts += [f'<text x="{x(i)}" y="{HEIGHT - 18}" text-anchor="middle">{title}</text>'
              for i, title in enumerate(titles)]  # fmt: skip
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 3}" text-anchor="middle">training step</text>'
    )
    for shift, (side, track) in zip((-2, 2), tracks.items(), strict=False):
        parts.append(_line(side, [(x(i) + shift, pull) for i, (_, pull) in enumerate(track)], y))
    span = f'y1="{TOP}" y2="{HEIGHT - BOTTOM}"'
    places = " ".join(str(x(i)) for i in range(count))
    parts.append(f'<line id="cursor" data-x="{places}" x1="{x(0)}" x2="{x(0)}" {span}/>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Median pull by training step">'
        + "".join(parts)
        + "</svg>"
    )


def _line(side: str, points: list[tuple[float, Pull]], y: Callable[[float], float]) -> str:
    colour, dash = SIDES[side]
    parts = []
    inner = [(x, pull[0]) for x, pull in points[:-1] if pull[0] is not None]
    path = " ".join(f"{x},{y(value)}" for x, value in inner)
    style = f'stroke="{colour}" stroke-dasharray="{dash}" fill="none"'
    parts.append(f'<polyline points="{path}" stroke-width="2" {style}/>')
    for x, (middle, low, high) in points:
        if middle is None:
            continue
        if low is not None and high is not None:
            parts.append(
                f'<line x1="{x}" x2="{x}" y1="{y(low)}" y2="{y(high)}" stroke="{colour}"/>'
            )
        parts.append(f'<circle cx="{x}" cy="{y(middle)}" r="3.5" fill="{colour}"/>')
    return "".join(parts)


def still_map(story: Story) -> str:
    """The first map as a small picture, a data address, for a browser without JavaScript."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    number = story.ends[0]
    drawing = story.methods[0].drawings[number]
    kind = story.stills[number].table.of("low", "clear").kind
    figure = Figure(figsize=(6, 4.4), dpi=90, layout="constrained")
    axes = figure.add_subplot()
    for name, marker in (("low", "v"), ("clear", "^")):
        x, y = drawing.fitted[kind == name].T
        axes.scatter(x, y, s=9, c=COLOURS[name], marker=marker, label=name)
    x, y = drawing.moved.T
    axes.scatter(x, y, s=9, facecolors="none", edgecolors=COLOURS["enhanced"], linewidths=0.6,
                 label="enhanced")  # fmt: skip
    axes.set(xticks=[], yticks=[], title=f"{story.methods[0].name} of region latents")
    axes.legend(frameon=False)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(buffer, format="webp", pil_kwargs={"quality": 70})
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
