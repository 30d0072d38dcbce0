"""Builds, checks, syncs and runs the notebooks: `python -m lacr_lib.teaching.notebooks --help`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lacr_lib.errors import LacrError
from lacr_lib.stops import exit_code, sigterm_interrupts
from lacr_lib.teaching.profiles import PROFILES
from lacr_lib.teaching.sources import NOTEBOOKS, Numbered, find_notebooks


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code: 0 done, 1 a notebook failed, 2 nothing started."""
    options = _parser().parse_args(arguments)
    try:
        if getattr(options, "profile", None):
            os.environ["LACR_PROFILE"] = options.profile
        chosen = find_notebooks(options.notebooks.resolve(), options.names)
    except LacrError as error:
        print(f"notebooks: {error}", file=sys.stderr)
        return 2
    try:
        with sigterm_interrupts():
            return int(options.command(chosen, options))
    except KeyboardInterrupt as stop:
        print("\nnotebooks: stopped", file=sys.stderr)
        return exit_code(stop)


def build_all(chosen: list[Numbered], options: argparse.Namespace) -> int:
    """Executes the sources and writes the notebooks that learners open."""
    from lacr_lib.teaching.build import build

    failed = False
    for notebook in chosen:
        print(f"{notebook.name} ...", end=" ", flush=True)
        started = time.perf_counter()
        try:
            notes = build(notebook, options.out)
        except (LacrError, OSError) as error:
            print("failed", flush=True)
            print(f"notebooks: {error}", file=sys.stderr)
            failed = True
            continue
        print(f"built in {time.perf_counter() - started:.0f} s")
        for note in notes:
            print(f"    dropped from stderr: {note}")
    return int(failed)


def check_all(chosen: list[Numbered], options: argparse.Namespace) -> int:
    """Says which rules the committed notebooks break."""
    from lacr_lib.teaching.rules import problems

    found = {notebook.name: problems(notebook) for notebook in chosen}
    for name, lines in found.items():
        print(f"{name}: {'ok' if not lines else ''}")
        for line in lines:
            print(f"    {line}")
    return int(any(found.values()))


def sync_all(chosen: list[Numbered], options: argparse.Namespace) -> int:
    """Brings edits made in JupyterLab back to the sources."""
    from lacr_lib.teaching.sync import sync

    failed = False
    for notebook in chosen:
        try:
            print(f"{notebook.name}: {sync(notebook)}")
        except LacrError as error:
            print(f"notebooks: {error}", file=sys.stderr)
            failed = True
    return int(failed)


def run_all(chosen: list[Numbered], options: argparse.Namespace) -> int:
    """Executes every notebook into a folder of its own, with a start page."""
    from lacr_lib.teaching.run import run

    return run(chosen, options.out or NOTEBOOKS.parent / "build")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lacr_lib.teaching.notebooks")
    commands = parser.add_subparsers(required=True, metavar="build|check|sync|run")
    for name, command in (
        ("build", build_all), ("check", check_all), ("sync", sync_all), ("run", run_all)
    ):  # fmt: skip
        sub = commands.add_parser(name, help=command.__doc__)
        sub.set_defaults(command=command)
        sub.add_argument("names", nargs="*", help="numbers or names, such as 03; all without")
        sub.add_argument(
            "--notebooks", type=Path, default=NOTEBOOKS, help="folder of src/ (this clone's)"
        )
        if name in ("build", "run"):
            sub.add_argument("--out", type=Path, help="folder to write to")
            sub.add_argument("--profile", choices=PROFILES, help="default: LACR_PROFILE, else demo")
    return parser


if __name__ == "__main__":
    sys.exit(main())
