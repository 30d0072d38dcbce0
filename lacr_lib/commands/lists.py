"""What is there: released weights, ladders from public photographs, the notebooks."""

from __future__ import annotations

import json
import shlex
from argparse import Namespace
from dataclasses import asdict

from lacr_lib.commands.common import say
from lacr_lib.inference.released import released_weights


def run_weights(options: Namespace) -> int:
    """A released weight a line, its name first; with --json a list of objects."""
    released = released_weights()
    if options.json:
        print(json.dumps([asdict(weights) for weights in released], indent=1))
    for weights in [] if options.json else released:
        print(weights.line())
    if not released:
        say("no released weights in this installation; train your own with `lacr train`")
    return 0


def run_prepare(options: Namespace) -> int:
    """Builds exposure ladders from the photographs published with Zero-DCE++. Raises LacrError."""
    from lacr_lib.data.prepare import prepare_sice

    photoset = prepare_sice(options.source, options.out)
    print(f"{options.out}: {photoset.describe()}")
    return 0


def run_notebooks(options: Namespace) -> int:
    """Copies the course into a new or empty folder. Raises LacrError for any other."""
    from lacr_lib.teaching.handout import copy_course

    copied = copy_course(options.out)
    print(f"{len(copied)} notebooks and their solutions in {options.out}; to open them:")
    print(f"    python -m jupyterlab --notebook-dir={shlex.quote(str(options.out))}")
    return 0
