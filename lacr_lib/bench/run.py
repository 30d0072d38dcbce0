"""All parts of the benchmark, by name, each measured on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lacr_lib.bench import gpu, image, large, maps, quality, start, step
from lacr_lib.bench.row import Row
from lacr_lib.data.layouts import PhotoSet
from lacr_lib.errors import LacrError


def parts(photos: Callable[[], PhotoSet]) -> dict[str, Callable[[], list[Row]]]:
    """What is measured together -> how; a part gives one row or several."""
    return {
        "start": start.measure,
        "image": image.measure,
        "large": large.measure,
        "step": step.measure,
        "quality": lambda: quality.measure(photos()),
        "umap": lambda: maps.measure(photos()),
        "gpu": gpu.measure,
    }


def run_bench(photos: Callable[[], PhotoSet], only: Iterable[str] = ()) -> Iterator[list[Row]]:
    """The rows of each part, as soon as they are there. LacrError for an unknown part.

    photos: opens the set whose photographs `quality` and `umap` take.
    """
    known = parts(photos)
    chosen = list(only) or list(known)
    for name in chosen:
        if name not in known:
            raise LacrError(f"no part {name!r} of the benchmark; there are {', '.join(known)}")
    for name in chosen:
        yield known[name]()
