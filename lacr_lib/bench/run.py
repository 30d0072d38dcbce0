"""All parts of the benchmark, by name, each measured on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lacr_lib.bench import gpu, image, large, maps, start, step
from lacr_lib.bench.row import Row
from lacr_lib.errors import LacrError


def parts(data: str) -> dict[str, Callable[[], list[Row]]]:
    """What is measured together -> how; a part gives one row or several."""
    return {
        "start": start.measure,
        "image": image.measure,
        "large": large.measure,
        "step": step.measure,
        "umap": lambda: maps.measure(data),
        "gpu": gpu.measure,
    }


def run_bench(data: str, only: Iterable[str] = ()) -> Iterator[list[Row]]:
    """The rows of each part, as soon as they are there. LacrError for an unknown part."""
    known = parts(data)
    chosen = list(only) or list(known)
    for name in chosen:
        if name not in known:
            raise LacrError(f"no part {name!r} of the benchmark; there are {', '.join(known)}")
    for name in chosen:
        yield known[name]()
