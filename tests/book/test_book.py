"""The book: every local link leads somewhere, no other machine is asked, it fits a phone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.book.conftest import ROOT
from tests.book.links import fetched_elsewhere, missing_targets, read_pages
from tests.browser import Browser, find_chromium

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")
PICTURES = ROOT / "build" / "book-screenshots"
OPENED = ("index.html", "method.html", "notebooks/02_vae.html")
PHONE, DESKTOP = 390, 1280  # CSS pixels
SEEN = """(async () => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  const root = document.documentElement;
  const scrolls = (box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
  const inside = (each) => {
    for (let box = each; box && box.tagName !== "ARTICLE"; box = box.parentElement)
      if (scrolls(box)) return true;
    return Boolean(each.closest("mjx-assistive-mml"));
  };
  return {
    width: root.clientWidth, content: root.scrollWidth, text: root.innerText.length,
    formulas: root.querySelectorAll("mjx-container").length,
    wide: [...root.querySelectorAll("article *")]
      .filter((each) => each.getBoundingClientRect().right > root.clientWidth + 1 && !inside(each))
      .map((each) => each.tagName + " " + each.className).slice(0, 5),
    broken: [...document.images].filter((each) => each.complete && !each.naturalWidth)
      .map((each) => each.src),
  };
})()"""


def test_every_local_link_and_anchor_exists(book: Path) -> None:
    pages = read_pages(book)
    assert missing_targets(book, pages) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="x"></p><a href="#x"></a><img src="no.png">')
    (tmp_path / "b.html").write_text('<a href="a.html#x"></a><a href="a.html#y"></a>')
    found = missing_targets(tmp_path, read_pages(tmp_path))
    assert found == ["a.html -> no.png", "b.html -> a.html#y"]


def test_no_page_asks_another_machine_when_it_opens(book: Path) -> None:
    assert fetched_elsewhere(book, read_pages(book)) == []


def test_every_notebook_has_its_page_with_its_pictures(book: Path) -> None:
    for notebook in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        page = (book / "notebooks" / f"{notebook.stem}.html").read_text("utf-8")
        text = notebook.read_text("utf-8")
        pictures = sum(text.count(f'"image/{kind}": ') for kind in ("png", "jpeg"))
        assert page.count("<img") >= pictures > 0
        assert f"notebooks/{notebook.stem}.html" in (book / "index.html").read_text("utf-8")


def test_the_diagrams_are_drawn_and_the_search_knows_the_notebooks(book: Path) -> None:
    page = (book / "method.html").read_text("utf-8")
    for name in ("architecture", "rcam_inside", "amsm_inside", "lacr_geometry"):
        assert f"_images/{name}.png" in page
        assert (book / "_images" / f"{name}.png").stat().st_size > 20_000
    index = (book / "searchindex.js").read_text("utf-8")
    assert all(f"notebooks/{name}" in index for name in ("00_start_here", "08_research"))


def test_every_solution_has_its_page(book: Path) -> None:
    for notebook in (ROOT / "notebooks" / "solutions").glob("*.ipynb"):
        assert (book / "notebooks" / "solutions" / f"{notebook.stem}.html").is_file()


def test_every_public_name_of_the_library_is_described(book: Path) -> None:
    from lacr_lib import _HOME

    text = "".join(file.read_text("utf-8") for file in (book / "api").glob("*.html"))
    for name, module in _HOME.items():
        assert f'id="{module}.{name}"' in text


def test_formulas_are_set_by_files_of_the_book(book: Path) -> None:
    page = (book / "notebooks" / "02_vae.html").read_text("utf-8")
    [script] = re.findall(r'<script[^>]*src="([^"]*tex-chtml[^"]*)"', page)
    assert (book / "notebooks" / script.partition("?")[0]).resolve().is_file()


def test_the_glossary_names_notebooks_that_use_the_term() -> None:
    text = (ROOT / "book" / "glossary.md").read_text("utf-8")
    entries = re.findall(r"^(\S.*)\n  (.+)$", text.partition(":sorted:\n")[2], re.MULTILINE)
    assert len(entries) >= 40
    for term, sentence in entries:
        words = [word.lower() for word in re.findall(r"[\w-]{2,}", term)]
        for file in re.findall(r"\(notebooks/(\w+)\.ipynb\)", sentence):
            script = (ROOT / "notebooks" / "src" / f"{file}.py").read_text("utf-8")
            plain = re.sub(r"\n#\s+", " ", script).lower().replace("_", " ")
            assert any(word in plain for word in words), f"{term}: not in {file}"


ELSEWHERE = (  # quoted on the page, and said by others than the library
    "No Python 3.11", "ModuleNotFoundError: No module named 'lacr_lib'", "lacr: command not found",
    "CUDA out of memory", "VBox(children=", "NotImplementedError",
)  # fmt: skip


def quoted() -> list[str]:
    """The pieces of the messages that head an entry of the errors page, cut at their dots."""
    text = (ROOT / "book" / "errors.md").read_text("utf-8")
    heads = re.findall(r"^(.+)\n: \*Cause:\*", text, re.MULTILINE)
    assert len(heads) >= 35, "and each entry has its cause"
    assert len(heads) == text.count(": *Cure:*"), "and its cure"
    messages = [message for head in heads for message in re.findall(r"`([^`]+)`", head)]
    own = [each for each in messages if not each.startswith(ELSEWHERE)]
    return [piece for each in own for piece in re.split(r"\.\.\.|^\[\w+\] +", each)]


def test_the_errors_page_quotes_what_the_library_says_word_by_word() -> None:
    known = _strings_of_the_library()
    pieces = [piece.strip(" :,?()'") for piece in quoted()]
    assert len(pieces) > 40
    assert [piece for piece in pieces if piece not in known] == []


def _strings_of_the_library() -> str:
    parts = []
    for file in (ROOT / "lacr_lib").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                parts.append(node.value)
    return "\n".join(parts)


@needs_chromium
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("page", OPENED)
def test_it_opens_and_fits_the_screen(book: Path, page: str, width: int) -> None:
    with Browser(width=width) as browser:
        browser.open(book / page)
        seen = browser.run(SEEN)
        assert seen["width"] == width
        assert seen["content"] <= width, "the page is wider than the screen"
        assert seen["wide"] == []
        assert seen["broken"] == []
        assert seen["text"] > 1000
        assert (seen["formulas"] > 0) == ("02_vae" in page)
        assert [each for each in browser.requests if not each.startswith(("file:", "data:"))] == []
        assert browser.complaints == []
        for theme in ("light", "dark"):
            browser.run(f"document.body.dataset.theme = '{theme}'")
            name = f"{page.replace('/', '-').removesuffix('.html')}-{width}-{theme}.png"
            assert browser.screenshot(PICTURES / name).stat().st_size > 10_000


def test_no_table_is_shown_as_its_pipes(book: Path) -> None:
    for page in book.rglob("*.html"):
        text = re.sub(r"<pre.*?</pre>", "", page.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\|\s*(---|—)", text), page.name


def test_pictures_of_cells_are_described_and_readers_see_no_marks_of_tests(book: Path) -> None:
    for notebook in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        page = (book / "notebooks" / f"{notebook.stem}.html").read_text("utf-8")
        assert not re.findall(r'alt="[^"]*_images/[^"]*"', page), notebook.stem
        assert "NBVAL_CHECK" not in page and "fmt: skip" not in page


def test_the_explorer_opens_from_the_landing_page_and_from_its_notebook(book: Path) -> None:
    assert (book / "explorer.html").is_file()
    assert '<a href="explorer.html">' in (book / "index.html").read_text("utf-8")
    page = (book / "notebooks" / "07_latent_umap.html").read_text("utf-8")
    assert "../explorer.html" in page and "download=" not in page


def test_options_in_the_reference_can_be_copied(book: Path) -> None:
    page = (book / "api" / "commands.html").read_text("utf-8")
    assert "--check" in page and "\u2013check" not in page
