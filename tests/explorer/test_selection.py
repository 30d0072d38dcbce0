"""Scenes are chosen by list, tap and keyboard, one or several, and the numbers follow."""

from __future__ import annotations

import time

import numpy as np
import pytest

from lacr_lib.latent.film import region_pull
from tests.browser import CTRL, SHIFT, find_chromium
from tests.explorer.opened import TEXT, pick, screen_place, text

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")

DOUBLE = 0.4  # seconds; bokeh takes two clicks within 0.3 for a double click, wherever they are


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
    median = f"median {middle(np.concatenate(few)):.2f} [range: "
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
    flat = (
        story.methods[0]
        .drawings[len(story.stills) - 1]
        .fitted[table.of("low", "clear").kind == "clear"]
    )
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
