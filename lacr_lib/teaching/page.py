"""Executed notebooks as HTML, and the page from which to start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

# The scripts that nbconvert loads from elsewhere are left out: our pages need none. Formulas are
# set by MathJax where there is a network (async: without one the page opens all the same).
_TEMPLATE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
  body.jp-Notebook { overflow: auto; }
  main { max-width: 60rem; margin: 0 auto; }
  .lacr-back { font-family: system-ui, sans-serif; padding: 0 1rem; }
  .lacr-back a { color: #0060a0; text-decoration: underline; }
  .jp-RenderedMarkdown .highlight { background: #f5f5f5; padding: .25rem .75rem; overflow: auto; }
  .jp-RenderedMarkdown .highlight pre { font: .8rem/1.45 monospace; background: none; }
  .jp-RenderedImage img { max-width: 100%; height: auto; }
</style>
{%- endblock -%}
{%- block body_header -%}{{ super() }}
<p class="lacr-back"><a href="../index.html">All notebooks</a></p>
{%- endblock -%}
"""

_STYLE = """
  body { font: 1rem/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff;
         max-width: 52rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin-bottom: .25rem; }
  table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
  th, td { text-align: left; padding: .5rem .75rem; border-bottom: 1px solid #ddd; }
  td.minutes, th.minutes { text-align: right; font-variant-numeric: tabular-nums; }
  a { color: #0060a0; }
  .failed { color: #a8320a; font-weight: 600; }
"""


class Row(Protocol):
    """What the start page needs to know of a notebook's run."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def minutes(self) -> float: ...
    @property
    def error(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def page(self) -> str: ...


def title_of(page: NotebookNode) -> str:
    """The text of the notebook's first heading."""
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def write_html(notebook: Path) -> Path:
    """Writes NAME.html beside NAME.ipynb, links between notebooks turned to their pages."""
    page = nbformat.read(notebook, as_version=4)
    page.metadata["title"] = title_of(page) or notebook.stem
    exporter = HTMLExporter(raw_template=_TEMPLATE)
    body, _ = exporter.from_notebook_node(page)
    body = body.replace(f'<script src="{exporter.mathjax_url}">',
                        f'<script async src="{exporter.mathjax_url}">')  # fmt: skip
    body = re.sub(r'href="(\d\d_\w+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', body)
    target = notebook.with_suffix(".html")
    target.write_text(body, encoding="utf-8")
    return target


def start_page(rows: Sequence[Row], profile: str, minutes: float) -> str:
    """The page that lists the notebooks with title, minutes and result: HTML in one file.

    minutes: of the whole run, which is less than the sum where notebooks ran side by side.
    """
    failed = sum(bool(row.error) for row in rows)
    summary = f"{failed} of {len(rows)} notebooks failed" if failed else "every notebook ran"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>LACR-VAE: the course, executed</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>LACR-VAE: the course, executed</h1>
<p>Light-aware contrastive learning for low-light photographs, notebook by notebook.
Profile <code>{escape(profile)}</code>: {summary}, in {minutes:.1f} minutes.</p>
<table>
<thead><tr><th>Notebook</th><th class="minutes">Minutes</th><th>Result</th></tr></thead>
<tbody>
{"".join(_row(row) for row in rows)}</tbody>
</table>
<p>The notebooks themselves lie in <a href="notebooks/">notebooks/</a>, beside these pages; to
change and run them, type <code>make lab</code>.</p>
</body>
</html>
"""


def _row(row: Row) -> str:
    kind = ' class="failed"' if row.error else ""
    link = f'<a href="{quote(row.page)}">{escape(row.title or row.name)}</a>'
    return (
        f'<tr><td>{link}</td><td class="minutes">{row.minutes:.1f}</td>'
        f"<td{kind}>{escape(row.result)}</td></tr>\n"
    )
