"""The command line `lacr`: exit codes and one-line errors; the arguments are in commands/parser.py.

Nothing heavy is imported here: each command imports what it needs when it runs, so that `--help`
and a mistyped option answer at once.
Exit codes: 0 all done; 1 at least one file failed; 2 nothing started; 130 stopped by Ctrl-C, 143 by
SIGTERM.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings

from lacr_lib.commands.common import Failed, one_line, say
from lacr_lib.commands.parser import make_parser
from lacr_lib.errors import LacrError
from lacr_lib.stops import exit_code, sigterm_interrupts

DEBUG = "LACR_DEBUG"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Every error is one line on stderr."""
    try:
        with sigterm_interrupts():
            code = _run(make_parser().parse_args(arguments))
            sys.stdout.flush()
        return code
    except SystemExit as leaving:  # argparse: --help, or a bad argument
        return int(leaving.code or 0)
    except KeyboardInterrupt as stop:
        say(f"lacr: stopped, {stop}: go on with --resume" if str(stop) else "lacr: stopped")
        return exit_code(stop)
    except BrokenPipeError:  # `lacr weights | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return _told(error)


def _run(options: argparse.Namespace) -> int:
    module, _, function = options.run.partition(":")
    with warnings.catch_warnings():
        if not os.environ.get(DEBUG):
            warnings.simplefilter("ignore")  # a library's warning is no message to our user
        code: int = getattr(importlib.import_module(module), function)(options)
    return code


def _told(error: Exception) -> int:
    if isinstance(error, (LacrError, Failed)):
        say(f"lacr: {one_line(error)}")
        return 1 if isinstance(error, Failed) else 2
    if isinstance(error, OSError):
        say(f"lacr: {one_line(error)}; check the path and its permissions")
        return 2
    say(f"lacr: unexpected {type(error).__name__}: {one_line(error)}; {DEBUG}=1 shows where")
    return 1


if __name__ == "__main__":
    sys.exit(main())
