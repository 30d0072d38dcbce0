"""Sphinx settings of the book. `python book/build.py` gathers the pages and calls Sphinx."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import lacr_lib

project = "LACR-VAE"
author = "The LACR-VAE course authors"
project_copyright = author
version = release = lacr_lib.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinxcontrib.bibtex",
    "sphinx-mathjax-offline",  # MathJax as files of the book: no network when it is read
]
exclude_patterns = ["_static"]

# Notebooks are shown as they were committed; the book never runs them.
nb_execution_mode = "off"
nb_number_source_lines = False
nb_output_stderr = "show"
nb_render_markdown_format = "myst"  # of outputs: with the default a table would be its pipes
smartquotes_action = "qe"  # quotes and dots, and no dashes: --check must stay --check
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
# Recorded numbers and claims carry a type of their own beside their text; the text is shown.
# ref.python: two classes may have one short name, such as Photograph
suppress_warnings = ["mystnb.unknown_mime_type", "ref.python"]

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    "ignore-module-all": True,  # a name is described once, where it is defined
}
autodoc_inherit_docstrings = False  # of PyTorch's classes: theirs are not ours to explain
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
autodoc_preserve_defaults = True  # as written, not as <function ...>
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
maximum_signature_line_length = 88
add_module_names = False

html_theme = "furo"
html_title = "LACR-VAE, the course"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_extra_path = ["extra"]  # the explorer, a page of its own
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
highlight_language = "none"  # blocks in docstrings are formulas and tables; cells name theirs
pygments_style = "a11y-high-contrast-light"  # both from accessible-pygments, which furo brings
pygments_dark_style = "github-dark"

# Docstrings are plain text, meant for `help()`. Sphinx would read reStructuredText in them.
_CODE = re.compile(r"`+([^`\n]+)`+")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\w[\w -]*\w)\*(?![\w*])")
_MARKUP = re.compile(r"([*|\\]|(?<=\w)_(?=\W|$))")


def escaped(text: str) -> str:
    """Plain text for reStructuredText: nothing in it is markup, but for an *emphasised* word."""
    pieces = _EMPHASIS.split(text)
    return "".join(
        f"*{piece}*" if index % 2 else _MARKUP.sub(r"\\\1", piece)
        for index, piece in enumerate(pieces)
    )


def plain_text(lines: list[str]) -> list[str]:
    """A plain docstring as reStructuredText: code in backticks, indented blocks as they stand."""
    out: list[str] = []
    literal = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not literal and out and not out[-1].strip():
            out += ["::", ""]
            literal = True
        elif line.strip() and not indented:
            literal = False
        if literal:
            out.append(line)
            continue
        pieces = _CODE.split(line.strip())
        text = [escaped(piece) for piece in pieces[::2]]
        code = [f"``{piece}``" for piece in pieces[1::2]] + [""]
        joined = "".join(part for pair in zip(text, code, strict=True) for part in pair)
        # A labelled line ("Shapes: ...") starts a paragraph of its own.
        if re.match(r"[A-Z]\w+: ", joined) and out and out[-1].strip():
            out.append("")
        out.append(joined)
    return [*out, ""]


def told(picture: Any) -> str:
    """What the text after a cell says of its picture: the first sentence of "What you see"."""
    cell = picture.parent
    while cell is not None and "cell" not in cell.get("classes", []):
        cell = cell.parent
    following = cell.next_node(_is("paragraph"), descend=False, siblings=True) if cell else None
    text = following.astext().replace("\n", " ") if following else ""
    if not text.startswith("What you see"):
        return "A figure of the cell above"
    return text.removeprefix("What you see.").strip().split(". ")[0].rstrip(".") + "."


def _is(name: str) -> Callable[[Any], bool]:
    """Picks the nodes of a page by their name."""
    return lambda node: getattr(node, "tagname", "") == name


def describe_pictures(_app: Any, doctree: Any) -> None:
    """An alternative text for each picture that a cell drew; else it would be a file's name."""
    for picture in doctree.findall(_is("image")):
        if not picture.get("alt"):
            picture["alt"] = told(picture)


def setup(app: Any) -> None:
    def rewrite(
        _app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]
    ) -> None:
        lines[:] = plain_text(lines)

    def skip(_app: Any, _what: str, name: str, obj: Any, skipped: bool, _options: Any) -> bool:
        field = (getattr(obj, "__doc__", "") or "").startswith("Alias for field number")
        return skipped or field or name.startswith("_")

    app.connect("doctree-read", describe_pictures)
    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-skip-member", skip)
