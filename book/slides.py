"""Builds the slides of the lecture into build/slides, with all that they load.

    python book/slides.py [--out DIR]

The source is notebooks/instructor/slides.py. Its figures are drawn here and now, from released
weights and records. reveal.js comes from the package sphinx-revealjs, MathJax from
sphinx-mathjax-offline: both are pinned, and are copied beside the page.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbconvert import SlidesExporter
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "notebooks" / "instructor" / "slides.py"
WIDTH, HEIGHT = 1280, 720  # of a slide, in pixels before it is scaled to the screen

# nbconvert's page loads its scripts from elsewhere; this one from the folder beside it.
_TEMPLATE = """{%- extends 'reveal/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<script>
  window.MathJax = {
    tex: { inlineMath: [['$', '$'], ['\\\\(', '\\\\)']] },
    chtml: { matchFontHeight: false },
  };
</script>
<script defer src="mathjax/tex-chtml.js"></script>
{%- endblock -%}
{%- block footer_js -%}
<link rel="stylesheet" href="slides.css">
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script>
  Reveal.initialize({ width: WIDTH, height: HEIGHT, margin: 0.04, center: false, hash: true,
    slideNumber: "c/t", transition: "none", plugins: [RevealNotes] });
</script>
{%- endblock -%}
""".replace("WIDTH", str(WIDTH)).replace("HEIGHT", str(HEIGHT))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws the figures, writes the page and its assets; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python book/slides.py")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides")
    out = parser.parse_args(arguments).out.resolve()
    reveal, mathjax = (
        _static("sphinx_revealjs", "revealjs"),
        _static("sphinx-mathjax-offline", "mathjax"),
    )
    if not (reveal and mathjax):
        print("slides: reveal.js or MathJax is missing: run `make slides`", file=sys.stderr)
        return 2
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for file in ("LICENSE", "dist/reveal.js", "dist/reveal.css", "dist/theme/white.css"):
        (out / "reveal" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reveal / file, out / "reveal" / file)
    for folder in ("dist/theme/fonts/source-sans-pro", "plugin/notes"):
        shutil.copytree(reveal / folder, out / "reveal" / folder)
    shutil.copytree(mathjax / "output" / "chtml", out / "mathjax" / "output" / "chtml")
    shutil.copytree(mathjax / "input" / "tex", out / "mathjax" / "input" / "tex")
    shutil.copy(mathjax / "tex-chtml.js", out / "mathjax")
    shutil.copy(ROOT / "book" / "slides.css", out)
    (out / "index.html").write_text(page(executed()), encoding="utf-8")
    print(f"The slides: {out / 'index.html'} (S: notes for the speaker, ESC: all slides)")
    return 0


def executed() -> NotebookNode:
    """The source with its figures and tables."""
    notebook = jupytext.read(SOURCE, fmt="py:percent")
    os.environ.pop("MPLBACKEND", None)  # one that hides the pictures
    # On a busy machine two threads wait for each other: measured, ten times as long as one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    place = {"metadata": {"path": str(SOURCE.parent)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=place).execute()
    return notebook


def page(notebook: NotebookNode) -> str:
    """Executed slides as one HTML page, pictures inside, code left out."""
    notebook.metadata["title"] = "LACR-VAE, a lecture of 90 minutes:"
    exporter = SlidesExporter(
        raw_template=_TEMPLATE, reveal_url_prefix="reveal", reveal_theme="white"
    )
    exporter.exclude_input = exporter.exclude_output_prompt = True
    exporter.exclude_anchor_links = True
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def _static(package: str, folder: str) -> Path | None:
    """A folder of files that an installed package carries."""
    found = importlib.util.find_spec(package)
    for place in (found.submodule_search_locations or []) if found else []:
        for inside in ("_static", "static"):
            if (Path(place) / inside / folder).is_dir():
                return Path(place) / inside / folder
    return None


if __name__ == "__main__":
    sys.exit(main())
