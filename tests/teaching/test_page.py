"""Names from data folders stay text in every page that `make run` writes, seen by a browser."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from IPython.display import Markdown
from PIL import Image

from lacr_lib.data.layouts import open_photoset
from lacr_lib.errors import LacrError
from lacr_lib.results import tables
from lacr_lib.teaching.page import start_page, write_html
from lacr_lib.teaching.run import Outcome
from tests.browser import Browser, find_chromium

DONE = "document.body.dataset.evil='yes'"
# No file name holds a slash; the names of two folders joined by one do.
SCENES = (
    f"<img src=x onerror={DONE}>/scene",
    f"`<script>{DONE}</script>`/scene",
    f"``` <svg onload={DONE}> ```/scene",
)


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    """The names of scenes, as the library gives them, of a folder where each is an attack."""
    for scene in SCENES:
        for frame in ("clear.png", "low_0.png"):
            path = tmp_path / "data" / scene / frame
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 16)).save(path)
    names = [scene.name for scene in open_photoset(tmp_path / "data").scenes]
    assert sorted(names) == sorted(SCENES)
    return names


def shown(value: Any) -> nbformat.NotebookNode:
    data, metadata = DisplayFormatter().format(value)
    return nbformat.v4.new_output("execute_result", data, metadata=metadata, execution_count=1)


def failed(name: str) -> nbformat.NotebookNode:
    try:
        raise LacrError(f"cannot read {name} as an image")
    except LacrError as error:
        trace = traceback.format_exception(error)
        return nbformat.v4.new_output(
            "error", ename="LacrError", evalue=str(error), traceback=trace
        )


@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_hostile_names_stay_text(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worst = {"mean_luma": 0.1, "psnr": 10.0, "main_fault": "light", "bought_by_light": 1.0}
    record = {"worst": [{"name": name, **worst} for name in names]}
    monkeypatch.setattr(tables, "read_record", lambda _: record)
    outputs = [
        nbformat.v4.new_output("stream", text="\n".join(names)),
        shown(names),
        shown(pd.DataFrame({"scene": names}).set_index("scene", drop=False)),
        shown(Markdown(tables.failures_list())),
        shown(Markdown("\n\n".join(map(tables.shown, names)))),
        *map(failed, names),
    ]
    cell = nbformat.v4.new_code_cell("1", outputs=outputs, execution_count=1)
    title = nbformat.v4.new_markdown_cell("# A title")
    page = tmp_path / "00_page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[title, cell]), page)
    index = tmp_path / "index.html"
    rows = [Outcome("00_page", name, 1.0, f"LacrError: {name}") for name in names]
    index.write_text(start_page(rows, "demo", 1.0), encoding="utf-8")
    with Browser() as browser:
        for path, times in ((write_html(page), 5), (index, 1)):
            browser.open(path)
            text = browser.run("document.body.textContent")
            for scene in SCENES:
                words = scene.strip("` ").split("`")[0].strip()
                assert text.count(words) >= times, (path.name, scene)
            assert browser.run("document.body.dataset.evil") is None, path.name
            assert browser.run("document.querySelectorAll('img[src=x], svg[onload]').length") == 0
