"""What the commands of `lacr` share: a parser whose errors are one line, and common options."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import NoReturn

from lacr_lib.commands.common import one_line


class OneLineParser(argparse.ArgumentParser):
    """argparse, but an error is one line and a hint, without the usage block."""

    def error(self, message: str) -> NoReturn:
        """Says so and exits with code 2."""
        self.exit(2, f"lacr: {one_line(ValueError(message))}; see `{self.prog} --help`\n")


def data_option(parser: OneLineParser) -> None:
    """--data: a folder of photographs, or the embedded ones."""
    parser.add_argument(
        "--data", default=os.environ.get("LACR_DATA") or "embedded", metavar="DIR|embedded",
        help="default: $LACR_DATA where it is set, else the embedded photographs",
    )  # fmt: skip


def weights_option(parser: argparse._ActionsContainer) -> None:
    """--weights: a released name or a file."""
    parser.add_argument(
        "--weights", default="lacr-vae", metavar="NAME|FILE", help="default: %(default)s"
    )


def against_option(parser: argparse._ActionsContainer) -> None:
    """--against: the model that is compared with."""
    parser.add_argument(
        "--against", default="lacr-vae-no-lacr", metavar="NAME|FILE",
        help="the twin without LACR; default: %(default)s",
    )  # fmt: skip


def device_option(parser: OneLineParser) -> None:
    """--device: where to compute."""
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")


def json_option(parser: OneLineParser) -> None:
    """--json: where the record goes."""
    parser.add_argument("--json", type=path, metavar="FILE", help="write the record there")


def path(text: str) -> Path:
    """A path as an option gives it; ~ is the home folder, in --json=~/x.json as well."""
    return Path(text).expanduser()


def positive(text: str) -> int:
    """A whole number from 1, as an option gives it."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1, not {text!r}")
    return int(text)
