"""`lacr enhance`: files and folders of photographs to OUT_DIR/STEM.png."""

from __future__ import annotations

import os
import stat
from argparse import Namespace
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lacr_lib.commands.common import bar, load_on, one_line, say, tell_beside
from lacr_lib.errors import LacrError

if TYPE_CHECKING:
    from tqdm import tqdm

    from lacr_lib.models.vae import LacrVae


class Job(NamedTuple):
    """One photograph and the PNG file that it becomes."""

    source: Path
    target: Path


class Plan(NamedTuple):
    """What will be done, and a line for each input that cannot be."""

    jobs: list[Job]
    refused: list[str]


def run(options: Namespace) -> int:
    """Exit code 0: all enhanced; 1: some were not, each told in one line. Raises LacrError."""
    out = Path(options.out).expanduser()
    plan = make_plan([Path(name).expanduser() for name in options.inputs], out)
    if not plan.jobs:
        for line in plan.refused[1:]:
            say(f"lacr: {one_line(line)}")
        raise LacrError(plan.refused[0])
    if not options.memory >= 1:
        raise LacrError(f"--memory is at least 1 GB, not {options.memory}")
    model = load_on(options.weights, options.device)
    way = {"fast": options.fast, "memory": options.memory}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LacrError(f"cannot make the folder {out} ({one_line(error)})") from None
    for line in plan.refused:
        say(f"lacr: {one_line(line)}")
    failures = _enhance_all(model, plan.jobs, way)
    print(f"{len(plan.jobs) - failures} photographs enhanced into {one_line(out)}")
    return 1 if failures or plan.refused else 0


def make_plan(inputs: Iterable[Path], out: Path) -> Plan:
    """Where each photograph goes, before anything is written.

    Folders give the photographs directly in them, in the order of their names. A photograph given
    twice is done once. Refused: missing paths, empty folders, what is named like a photograph and
    is no file, a target that is a folder or itself an input, and a target that another photograph
    already has (a/x.jpg, b/x.jpg and a/X.png are all x.png; file systems that ignore case would mix
    the last two).
    """
    sources: dict[str, Path] = {}  # real path -> path as given
    refused = []
    for given in inputs:
        found, reasons = _photographs(given)
        refused += reasons
        for path in found:
            sources.setdefault(os.path.realpath(path), path)
    originals = {path.casefold() for path in sources}
    jobs: dict[str, Job] = {}
    for source in sources.values():
        target = out / f"{source.stem}.png"
        key = target.name.casefold()
        if os.path.realpath(target).casefold() in originals:
            refused.append(f"{source}: {target} is an input and is not overwritten; change -o")
        elif key in jobs:
            refused.append(f"{source}: {jobs[key].source} already becomes {target}; change -o")
        elif target.is_dir():
            refused.append(f"{source}: {target} is a folder; change -o")
        else:
            jobs[key] = Job(source, target)
    return Plan(list(jobs.values()), refused)


def _photographs(given: Path) -> tuple[list[Path], list[str]]:
    """The photographs that a path gives, and a line for each that it names but cannot give."""
    from lacr_lib.data.images import is_image

    try:
        if not given.is_dir():
            named = [given]
        else:
            named = sorted(path for path in given.iterdir() if is_image(path))
            if not named:
                none = f"no image found in {given} (subfolders are not searched); name one that has"
                return [], [none]
    except OSError as error:
        return [], [f"cannot look into {given} ({error.strerror})"]
    reasons = {path: _why_not(path) for path in named}
    return [path for path in named if not reasons[path]], [
        line for line in reasons.values() if line
    ]


def _why_not(path: Path) -> str:
    """Why a path is no file that could be read; "" where it is one."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            return f"{path} is a link that leads nowhere; mend or remove it"
        missing = isinstance(error, FileNotFoundError)
        return f"no such file or folder: {path}; {'check the path' if missing else error.strerror}"
    if stat.S_ISDIR(mode):
        return f"{path} is a folder, not an image; name a file in it"
    return "" if stat.S_ISREG(mode) else f"{path} is no regular file; name a photograph"


def _enhance_all(model: LacrVae, jobs: list[Job], way: dict[str, Any]) -> int:
    """Does the jobs, one after the other; returns how many failed."""
    failures = 0
    with bar(len(jobs), "enhance", "photo") as progress:
        for job in jobs:
            try:
                _enhance_one(model, job, way)
            except Exception as error:  # whatever is wrong with one file, the others get their turn
                failures += 1
                text = str(error) or type(error).__name__
                told = text if str(job.source) in text else f"{job.source}: {text}"
                tell_beside(progress, told)
            progress.update()
    return failures


def _enhance_one(model: LacrVae, job: Job, way: dict[str, Any]) -> None:
    """One photograph; one over a megapixel gets a bar of its own, in per cent."""
    from lacr_lib.inference.enhance import enhance
    from lacr_lib.inference.files import write_whole

    with ExitStack() as stack:
        bars: list[tqdm[Any]] = []

        def show(share: float) -> None:
            if not bars:
                bars.append(stack.enter_context(bar(100, job.source.name, "%", leave=False)))
            bars[0].update(round(100 * share) - bars[0].n)

        picture = enhance(model, job.source, on_part=show, **way)
    write_whole(job.target, lambda file: picture.save(file, format="PNG"))
