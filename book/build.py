"""Builds the book into build/book from the committed notebooks; runs none of them.

    python book/build.py [--out DIR]

Pages come from book/, notebooks/ and the model cards. They are gathered into a folder beside the
output, since Sphinx reads one folder, and the links between them are turned to the places there.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (  # of the API reference, in the order of the course
    "data", "models", "losses", "training", "inference", "evaluation", "latent", "explorer",
    "figures", "results", "bench", "exercises", "teaching", "commands",
)  # fmt: skip
CARDS = ("lacr-vae.md", "lacr-vae-no-lacr.md", "TRIALS.md")
MARK = "<!-- {} -->"  # a place in a page of book/ that is filled here


def main(arguments: Sequence[str] | None = None) -> int:
    """Gathers the pages and runs Sphinx, with warnings as errors; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python book/build.py")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "book")
    out = parser.parse_args(arguments).out.resolve()
    try:
        from sphinx.cmd.build import build_main
    except ImportError:
        print("book: Sphinx is missing: run `make book`", file=sys.stderr)
        return 2
    pages = out.with_name(f"{out.name}-pages")
    gather(pages)
    shutil.rmtree(out, ignore_errors=True)
    code = build_main(["-q", "-W", "--keep-going", "-b", "html", str(pages), str(out)])
    if code == 0:
        slim(out)
    shutil.rmtree(out.with_name("jupyter_execute"), ignore_errors=True)  # MyST-NB's scratch
    if code == 0:
        print(f"The book: {out / 'index.html'}")
    return code


def gather(pages: Path) -> None:
    """Copies all sources of the book into one folder, emptied first."""
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "book", pages, ignore=shutil.ignore_patterns("build.py", "__pycache__"))
    notebooks, here = ROOT / "notebooks", pages / "notebooks"
    copy(notebooks, here, "[0-9][0-9]_*.ipynb", "CREDITS.md")
    copy(notebooks, pages / "extra", "explorer.html")
    copy(notebooks / "images", here / "images", "*.png", "*.gif")
    copy(notebooks / "instructor", here / "instructor", "*.md")
    copy(notebooks / "solutions", here / "solutions", "*.ipynb")
    copy(ROOT / "lacr_lib" / "weights", pages, *CARDS)
    for file in (*here.rglob("*.ipynb"), *here.rglob("*.md"), *(pages / name for name in CARDS)):
        text = plain_links(file.read_text("utf-8"), file.parent)
        file.write_text(for_readers(text), encoding="utf-8")
    fill(pages / "index.md", "notebooks", listing(here, "[0-9][0-9]_*.ipynb"))
    fill(pages / "solutions.md", "solutions", solutions(here / "solutions"))
    fill(pages / "syllabus.md", "syllabus", syllabus())
    write_reference(pages / "api")
    draw(pages / "diagrams")


def copy(source: Path, target: Path, *patterns: str) -> None:
    """Copies the files of a folder that fit a pattern; a folder that is missing has none."""
    target.mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        for file in sorted(source.glob(pattern)):
            shutil.copy(file, target)


def plain_links(text: str, folder: Path) -> str:
    """Text without links that lead out of the book, to files of the repository: words stay."""
    text = text.replace("../../README.md#syllabus", "../../syllabus.md")

    def word_or_link(link: re.Match[str]) -> str:
        return link.group(0) if (folder / link.group(2)).exists() else link.group(1)

    return re.sub(r"\[([^\[\]]+)\]\((\.\./[^)#]+)[^)]*\)", word_or_link, text)


def for_readers(text: str) -> str:
    """A page without the marks for test and formatter, and with the explorer as a page to open."""
    text = text.replace('"# NBVAL_CHECK_OUTPUT\\n",\n', "").replace("  # fmt: skip", "")
    return text.replace(
        "[explorer.html](explorer.html)", "<a href='../explorer.html'>explorer.html</a>"
    )


def listing(folder: Path, pattern: str) -> str:
    """A hidden table of contents with the notebooks of a folder of notebooks/."""
    above = folder.parents[int(folder.name != "notebooks")]
    files = [file.relative_to(above).with_suffix("") for file in sorted(folder.glob(pattern))]
    return "\n".join(["```{toctree}", ":hidden:", "", *(file.as_posix() for file in files), "```"])


def solutions(folder: Path) -> str:
    """The table of contents of the solutions, or a line that says that there are none yet."""
    if not any(folder.glob("*.ipynb")):
        return "None has been written yet."
    return listing(folder, "*.ipynb").replace(":hidden:", ":maxdepth: 1")


def syllabus() -> str:
    """The table of README.md, with the minutes that were measured there."""
    from lacr_lib.teaching.syllabus import BEGIN, END

    text = (ROOT / "README.md").read_text("utf-8")
    return text.split(BEGIN)[1].split(END)[0].strip()


def fill(page: Path, name: str, text: str) -> None:
    """Puts text in the place of a comment line of a page. Errors: ValueError if it has none."""
    before, mark, after = page.read_text("utf-8").partition(MARK.format(name))
    if not mark:
        raise ValueError(f"{page.name} has no line {MARK.format(name)}")
    page.write_text(before + text + after, encoding="utf-8")


def write_reference(folder: Path) -> None:
    """A page for each package, with all its modules from their docstrings."""
    folder.mkdir(exist_ok=True)
    for package in PACKAGES:
        files = sorted((ROOT / "lacr_lib" / package).glob("*.py"))
        names = [file.stem for file in files if not file.stem.startswith("_")]
        if not names:
            continue
        title = f"lacr_lib.{package}"
        parts = [f"{title}\n{'=' * len(title)}\n\n.. automodule:: {title}\n   :no-members:\n"]
        for name in names:
            module = f"{title}.{name}"
            parts.append(f"{module}\n{'-' * len(module)}\n\n.. automodule:: {module}\n")
        (folder / f"{package}.rst").write_text("\n".join(parts), encoding="utf-8")


def draw(folder: Path) -> None:
    """The diagrams of the method, from the default configuration as the code builds it today."""
    import matplotlib

    matplotlib.use("Agg")
    from lacr_lib.figures import diagrams
    from lacr_lib.figures.style import use_style

    use_style()
    folder.mkdir()
    for each in (
        diagrams.architecture, diagrams.rcam_inside, diagrams.amsm_inside, diagrams.lacr_geometry
    ):  # fmt: skip
        each().savefig(folder / f"{each.__name__}.png", dpi=160)


def slim(out: Path) -> None:
    """Takes out what no page of the book loads: MathJax in other forms, and build leftovers."""
    mathjax = out / "_static" / "mathjax"
    keep = {mathjax / "tex-chtml.js", *(mathjax / "output" / "chtml").rglob("*")}
    keep |= set((mathjax / "input" / "tex" / "extensions").glob("*.js"))
    for file in mathjax.rglob("*"):
        if file.is_file() and file not in keep:
            file.unlink()
    for folder in sorted(mathjax.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    shutil.rmtree(out / ".doctrees", ignore_errors=True)
    (out / ".buildinfo").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
