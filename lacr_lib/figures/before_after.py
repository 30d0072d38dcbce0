"""The picture at the top of README.md: dark, enhanced, clear.

python -m lacr_lib.figures.before_after
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.metrics import psnr
from lacr_lib.figures.images import show_grid
from lacr_lib.figures.style import use_style
from lacr_lib.inference.enhance import enhance
from lacr_lib.models.vae import LacrVae

PICTURE = Path("notebooks", "images", "before_after.png")
RUNG = 2  # of six: a sixteenth of the light


def before_after(model: LacrVae, rung: int = RUNG) -> Figure:
    """The held-out embedded scenes, one a row: low-light, enhanced, clear; PSNR to clear below."""
    scenes = open_photoset("embedded").select("test").scenes
    rows, captions = [], []
    for scene in scenes:
        assert scene.clear is not None
        dark, clear = scene.low[rung].read(), scene.clear.read()
        enhanced = enhance(model, dark)
        rows.append([dark, enhanced, clear])
        captions.append([f"{psnr(dark, clear):.1f} dB", f"{psnr(enhanced, clear):.1f} dB", ""])
    columns = ["a sixteenth of the light", "enhanced by lacr-vae", "clear reference"]
    return show_grid(rows, column_titles=columns, captions=captions)


if __name__ == "__main__":
    import matplotlib

    from lacr_lib.inference.load import load_model

    matplotlib.use("Agg")
    use_style()
    before_after(load_model("lacr-vae")).savefig(PICTURE)
    print(PICTURE)
