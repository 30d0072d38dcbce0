"""The page in a real browser: quiet, offline, and doing what it says, without a GPU and with WebGL.

Screenshots are kept in build/. Times are told, not asserted: machines that test are busy.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from lacr_lib.explorer.page import write_story
from lacr_lib.latent.film import region_pull
from tests.browser import CTRL, SHIFT, Browser, find_chromium

BUILD = Path(__file__).parents[2] / "build"
pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")

READY = "document.body?.dataset.ready === 'yes'"
DOUBLE = 0.4  # seconds; bokeh takes two clicks within 0.3 for a double click, wherever they are
TEXT = "document.getElementById('{}').textContent"
PLACES = "Array.from(lacr.places().{}.x).concat(Array.from(lacr.places().{}.y))"


@pytest.fixture(scope="module")
def path(story, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    assert write_story(path, story) == []
    return path


@pytest.fixture(scope="module", params=["canvas", "webgl"])
def browser(request):
    with Browser(request.param, ready=READY) as browser:
        browser.graphics = request.param
        yield browser


PICK = """(() => {{
  const field = document.getElementById("scene");
  for (const option of field.options) option.selected = {}.includes(option.value);
  field.dispatchEvent(new Event("input", {{ bubbles: true }}));
}})()"""
RANGES = """(() => {
  const plot = Bokeh.documents[0].get_model_by_name("map");
  return [plot.x_range.start, plot.x_range.end, plot.y_range.start, plot.y_range.end];
})()"""


def pick(browser, *scenes):
    """Chooses scenes of the list by their number; "" is all of them."""
    browser.run(PICK.format([str(scene) for scene in scenes]))


def text(browser, id_):
    return browser.run(TEXT.format(id_))


def places(browser, kind):
    """x and y of all points of a kind, when nothing moves any more."""
    browser.wait("lacr.still()")
    values = browser.run(PLACES.format(kind, kind))
    return values[: len(values) // 2], values[len(values) // 2 :]


def screen_place(browser, kind, index):
    return browser.run(
        f"""(() => {{
          const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name("map"));
          view.el.scrollIntoView();
          const box = view.el.getBoundingClientRect();
          const {{ x, y }} = lacr.places().{kind};
          return [box.x + view.frame.x_scale.compute(x[{index}]), box.y + view.frame.y_scale.compute(y[{index}])];
        }})()"""  # noqa: E501
    )


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


def middle(values):
    """The lower one of two, as on the page."""
    return np.sort(values)[-(-len(values) // 2) - 1]


def test_counts_follow_the_chosen_scenes(browser, path, story):
    table = story.stills[-1].table
    pull, scene = region_pull(table), table.of("enhanced").scene
    few = [pull[scene == name] for name in ("plain", "fourth")]
    browser.open(path)
    everything = text(browser, "pull")
    pick(browser, 0, 3)
    arrived = sum(middle(values) > 0.5 for values in few)
    told = f"{arrived} of 2 chosen scenes pulled more than half way"
    median = f"median {middle(np.concatenate(few)):.2f} [95 %: "
    assert f"With LACR: {told}, {median}" in text(browser, "pull")
    assert text(browser, "said").startswith("2 scenes chosen, the last: fourth: 7 photographs")
    pick(browser, 3)
    assert f"1 chosen scene pulled more than half way, median {middle(few[1]):.2f} (" in text(
        browser, "pull"
    )
    pick(browser, "", 3)  # "all" lets go of the others
    assert text(browser, "pull") == everything and text(browser, "said") == "No scene chosen."
    assert browser.complaints == []


def alone(story, scene):
    """The number of the clear point of a scene that has the most room around it."""
    table = story.stills[-1].table
    flat = story.methods[0].drawings[len(story.stills) - 1].fitted[
        table.of("low", "clear").kind == "clear"
    ]
    gaps = np.linalg.norm(flat[:, None] - flat, axis=2) + 99 * np.eye(len(flat))
    return int(np.where(table.of("clear").scene == scene, gaps.min(axis=1), -1).argmax())


def test_a_tap_with_ctrl_adds_a_scene_and_takes_it_away(browser, path, story):
    browser.open(path)
    shown = "document.getElementById('said').textContent"
    plain, third = (alone(story, scene) for scene in ("plain", "third"))
    browser.mouse("click", *screen_place(browser, "clear", plain))
    browser.wait(shown + ".startsWith('plain: 7')")
    time.sleep(DOUBLE)
    browser.mouse("click", *screen_place(browser, "clear", third), CTRL)
    browser.wait(shown + ".startsWith('2 scenes chosen, the last: third: 7')")
    time.sleep(DOUBLE)
    browser.mouse("click", *screen_place(browser, "clear", plain), CTRL)
    browser.wait(shown + ".startsWith('third: 7')")


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


def test_the_keyboard_alone_can_select(browser, path):
    browser.open(path)
    seen = []
    while (focused := browser.run("document.activeElement.id")) != "scene":
        seen.append(focused)
        assert len(seen) < 40, seen
        browser.press("Tab", 9)
    browser.press("ArrowDown", 40)
    browser.wait("document.querySelectorAll('#family canvas').length === 7")
    assert text(browser, "said").startswith("plain: 7 photographs")
    browser.press("ArrowDown", 40, SHIFT)
    browser.wait(TEXT.format("said") + ".startsWith('2 scenes chosen')")
    assert browser.run("document.getElementById('said').getAttribute('aria-live')") == "polite"


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
        unfolded = "Array.from(document.querySelectorAll('details[open]'), (part) => part.id).join()"
        assert browser.run(unfolded) == ""
        browser.run("document.querySelectorAll('#tour button')[4].click()")
        assert browser.run(unfolded) == "film"
        assert browser.complaints == []
