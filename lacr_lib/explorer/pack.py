"""A story as the page's data: numbers packed in few bytes, photographs in sheets."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import ENOUGH, percentiles
from lacr_lib.explorer.plot import COLOURS, RAMPS, ramp
from lacr_lib.explorer.scenes import Album, card_record, progress_of, sheets
from lacr_lib.explorer.story import Drawing, Method, Story
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.film import Still, pull_of, region_pull
from lacr_lib.latent.ladders import correlations, straightness, trajectories
from lacr_lib.latent.neighbours import in_common, nearest

KINDS = ("low", "clear", "enhanced")
QUALITY = 82  # of the WebP sheets, of 100
UNKNOWN = -32768  # a pull that could not be measured


def page_data(story: Story, quality: int = QUALITY) -> dict[str, Any]:
    """All that the page shows, ready for JSON. Errors: a photograph that the album lacks."""
    table = story.stills[-1].table
    missing = [name for name in table.names if str(name) not in story.album.cards]
    if missing:
        raise LacrError(f"the album lacks {missing[0]}: collect it while the latents are encoded")
    scenes = list(dict.fromkeys(card.scene for card in story.album.cards.values()))
    pictures, photographs = _photographs(story, scenes, quality)
    index = {name: i for i, name in enumerate(story.album.cards)}
    ladders = ladders_of(story)
    rows = [_family(name, story.album, photographs) for name in scenes]
    return {
        "dataset": story.dataset,
        "sheets": pictures,
        "photographs": photographs,
        "scenes": [
            {"name": name, **row, **ladders.get(name, {})}
            for name, row in zip(scenes, rows, strict=True)
        ],
        "points": {kind: _points(table.of(kind), index) for kind in KINDS},
        "frames": [_frame(still) for still in story.stills],
        "ends": dict(zip(("with", "without"), story.ends, strict=True)),
        "tracks": tracks(story),
        "maps": [_map(method, story) for method in story.methods],
        "changed": _changed(story),
        "enough": ENOUGH,
        # per cent of resampled medians below the interval of so many scenes; of 0 and 1 none
        "below": [None, None, *(percentiles(n)[0] for n in range(2, len(scenes) + 1))],
        "colours": COLOURS | {"twin": "#000000"},
        "ramps": {name: ramp(*stops) for name, stops in RAMPS.items()},
    }


def tracks(story: Story) -> dict[str, list[int]]:
    """Of each side the numbers of its stills, from the common start to the finished model."""
    ours, other = story.ends
    starts = [i for i, still in enumerate(story.stills) if still.side == "start"]
    if not starts:
        return {"with": [ours], "without": [] if other is None else [other]}
    start = starts[0]
    return {"with": list(range(start, ours + 1)), "without": list(range(start, -1, -1))}


def pack(values: NDArray[Any], kind: str) -> dict[str, str]:
    """Numbers as base64 of little-endian u1, u2 or i2."""
    raw = np.ascontiguousarray(values, np.dtype("<" + kind)).tobytes()
    return {"kind": kind, "bytes": base64.b64encode(raw).decode("ascii")}


def pack_places(xy: NDArray[np.floating], bounds: list[float]) -> dict[str, str]:
    """Places (N, 2) on a map as 16-bit steps between its bounds (x0, x1, y0, y1)."""
    low, high = np.array(bounds[0::2]), np.array(bounds[1::2])
    return pack(np.rint((xy - low) / np.maximum(high - low, 1e-9) * 65535).clip(0, 65535), "u2")


def _photographs(
    story: Story, scenes: list[str], quality: int
) -> tuple[list[str], list[dict[str, Any]]]:
    """Sheets, and a record of each card; the twin's enhanced photographs come last."""
    cards = [
        (card, card.kind, progress_of(card, story.album)) for card in story.album.cards.values()
    ]
    index = {card.name: i for i, (card, _, _) in enumerate(cards)}
    twins: dict[int, int] = {}
    lows = {i: index.get(name.removesuffix(" enhanced")) for name, i in index.items()}
    if story.twin is not None:
        for card in story.twin.cards.values():
            if card.kind == "enhanced" and card.name in index:
                twins[index[card.name]] = len(cards)
                cards.append((card, "twin", progress_of(card, story.twin)))
    pictures, places = sheets([card.picture for card, _, _ in cards], quality)
    records = [
        card_record(card, kind, place, progress) | {"scene": scenes.index(card.scene)}
        for (card, kind, progress), place in zip(cards, places, strict=True)
    ]
    for of, low in lows.items():
        if low not in (None, of):
            records[of]["low"] = low
    for of, twin in twins.items():
        records[of]["twin"] = twin
    return pictures, records


def _family(scene: str, album: Album, photographs: list[dict[str, Any]]) -> dict[str, Any]:
    """Numbers of a scene's photographs: the ladder, darkest first and clear last; the family.

    family: clear; then a row for each rung: low, enhanced, enhanced by the twin.
    """
    cards = [(i, c) for i, c in enumerate(album.cards.values()) if c.scene == scene]
    clear = [i for i, card in cards if card.kind == "clear"]
    low = sorted((card.exposure, i) for i, card in cards if card.kind == "low")
    family = [clear] if clear else []
    for _, i in low:
        row = [i]
        for e, card in cards:
            if card.kind == "enhanced" and photographs[e].get("low") == i:
                row += [e, *([photographs[e]["twin"]] if "twin" in photographs[e] else [])]
        family.append(row)
    return {"ladder": [i for _, i in low] + clear, "family": family}


def _points(table: Latents, index: dict[str, int]) -> dict[str, Any]:
    """Of each point its photograph and its region's row and column there."""
    photograph = np.array([index[str(name)] for name in table.names[table.photograph]], np.int64)
    return {
        "photograph": pack(photograph, "u2"),
        "row": pack(table.row, "u2"),
        "col": pack(table.col, "u2"),
    }


def _frame(still: Still) -> dict[str, Any]:
    """One still: what it is, its pull with an interval, and the pull of each region, in 1/1000."""
    return {
        "side": still.side,
        "step": still.step,
        "pull": _median(still.table, shuffle=False),
        "control_pull": _median(still.table, shuffle=True),
        "pulls": pack(_thousandths(region_pull(still.table)), "i2"),
        "control": pack(_thousandths(region_pull(still.table, shuffle=True)), "i2"),
    }


def _median(table: Latents, shuffle: bool) -> list[float | None]:
    """Median pull with its interval; nothing for a single scene, or without clear photographs."""
    try:
        pull = pull_of(table, shuffle)
    except LacrError:
        return [None, None, None]
    return [round(value, 4) if np.isfinite(value) else None for value in pull]


def _thousandths(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), np.rint(values.clip(-30, 30) * 1000), UNKNOWN)


def _map(method: Method, story: Story) -> dict[str, Any]:
    """One method's maps; wander: median way of clear regions from model to model, of the map."""
    kinds = {kind: story.stills[-1].table.of("low", "clear").kind == kind for kind in KINDS[:2]}
    every = np.concatenate([xy for d in method.drawings.values() for xy in (d.fitted, d.moved)])
    (x0, y0), (x1, y1) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    frames = {
        str(i): _drawn(drawing, kinds, [x0, x1, y0, y1]) for i, drawing in method.drawings.items()
    }
    wander = None
    ours, other = story.ends
    if other is not None:
        clear = [method.drawings[i].fitted[kinds["clear"]] for i in (ours, other)]
        way = np.linalg.norm(clear[0] - clear[1], axis=1)
        wander = round(float(np.median(way)) / max(x1 - x0, y1 - y0), 4)
    bounds = [round(value, 4) for value in (x0, x1, y0, y1)]
    return {
        "name": method.name,
        "placed": method.placed,
        "bounds": bounds,
        "wander": wander,
        "frames": frames,
    }


def _drawn(
    drawing: Drawing, kinds: dict[str, NDArray[np.bool_]], bounds: list[float]
) -> dict[str, Any]:
    xy = {kind: drawing.fitted[here] for kind, here in kinds.items()} | {"enhanced": drawing.moved}
    kept = {kind: drawing.kept_fitted[here] for kind, here in kinds.items()}
    kept["enhanced"] = drawing.kept_moved
    return {
        "trust": round(drawing.trustworthiness, 3),
        "continuity": round(drawing.continuity, 3),
        "xy": {kind: pack_places(values, bounds) for kind, values in xy.items()},
        "kept": {kind: pack(np.rint(values * 100), "u1") for kind, values in kept.items()},
    }


def _changed(story: Story) -> dict[str, Any] | None:
    """Of each point the share of its 15 nearest latents that both models agree on, in 1/100.

    control: the mean share where the second model's points are those of other scenes; this is what
    "nothing in common" looks like here.
    """
    ours, other = story.ends
    if other is None:
        return None
    tables = [story.stills[i].table for i in (ours, other)]
    fitted = [table.of("low", "clear") for table in tables]
    near = [nearest(None, table.mu) for table in fitted]
    moved = [nearest(t.of("enhanced").mu, f.mu) for t, f in zip(tables, fitted, strict=True)]
    shared, shared_moved = in_common(near[0], near[1]), in_common(moved[0], moved[1])
    kind = fitted[0].kind
    parts = {
        "low": shared[kind == "low"],
        "clear": shared[kind == "clear"],
        "enhanced": shared_moved,
    }
    shuffled = near[1][np.random.default_rng(0).permutation(len(near[1]))]
    packed = {name: pack(np.rint(values * 100), "u1") for name, values in parts.items()}
    return packed | {"control": round(float(in_common(near[0], shuffled).mean()), 3)}


def ladders_of(story: Story) -> dict[str, dict[str, list[float | None]]]:
    """Of each scene with a ladder, by model: straightness, rank correlation with log exposure."""
    found: dict[str, dict[str, list[float | None]]] = {}
    for side, number in zip(("with", "without"), story.ends, strict=True):
        if number is None:
            continue
        try:
            paths = trajectories(story.stills[number].table.pooled())
            ranks = correlations(paths)
        except LacrError:  # no exposure ladders: pairs have nothing to follow
            continue
        for path, rank in zip(paths, ranks.tolist(), strict=True):
            pair = (straightness(path.mu), rank)
            rounded = [round(v, 3) if np.isfinite(v) else None for v in pair]
            found.setdefault(path.scene, {})[side] = rounded
    return found
