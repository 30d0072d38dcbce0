"""The picture in the README: `python -m tests.explorer.picture`, after the page was built anew.

The page: lacr explore --data embedded --regions 48 --film lacr_lib/weights/film
          -o notebooks/explorer.html
"""

from __future__ import annotations

from pathlib import Path

from lacr_lib.teaching.pictures import shrink_png
from tests.browser import Browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
VIEW = "#scene=coffee&show=arrows,ladders"
FIDELITY = 38.0  # dB that 256 colours must reach; with fewer, clear points turn blue


def draw(page: Path = NOTEBOOKS / "explorer.html", to: Path = NOTEBOOKS / "images/explorer.png"):
    with Browser("canvas", ready="document.body?.dataset.ready === 'yes'") as browser:
        browser.open(page, VIEW)
        browser.wait("lacr.still() && document.querySelectorAll('#family canvas').length > 0")
        browser.screenshot(to)
    to.write_bytes(shrink_png(to.read_bytes(), FIDELITY))


if __name__ == "__main__":
    draw()
