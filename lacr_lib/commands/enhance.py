"""`lacr enhance`: files and folders of photographs to OUT_DIR/STEM.png."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lacr_lib.commands.common import bar, load_on, one_line, say
from lacr_lib.errors import LacrError

if TYPE_CHECKING:
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
            say(f"lacr: {line}")
        raise LacrError(plan.refused[0])
    model = load_on(options.weights, options.device)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LacrError(f"cannot make the folder {out} ({one_line(error)})") from None
    for line in plan.refused:
        say(f"lacr: {line}")
    failures = len(plan.refused) + _enhance_all(model, plan.jobs)
    print(f"{len(plan.jobs) + len(plan.refused) - failures} photographs enhanced into {out}")
    return 1 if failures else 0


def make_plan(inputs: Iterable[Path], out: Path) -> Plan:
    """Where each photograph goes, before anything is written.

    Folders give the photographs directly in them, in the order of their names. A photograph given
    twice is done once. Refused: missing paths, empty folders, a target that is itself an input, and
    a target that another photograph already has (a/x.jpg, b/x.jpg and a/X.png are all x.png; file
    systems that ignore case would mix the last two).
    """
    sources: dict[Path, Path] = {}  # real path -> path as given
    refused = []
    for given in inputs:
        found = _photographs(given)
        if not found:
            refused.append(_why_none(given))
        for path in found:
            sources.setdefault(path.resolve(), path)
    originals = {str(path).casefold() for path in sources}
    jobs: dict[str, Job] = {}
    for source in sources.values():
        target = out / f"{source.stem}.png"
        key = target.name.casefold()
        if str(target.resolve()).casefold() in originals:
            refused.append(f"{source}: {target} is an input and is not overwritten; change -o")
        elif key in jobs:
            refused.append(f"{source}: {jobs[key].source} already becomes {target}; change -o")
        else:
            jobs[key] = Job(source, target)
    return Plan(list(jobs.values()), refused)


def _photographs(given: Path) -> list[Path]:
    from lacr_lib.data.images import is_image

    if given.is_dir():
        return sorted(path for path in given.iterdir() if is_image(path) and path.is_file())
    return [given] if given.exists() else []


def _why_none(given: Path) -> str:
    if given.is_dir():
        return f"no image found in {given} (subfolders are not searched); name one that has"
    return f"no such file or folder: {given}; check the path"


def _enhance_all(model: LacrVae, jobs: list[Job]) -> int:
    """Does the jobs, one after the other; returns how many failed."""
    failures = 0
    with bar(len(jobs), "enhance", "photo") as progress:
        for job in jobs:
            try:
                _enhance_one(model, job)
            except Exception as error:  # whatever is wrong with one file, the others get their turn
                failures += 1
                text = one_line(error)
                told = text if str(job.source) in text else f"{job.source}: {text}"
                progress.write(f"lacr: {told}", file=sys.stderr)
            progress.update()
    return failures


def _enhance_one(model: LacrVae, job: Job) -> None:
    from lacr_lib.inference.enhance import enhance
    from lacr_lib.inference.files import write_whole

    picture = enhance(model, job.source)
    write_whole(job.target, lambda file: picture.save(file, format="PNG"))
