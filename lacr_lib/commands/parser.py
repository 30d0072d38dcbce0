"""The arguments of every command of `lacr`, and nothing else.

Only argparse is imported here, so that `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import argparse

from lacr_lib import __version__
from lacr_lib.commands.options import (
    OneLineParser,
    against_option,
    data_option,
    device_option,
    json_option,
    path,
    positive,
    weights_option,
)

EXIT_CODES = (
    "exit codes: 0 all done; 1 something failed; 2 nothing was started; 130 stopped by Ctrl-C, "
    "143 by SIGTERM"
)


def make_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = OneLineParser(
        prog="lacr",
        description="LACR-VAE: enhance low-light photographs; train, measure and look inside.",
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lacr {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (
        _enhance, _evaluate, _train, _sweep, _latents, _pull, _explore, _weights, _fetch, _prepare,
        _notebooks, _export, _bench,
    ):  # fmt: skip
        add(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[OneLineParser], name: str, run: str, help_text: str
) -> OneLineParser:
    parser = commands.add_parser(
        name, help=help_text, description=help_text, epilog=EXIT_CODES, allow_abbrev=False
    )
    parser.set_defaults(run=f"lacr_lib.commands.{run}")
    return parser


def _enhance(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "enhance", "enhance:run",
        "Enhance photographs: files, or all directly in a folder, to OUT_DIR/STEM.png. No input is "
        "overwritten, and of two inputs with one stem the second is refused.",
    )  # fmt: skip
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="a photograph or a folder")
    parser.add_argument("-o", "--out", required=True, metavar="OUT_DIR", help="made if missing")
    parser.add_argument("--fast", action="store_true", help="light of a half-size copy; quicker")
    parser.add_argument(
        "--memory", type=float, default=2.0, metavar="GB",
        help="for the work on a large photograph; changes no pixel; default: %(default)s",
    )  # fmt: skip
    weights_option(parser)
    device_option(parser)


def _evaluate(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "evaluate", "evaluate:run",
        "Score a model or a classical method; in a set with a split, on held-out scenes only.",
    )  # fmt: skip
    data_option(parser)
    chosen = parser.add_mutually_exclusive_group()
    weights_option(chosen)
    chosen.add_argument("--method", metavar="NAME", help="a classical method, e.g. clahe")
    parser.add_argument(
        "--register",
        action="store_true",
        help="move each clear reference onto its photograph first, by fractions of a pixel: for "
        "frames taken one after the other",
    )
    device_option(parser)
    json_option(parser)


def _train(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "train", "train:run",
        "Train on the training scenes of a set; averaged weights go to RUN_DIR/model.safetensors.",
    )  # fmt: skip
    data_option(parser)
    parser.add_argument("--out", required=True, metavar="RUN_DIR", help="made if missing")
    parser.add_argument(
        "--init", metavar="NAME|FILE", help="go on from weights that exist; default: random ones"
    )
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument("--seed", type=int, metavar="S")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="key=value",
        help="any field of lacr_lib.TrainConfig or lacr_lib.ModelConfig",
    )  # fmt: skip
    parser.add_argument("--checkpoint-every", type=int, metavar="N", help="steps")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")


def _sweep(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "sweep", "sweep:run",
        "Train and measure a grid of settings and seeds: a record a run in DIR/records.jsonl. "
        "Stopped, it goes on where it was; several of them with one DIR share the work.",
    )  # fmt: skip
    parser.add_argument("--grid", type=path, required=True, metavar="FILE.toml")
    data_option(parser)
    parser.add_argument("--out", type=path, required=True, metavar="DIR", help="made if missing")
    parser.add_argument("--list", action="store_true", help="name the runs and do nothing")
    parser.add_argument(
        "--known", type=path, metavar="FILE.jsonl", help="records made elsewhere; not run again"
    )


def _latents(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "latents", "latent:run_latents",
        "Write the latents of all low, enhanced and clear photographs to an .npz file.",
    )  # fmt: skip
    data_option(parser)
    weights_option(parser)
    parser.add_argument("-o", "--out", type=path, required=True, metavar="FILE.npz")
    parser.add_argument("--regions", type=positive, metavar="N", help="of each photo; default all")
    device_option(parser)


def _pull(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "pull", "latent:run_pull",
        "Measure how far enhanced latents are pulled to clear ones, for two models.",
    )  # fmt: skip
    data_option(parser)
    weights_option(parser)
    against_option(parser)
    parser.add_argument(
        "--judge", metavar="NAME|FILE",
        help="whose encoder measures both for the shared ratio; default: that of --against",
    )  # fmt: skip
    device_option(parser)
    json_option(parser)


def _explore(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "explore", "explore:run",
        "Write the latent space as one HTML page that needs no network: maps to hover and tap, the "
        "photographs of each scene, the pull of two models, and how far each map can be trusted. "
        "Of a set with a split, held-out scenes only.",
    )  # fmt: skip
    data_option(parser)
    parser.add_argument("-o", "--out", type=path, required=True, metavar="FILE.html")
    weights_option(parser)
    against_option(parser)
    parser.add_argument(
        "--film", type=path, metavar="DIR",
        help="snapshots (.safetensors) of two training runs, with and without LACR, at the same "
        "steps; those of the second lie under a path with 'without' or 'no-lacr' in it",
    )  # fmt: skip
    parser.add_argument(
        "--regions", type=positive, default=24, metavar="N",
        help="points of each photograph; default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--max-mb", type=positive, default=15, metavar="MB",
        help="a larger page loses picture quality, then the film, then points, and says so; "
        "default: %(default)s",
    )  # fmt: skip
    device_option(parser)


def _weights(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(commands, "weights", "lists:run_weights", "List the released weights.")
    parser.add_argument("--json", action="store_true", help="as a list of objects")


def _fetch(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "fetch", "fetch:run",
        "Get a data set of the field: its terms are shown, it is downloaded if they allow that, "
        "checked and unpacked; of the others page, terms and layout are shown (exit code 2). "
        "A download that was cut off is continued. Without a name: list them.",
    )  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the list")
    parser.add_argument(
        "-o", "--out", type=path, metavar="DIR", help="must not exist; default: data/NAME"
    )
    parser.add_argument("--list", action="store_true", help="list the data sets and do nothing")
    parser.add_argument("--yes", action="store_true", help="accept the terms that are shown")
    parser.add_argument(
        "--catalogue", type=path, metavar="FILE.toml",
        help="data sets of your own, in the form of lacr_lib/data/catalogue.toml",
    )  # fmt: skip


def _prepare(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "prepare", "lists:run_prepare",
        "Build exposure ladders from photographs that are public elsewhere.",
    )  # fmt: skip
    parser.add_argument("collection", choices=["sice"], help="the Zero-DCE++ training images")
    parser.add_argument("source", metavar="SRC", help="their folder, unpacked")
    parser.add_argument("-o", "--out", type=path, required=True, metavar="DIR")


def _notebooks(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "notebooks", "lists:run_notebooks",
        "Copy the notebooks of the course out of this installation, with solutions and pictures.",
    )  # fmt: skip
    parser.add_argument("out", type=path, metavar="DIR", help="new, or an empty folder")


def _export(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "export", "export:run",
        "Write a model as an ONNX file, for images of any size; needs the extra `export`.",
    )  # fmt: skip
    weights_option(parser)
    parser.add_argument("-o", "--out", type=path, required=True, metavar="FILE.onnx")


def _bench(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    parser = _command(
        commands, "bench", "bench:run",
        "Measure what the library costs, as ratios to yardsticks of the same run; takes minutes.",
    )  # fmt: skip
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="PART",
        help="start image quality large step umap gpu",
    )
    parser.add_argument(
        "--check", action="store_true",
        help="exit code 1 if a row is 20 %% worse than its record in lacr_lib/results",
    )  # fmt: skip
    parser.add_argument("--record", action="store_true", help="make this run the record")
    data_option(parser)
    json_option(parser)
