"""Write a weights file to be released: the mean of the weights of stages, stored as float16.

    python -m lacr_lib.results.release OUT FILE [FILE ...]

Weights along one path of training that each found a good place have a mean that is often better
than any of them, and costs nothing at use: Izmailov et al. 2018 (stochastic weight averaging),
Wortsman et al. 2022 (model soups). Which files to average is chosen on validation scenes.
For OUT in lacr_lib/weights: `python -m lacr_lib.results.remake` puts its SHA-256 into the list.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from torch.optim.swa_utils import AveragedModel

from lacr_lib.errors import LacrError, exit_code
from lacr_lib.inference.load import load_model, read_metadata, save_model
from lacr_lib.models.vae import LacrVae


def mean_model(files: Sequence[str | Path]) -> LacrVae:
    """The model whose every weight is the mean over the files.

    files: one or more, of one configuration. Raises LacrError for two configurations, or a file
    that is no weights file.
    """
    models = [load_model(file) for file in files]
    for file, model in zip(files, models, strict=True):
        if model.config != models[0].config:
            raise LacrError(f"{file} has another configuration than {files[0]}; no mean of them")
    averaged = AveragedModel(models[0])
    for model in models:
        averaged.update_parameters(model)
    return cast(LacrVae, averaged.module)


def release(out: Path, files: Sequence[str | Path]) -> None:
    """Write the mean of the files to `out`, as float16, with what each of them says of itself."""
    about = {"mean_of": [read_metadata(file)["about"] for file in files]}
    save_model(mean_model(files), out, about, half=True)
    print(f"{out}: {out.stat().st_size:,} bytes, the mean of {len(files)}")


def main(arguments: list[str] | None = None) -> int:
    """Writes the file; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lacr_lib.results.release")
    parser.add_argument("out", type=Path, help="the weights file to write")
    parser.add_argument("files", nargs="+", help="weights files of one configuration")
    options = parser.parse_args(arguments)
    return exit_code("results", lambda: release(options.out, options.files))


if __name__ == "__main__":
    sys.exit(main())
