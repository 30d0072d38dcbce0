"""Training as a film: the same regions seen by several models, laid over each other.

The chain runs from the last snapshot without LACR backwards to the untrained start, which both runs
share, and forwards through the snapshots with LACR. Neighbours in the chain are
alike, so each map can be tied to the next.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.inference.load import load_model, read_metadata
from lacr_lib.latent.embed import procrustes
from lacr_lib.latent.encode import Latents, Photograph, encode_photoset
from lacr_lib.latent.neighbours import place
from lacr_lib.latent.pairs import fraction_of_way
from lacr_lib.latent.statistics import estimate, median_of
from lacr_lib.latent.umap_fit import hush_umap
from lacr_lib.models.vae import LacrVae

if TYPE_CHECKING:
    from lacr_lib.data.photoset import PhotoSet

FILM_SETTINGS: dict[str, Any] = {"n_neighbors": 15, "min_dist": 0.1, "n_epochs": 60}
TIE = 0.1  # alignment_regularisation: at umap-learn's 0.01 clear points wander by 1.5 % of the map
WITHOUT = ("without", "no-lacr")  # in the path of a snapshot of the run without LACR
CHECKPOINT = "checkpoint[-.]*"  # a folder of a run, whose weights go with an optimizer's state

Points = NDArray[np.float32]


class Snapshot(NamedTuple):
    """A model at one moment of a run: side "with" or "without" LACR, or the "start" of both.

    step: of the training; None for a finished model of its own, such as a released one.
    """

    side: str
    step: int | None
    model: LacrVae


class Still(NamedTuple):
    """What one snapshot makes of all regions; the rows of `table` are the same in every still."""

    side: str
    step: int | None
    table: Latents


class AlignedMaps(NamedTuple):
    """One map a still: fitted (T, N, 2) of low and clear regions, moved (T, M, 2) of enhanced."""

    fitted: NDArray[np.float32]
    moved: NDArray[np.float32]


def read_chain(folder: str | Path) -> list[Snapshot]:
    """The snapshots of two runs, in the order of the chain, the untrained start in the middle.

    Every .safetensors file below the folder is one, but for those in the checkpoints of a run; the
    run without LACR has "without" or "no-lacr" in the path. Step and seed are read from the files;
    the start is made anew from the seed.
    Errors: no such folder, no snapshot, a file without a step, a run that began from other weights
    (--init), more than two runs, runs with different steps.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise LacrError(f"no such folder of snapshots: {folder}")
    runs: dict[str, dict[int, Path]] = {"with": {}, "without": {}}
    for path in sorted(folder.rglob("*.safetensors")):
        inside = path.relative_to(folder).as_posix().lower()
        if any(fnmatch(part, CHECKPOINT) for part in inside.split("/")[:-1]):
            continue
        side = "without" if any(word in inside for word in WITHOUT) else "with"
        for other in runs[side].values():
            if other.parent != path.parent:
                raise LacrError(
                    f"{folder} holds several runs {side} LACR, {other.parent} and {path.parent}: "
                    "give a folder with two runs"
                )
        runs[side][_step(path)] = path
    steps = sorted(runs["with"])
    if not steps or steps != sorted(runs["without"]):
        told = " and ".join(f"{side} LACR at {sorted(runs[side]) or 'none'}" for side in runs)
        raise LacrError(
            f"{folder} needs snapshots of two runs at the same steps; it holds them {told}"
        )
    without = [Snapshot("without", s, load_model(runs["without"][s])) for s in reversed(steps)]
    start = Snapshot("start", 0, untrained(runs["with"][steps[0]]))
    return [*without, start, *(Snapshot("with", s, load_model(runs["with"][s])) for s in steps)]


def untrained(path: Path) -> LacrVae:
    """The model from which the run of a snapshot started, made again from its seed."""
    config, seed = load_model(path).config, read_metadata(path)["about"].get("seed", 0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LacrVae(config).eval()


def shoot(
    chain: Sequence[Snapshot],
    photoset: PhotoSet,
    regions: int | None = None,
    on_photo: Callable[[Photograph], object] | None = None,
) -> list[Still]:
    """Encodes the same regions of a set by every model of a chain; see `encode_photoset`."""
    stills = []
    for side, step, model in chain:
        table = encode_photoset(model, photoset, regions, on_photo=on_photo)
        stills.append(Still(side, step, table))
    return stills


def aligned_maps(stills: Sequence[Still], seed: int = 0, onto: Points | None = None) -> AlignedMaps:
    """A UMAP of each still, laid over each other, so that the clear regions lie (almost) still.

    AlignedUMAP ties each low and each clear region to itself in the next still; then every map is
    turned, scaled and shifted so that its clear regions fit best those of a map `onto` (N, 2) of
    the same low and clear regions, or of the last still. Enhanced regions take no part; they are
    placed afterwards (`neighbours.place`).
    Errors: fewer than two stills.
    Source: AlignedUMAP of umap-learn; Procrustes alignment, Schoenemann 1966.
    """
    if len(stills) < 2:
        raise LacrError(f"a film needs at least two stills, {len(stills)} given")
    fitted = [still.table.of("low", "clear") for still in stills]
    moved = [still.table.of("enhanced") for still in stills]
    clear = fitted[0].kind == "clear"
    flat = _aligned_umap([table.mu for table in fitted], seed)
    target = flat[-1] if onto is None else onto
    flat = [procrustes(each, target, clear) for each in flat]
    placed = [place(m.mu, f.mu, xy) for m, f, xy in zip(moved, fitted, flat, strict=True)]
    return AlignedMaps(np.stack(flat), np.stack(placed))


def _aligned_umap(latents: Sequence[Points], seed: int) -> list[Points]:
    with warnings.catch_warnings():
        hush_umap()
        from umap import AlignedUMAP  # slow at first: it compiles itself

        same = {i: i for i in range(len(latents[0]))}
        neighbours = min(FILM_SETTINGS["n_neighbors"], len(latents[0]) - 1)
        settings = {**FILM_SETTINGS, "n_neighbors": neighbours, "alignment_regularisation": TIE}
        film = AlignedUMAP(random_state=seed, **settings)
        film.fit(list(latents), relations=[same] * (len(latents) - 1))
    return [np.asarray(flat, np.float32) for flat in film.embeddings_]


def partners(table: Latents) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the low region that each enhanced one came from, and of its clear one: (M,) twice.

    The same place in the same scene; -1 where the table has no such row.
    """
    names = table.names[table.photograph].tolist()
    places = zip(names, table.row.tolist(), table.col.tolist(), strict=True)
    row_of = {key: i for i, key in enumerate(places)}
    low, clear = [], []
    for i in np.flatnonzero(table.kind == "enhanced"):
        place_ = (int(table.row[i]), int(table.col[i]))
        low.append(row_of.get((names[i].removesuffix(" enhanced"), *place_), -1))
        clear.append(row_of.get((f"{table.scene[i]}/clear", *place_), -1))
    return np.array(low, np.int64), np.array(clear, np.int64)


def region_pull(table: Latents, shuffle: bool = False, seed: int = 0) -> NDArray[np.float64]:
    """How far each enhanced region went from low to clear, (M,): 0 stayed, 1 arrived, or NaN.

    shuffle: the control, measured towards a clear region of another scene, drawn at random.
    """
    low, clear = partners(table)
    if shuffle:
        clear = _other_scene(table, clear, seed)
    ends = (table.mu[low], table.of("enhanced").mu, table.mu[clear])
    with np.errstate(invalid="ignore", divide="ignore"):
        way = fraction_of_way(*(torch.from_numpy(end.astype(np.float64)) for end in ends))
    return np.where((low < 0) | (clear < 0), np.nan, way.numpy())


def pull_of(table: Latents, shuffle: bool = False, seed: int = 0) -> Interval:
    """Median of `region_pull` with its 95 % interval over scenes. Errors: fewer than two scenes."""
    values, scene = region_pull(table, shuffle, seed), table.of("enhanced").scene
    known = np.isfinite(values)
    if not known.any():
        raise LacrError("no enhanced region has both its low and its clear one: nothing to measure")
    names, index = np.unique(scene[known], return_inverse=True)
    return estimate(median_of(values[known], index, len(names)), len(names), seed)


def _other_scene(table: Latents, clear: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A random clear row of another scene for each enhanced region; -1 where there is only one."""
    rng = np.random.default_rng(seed)
    scene = table.of("enhanced").scene
    drawn = np.full_like(clear, -1)
    for name in np.unique(scene):
        others = np.flatnonzero((table.kind == "clear") & (table.scene != name))
        here = scene == name
        if len(others):
            drawn[here] = rng.choice(others, here.sum())
    return drawn


def _step(path: Path) -> int:
    about = read_metadata(path)["about"]
    if "init" in about:
        raise LacrError(
            f"{path}: its run began from other weights (--init), which are not here; take "
            "snapshots of a run without --init"
        )
    step = about.get("step", about.get("steps"))
    if not isinstance(step, int):
        raise LacrError(f"{path}: tells no training step; take snapshots of `lacr train`")
    return step
