"""`lacr export`: a model as an ONNX file."""

from __future__ import annotations

from argparse import Namespace

from lacr_lib.commands.common import begun, check_target


def run(options: Namespace) -> int:
    """Exit code 0: written. Raises LacrError where the extra `export` is missing."""
    from lacr_lib.inference.export import export_onnx
    from lacr_lib.inference.load import load_model

    check_target(options.out)
    model = load_model(options.weights)
    with begun():
        export_onnx(model, options.out)
    print(f"{options.out}: {options.weights} for images (1, 3, H, W) of any size from 16 pixels")
    return 0
