"""The page in a real browser: quiet, offline, and doing what it says, without a GPU and with WebGL.

Screenshots are kept in build/. Times are told, not asserted: machines that test are busy.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.browser import Browser, find_chromium
from tests.explorer.opened import READY, TEXT, pick, places, screen_place, text

BUILD = Path(__file__).parents[2] / "build"
pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")

RANGES = """(() => {
  const plot = Bokeh.documents[0].get_model_by_name("map");
  return [plot.x_range.start, plot.x_range.end, plot.y_range.start, plot.y_range.end];
})()"""


def test_nothing_is_complained_about_and_nothing_asked_for(browser, path):
    browser.open(path)
    for view in range(6):
        browser.run(f"document.querySelectorAll('#tour button')[{view}].click()")
        browser.wait("lacr.still()")
        assert len(text(browser, "view-text")) > 80
        browser.screenshot(BUILD / f"explorer-{browser.graphics}-view-{view + 1}.png")
    browser.run("document.querySelectorAll('#controls input').forEach((box) => box.click())")
    browser.wait("lacr.still()")
    assert browser.complaints == []
    leaving = [r for r in browser.requests if not r.startswith(("file:", "data:", "blob:"))]
    assert leaving == [] and browser.requests[0].startswith("file:")


def test_hover_fills_the_panel_and_tap_chooses(browser, path):
    browser.open(path)
    browser.run(
        """window.waited = null; window.moved = 0;
        addEventListener("pointermove", () => (moved = performance.now()), true);
        new MutationObserver(() => (waited ??= performance.now() - moved))
          .observe(document.getElementById("hovered"), { childList: true })"""
    )
    x, y = screen_place(browser, "clear", 0)
    end = time.monotonic() + 60
    while not browser.run("document.querySelectorAll('#hovered canvas').length"):
        assert time.monotonic() < end
        browser.mouse("mouseMoved", x - 2, y)
        browser.mouse("mouseMoved", x, y)
    print(f"hover, {browser.graphics}: {browser.run('waited'):.0f} ms")
    assert "clear\nluma" in browser.run("document.querySelector('#hovered figcaption').textContent")
    browser.mouse("click", x, y)
    browser.wait("document.querySelectorAll('#family canvas').length > 0")
    assert "7 photographs" in text(browser, "said")
    browser.screenshot(BUILD / f"explorer-{browser.graphics}-family.png")
    assert browser.complaints == []


def test_the_switch_leaves_clear_points_where_they_are(browser, path):
    browser.open(path)
    clear, low = places(browser, "clear"), places(browser, "low")
    extent = max(max(low[0]), max(clear[0])) - min(min(low[0]), min(clear[0]))
    begin = browser.run("performance.now()")
    browser.run("document.querySelector('[value=without]').click()")
    moved_clear, moved_low = places(browser, "clear"), places(browser, "low")
    print(f"switch, {browser.graphics}: {browser.run('performance.now()') - begin:.0f} ms")
    for before, after in zip(clear, moved_clear, strict=True):
        assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 0.01 * extent
    assert max(abs(a - b) for a, b in zip(low[0], moved_low[0], strict=True)) > 0.1 * extent
    assert text(browser, "pull").startswith("Without LACR: ")


def test_whoever_asked_for_less_motion_gets_a_cut(browser, path):
    browser.open(path, reduced_motion=True)
    assert browser.run("document.querySelector('[value=without]').click(), lacr.still()")
    browser.open(path)
    assert not browser.run("document.querySelector('[value=without]').click(), lacr.still()")


def test_the_address_restores_the_view(browser, path):
    browser.open(path)
    browser.run("document.querySelectorAll('#tour button')[2].click()")
    pick(browser, 2, 4)
    browser.wait("lacr.still()")
    kinds = ("pull", "trust", "said", "step-name")
    before = [text(browser, id_) for id_ in kinds], places(browser, "low")
    hash_ = browser.run("location.hash")
    browser.open(path, hash_)
    assert ([text(browser, id_) for id_ in kinds], places(browser, "low")) == before
    assert browser.run("location.hash") == hash_
    browser.open(path, "#map=nonsense&side=x&film=99&scene=nobody&view=7&show=arrows")
    assert text(browser, "pull").startswith("With LACR: ") and browser.complaints == []


def test_reset_and_a_new_size_show_the_whole_map(browser, path):
    browser.open(path)
    whole = browser.run(RANGES)
    reset = """(() => {
      const plot = Bokeh.documents[0].get_model_by_name("map");
      plot.x_range.setv({ start: 0, end: 0.1 });
      Bokeh.index.find_one(plot).reset();
    })()"""
    browser.run(reset)
    assert browser.run(RANGES) == whole
    browser.resize(700, 900)
    browser.wait(f"JSON.stringify({RANGES}) !== '{json.dumps(whole, separators=(',', ':'))}'")
    low_x, high_x, low_y, high_y = browser.run(RANGES)
    for x, y in (places(browser, kind) for kind in ("low", "clear", "enhanced")):
        assert low_x < min(x) and max(x) < high_x and low_y < min(y) and max(y) < high_y


def test_the_map_stays_in_sight_and_covers_nothing(browser, path):
    browser.open(path, "#scene=plain")
    top = "document.getElementById('{}').getBoundingClientRect().{}"
    browser.run("document.getElementById('numbers').open = true, scrollTo(0, 300)")
    assert browser.run(top.format("plot", "top")) == 0
    browser.run("scrollTo(0, 99999)")
    lowest = browser.run(top.format("plot", "bottom"))
    assert lowest <= browser.run(top.format("strip", "top"))


def test_arrow_keys_run_the_film(browser, path):
    browser.open(path)
    browser.run("document.getElementById('step').focus()")
    assert text(browser, "step-name") == "finished model"
    cursor = browser.run("Number(document.getElementById('cursor').getAttribute('x1'))")
    told = []
    for _ in range(2):
        browser.press("ArrowLeft", 37)
        told.append(text(browser, "step-name"))
    assert told == ["step 10", "untrained"]
    assert browser.run("Number(document.getElementById('cursor').getAttribute('x1'))") < cursor
    browser.run("document.getElementById('play').click()")
    browser.wait(TEXT.format("step-name") + " === 'finished model'")
    browser.wait(TEXT.format("play") + " === 'Play'")


def test_a_hostile_name_stays_text(browser, path, toys):
    evil = toys.scenes[1].name
    assert "<script>" in evil
    browser.open(path)
    pick(browser, 1)
    assert text(browser, "said").startswith(evil)
    assert evil in text(browser, "numbers")
    assert browser.run("document.body.dataset.evil") is None
    assert browser.run("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.complaints == []


def test_it_fits_a_phone(path):
    with Browser("canvas", width=390, height=800, ready=READY) as browser:
        browser.open(path, "#show=arrows&scene=plain")
        browser.screenshot(BUILD / "explorer-phone.png", whole=True)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        unfolded = "Array.from(document.querySelectorAll('details[open]'), (e) => e.id).join()"
        assert browser.run(unfolded) == ""
        browser.run("document.querySelectorAll('#tour button')[4].click()")
        assert browser.run(unfolded) == "film"
        assert browser.complaints == []
