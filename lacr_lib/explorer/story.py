"""What an explorer shows: models at several moments, their flat maps, the photographs behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacr_lib.explorer.scenes import Album
from lacr_lib.explorer.strip import Strip
from lacr_lib.latent.embed import latent_map, map_quality, procrustes
from lacr_lib.latent.encode import Latents, thin
from lacr_lib.latent.film import Still, aligned_maps
from lacr_lib.latent.neighbours import in_common, nearest, place

Points = NDArray[np.float32]


class Drawing(NamedTuple):
    """A flat map of one still: fitted (N, 2) low and clear regions, moved (M, 2) enhanced ones.

    kept_fitted (N,), kept_moved (M,): share of the 15 nearest latents among the 15 nearest there.
    """

    fitted: Points
    moved: Points
    trustworthiness: float
    continuity: float
    kept_fitted: NDArray[np.float64]
    kept_moved: NDArray[np.float64]


class Method(NamedTuple):
    """One way to draw; `drawings` by the number of the still. placed: how enhanced regions were."""

    name: str
    placed: str
    drawings: dict[int, Drawing]


@dataclass(frozen=True)
class Story:
    """Everything that the page is made of. The last still is the model that is shown first.

    stills: with a film in the order of its chain; album, twin: photographs of the models with and
    without LACR; strip: photographs decoded along the light axis, or None.
    """

    dataset: str
    stills: tuple[Still, ...]
    methods: tuple[Method, ...]
    album: Album
    twin: Album | None = None
    strip: Strip | None = None

    @property
    def ends(self) -> tuple[int, int | None]:
        """Numbers of the finished model with LACR and of the one without (None: there is none)."""
        alone = self.stills[0].side != "without"
        return len(self.stills) - 1, None if alone else 0

    def without_film(self) -> Story:
        """Only the finished models are left."""
        kept = [i for i in dict.fromkeys((self.ends[1], self.ends[0])) if i is not None]
        methods = tuple(
            m._replace(drawings={kept.index(i): d for i, d in m.drawings.items() if i in kept})
            for m in self.methods
        )
        return replace(self, stills=tuple(self.stills[i] for i in kept), methods=methods)

    def thinned(self, regions: int) -> Story:
        """At most so many regions of each photograph are left."""
        table = self.stills[0].table
        kept = np.isin(_keys(table), _keys(thin(table, regions)))
        fitted, moved = (np.isin(table.kind, kinds) for kinds in (["low", "clear"], ["enhanced"]))
        stills = tuple(s._replace(table=s.table.select(kept)) for s in self.stills)
        methods = []
        for name, placed, drawings in self.methods:
            few = {i: _select(d, kept[fitted], kept[moved]) for i, d in drawings.items()}
            methods.append(Method(name, placed, few))
        return replace(self, stills=stills, methods=tuple(methods))


def draw_methods(
    stills: Sequence[Still], seed: int = 0, on_map: Callable[[str], object] | None = None
) -> tuple[Method, ...]:
    """UMAP of all stills, PCA and t-SNE of the finished models; clear regions laid over each other.

    `on_map` is called with the name of each method that is done.
    """
    tables = [(s.table.of("low", "clear"), s.table.of("enhanced")) for s in stills]
    near = [
        (nearest(None, fitted.mu), nearest(moved.mu, fitted.mu))
        if len(moved) else (nearest(None, fitted.mu), np.zeros((0, 1), np.int64))
        for fitted, moved in tables
    ]  # fmt: skip
    numbers = {0, len(stills) - 1} if stills[0].side == "without" else {len(stills) - 1}
    methods = []
    for name in ("UMAP", "PCA", "t-SNE"):
        if name == "UMAP" and len(stills) > 1:
            flat = _umaps(stills, seed)
        else:
            flat = _maps_of_ends(name, {i: tables[i] for i in numbers}, seed)
        drawings = {i: _drawing(tables[i][0].mu, *flat[i], *near[i]) for i in flat}
        placed = "placed by its directions" if name == "PCA" else "placed among their neighbours"
        methods.append(Method(name, f"{placed}, not fitted", drawings))
        if on_map is not None:
            on_map(name)
    return tuple(methods)


def _umaps(stills: Sequence[Still], seed: int) -> dict[int, tuple[Points, Points]]:
    """The finished models tied to each other; the film, a chain of its own, laid onto them.

    In one long chain the two finished models would lie at opposite ends, and nothing would hold
    their clear regions together.
    """
    ends = aligned_maps([stills[0], stills[-1]], seed)
    pairs = list(zip(ends.fitted, ends.moved, strict=True))
    if len(stills) > 2:
        film = aligned_maps(stills[1:-1], seed, onto=ends.fitted[-1])
        pairs[1:1] = zip(film.fitted, film.moved, strict=True)
    return dict(enumerate(pairs))


def _maps_of_ends(
    name: str, tables: dict[int, tuple[Latents, Latents]], seed: int
) -> dict[int, tuple[Points, Points]]:
    """A map of each finished model, turned so that clear regions lie as in the last one."""
    flat = {}
    for i, (fitted, moved) in tables.items():
        if name == "PCA":
            one = latent_map(name, fitted.mu, moved.mu, seed)
            flat[i] = np.concatenate([one.fitted, one.moved])
        else:
            one = latent_map(name, fitted.mu, None, seed)
            flat[i] = np.concatenate([one.fitted, place(moved.mu, fitted.mu, one.fitted)])
    last = max(tables)
    n = len(tables[last][0])
    clear = np.zeros(len(flat[last]), bool)
    clear[:n] = tables[last][0].kind == "clear"
    turned = {i: procrustes(xy, flat[last], clear) for i, xy in flat.items()}
    return {i: (xy[:n], xy[n:]) for i, xy in turned.items()}


def _drawing(
    latents: Points,
    flat: Points,
    moved: Points,
    near: NDArray[np.int64],
    near_moved: NDArray[np.int64],
    quality: tuple[float, float] | None = None,
) -> Drawing:
    kept = in_common(near, nearest(None, flat, near.shape[1]))
    kept_moved = np.zeros(0)
    if len(moved):
        kept_moved = in_common(near_moved, nearest(moved, flat, near_moved.shape[1]))
    trust = map_quality(latents, flat) if quality is None else quality
    return Drawing(flat, moved, *trust, kept, kept_moved)


def _select(drawing: Drawing, fitted: NDArray[np.bool_], moved: NDArray[np.bool_]) -> Drawing:
    """Some of the points; how far the map is to be trusted was measured on all of them."""
    return drawing._replace(
        fitted=drawing.fitted[fitted],
        moved=drawing.moved[moved],
        kept_fitted=drawing.kept_fitted[fitted],
        kept_moved=drawing.kept_moved[moved],
    )


def _keys(table: Latents) -> NDArray[np.int64]:
    """A number for each row that no other row has: its photograph and its place there."""
    place_ = table.row.astype(np.int64) << 16 | table.col
    return table.photograph.astype(np.int64) << 32 | place_
