"""The slides: 90 minutes of notes, numbers from records, nothing from elsewhere, no overflow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.book.conftest import ROOT
from tests.book.links import fetched_elsewhere, missing_targets, read_pages
from tests.browser import Browser, find_chromium

SOURCE = (ROOT / "notebooks" / "instructor" / "slides.py").read_text("utf-8")
PICTURES = ROOT / "build" / "slides-screenshots"
# Height of each slide's content, and the bottom of its lowest picture, in pixels of the slide.
TALL = """(async () => {
    if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
    const found = [], scale = () => Reveal.getScale();
    for (const slide of Reveal.getSlides()) {
      const at = Reveal.getIndices(slide);
      Reveal.slide(at.h, at.v, 99);
      await new Promise((done) => setTimeout(done, 30));
      const top = slide.getBoundingClientRect().top;
      let bottom = 0, right = 0;
      for (const each of slide.querySelectorAll("h1, h2, p, li, img, table, mjx-container")) {
        if (each.closest("aside")) continue;
        const box = each.getBoundingClientRect();
        bottom = Math.max(bottom, box.bottom - top);
        right = Math.max(right, box.right - slide.getBoundingClientRect().left);
      }
      found.push({ title: (slide.querySelector("h1, h2") || slide).innerText.slice(0, 60),
        height: Math.round(bottom / scale()), width: Math.round(right / scale()) });
    }
    return found;
  })()"""


def test_the_notes_add_up_to_90_minutes() -> None:
    minutes = [int(value) for value in re.findall(r"^# (\d+) min\b", SOURCE, re.MULTILINE)]
    assert len(minutes) == SOURCE.count('"slide_type": "slide"')
    assert sum(minutes) == 90


def test_no_result_is_typed_in() -> None:
    """Decibels stand in prose only where they belong to a question, not to a measurement."""
    prose = [line for line in SOURCE.splitlines() if line.startswith("# ") and " dB" in line]
    assert all("beats the old one by 0.3 dB" in line for line in prose)


def test_nothing_is_fetched_from_elsewhere(slides: Path) -> None:
    pages = {slides / "index.html": read_pages(slides)[slides / "index.html"]}
    assert missing_targets(slides, pages) == []
    assert fetched_elsewhere(slides, pages) == []


@pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")
def test_every_slide_fits(slides: Path) -> None:
    ready = "window.Reveal && Reveal.isReady()"
    with Browser(height=720, ready=ready) as browser:
        browser.open(slides / "index.html")
        found = browser.run(TALL)
        assert len(found) == SOURCE.count('"slide_type": "slide"')
        too_large = [each for each in found if each["height"] > 700 or each["width"] > 1280]
        assert too_large == []
        assert browser.complaints == []
        browser.run("Reveal.slide(0, 0)")
        assert browser.screenshot(PICTURES / "first.png").stat().st_size > 5_000
