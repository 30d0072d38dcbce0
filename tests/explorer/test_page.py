"""The explorer's file: whole, offline, safe with any file name, and never too large."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import ENOUGH, percentiles
from lacr_lib.explorer.pack import UNKNOWN, page_data
from lacr_lib.explorer.page import write_story
from lacr_lib.explorer.plot import RAMPS, ramp
from lacr_lib.explorer.scenes import Album, _fraction, family, progress_of, sheets
from lacr_lib.figures.style import ROLES
from lacr_lib.latent.encode import encode_photoset
from lacr_lib.latent.film import pull_of, region_pull
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


def unpack(packed):
    return np.frombuffer(base64.b64decode(packed["bytes"]), "<" + packed["kind"])


@pytest.fixture(scope="module")
def album(toys):
    """Of an untrained model that enhances nothing."""
    album = Album()
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=6)).eval()
    encode_photoset(model, toys, regions=5, on_photo=album.add)
    return album


@pytest.fixture(scope="module")
def data(story):
    return json.loads(json.dumps(page_data(story), allow_nan=False))


def test_the_data_name_every_point_and_photograph(story, data):
    kinds = [photo["kind"] for photo in data["photographs"]]
    assert [kinds.count(k) for k in ("clear", "low", "enhanced", "twin")] == [5, 10, 10, 10]
    table = story.stills[-1].table
    for kind, points in data["points"].items():
        rows = table.of(kind)
        for column in ("row", "col"):
            np.testing.assert_array_equal(unpack(points[column]), getattr(rows, column))
        for photograph, scene in zip(unpack(points["photograph"]), rows.scene, strict=True):
            photo = data["photographs"][photograph]
            assert photo["kind"] == kind and data["scenes"][photo["scene"]]["name"] == scene
            assert photo["cell"] == [
                pytest.approx(8 / 72, abs=1e-4),
                pytest.approx(8 / 48, abs=1e-4),
            ]


def test_a_scene_knows_its_ladder_and_family(story, data):
    photographs = data["photographs"]
    for scene in data["scenes"]:
        kinds = [photographs[i]["kind"] for i in scene["ladder"]]
        assert kinds == ["low", "low", "clear"]
        assert photographs[scene["ladder"][0]]["luma"] < photographs[scene["ladder"][1]]["luma"]
        rows = [[photographs[i]["kind"] for i in row] for row in scene["family"]]
        assert rows == [["clear"], *[["low", "enhanced", "twin"]] * 2]
        straight, rank = scene["with"]
        assert 0 < straight <= 1 and -1 <= rank <= 1


def test_places_come_back_within_a_step_of_the_packing(story, data):
    kind = story.stills[-1].table.of("low", "clear").kind
    for drawn, method in zip(data["maps"], story.methods, strict=True):
        x0, x1, y0, y1 = drawn["bounds"]
        for number, drawing in method.drawings.items():
            packed = drawn["frames"][str(number)]["xy"]
            low = unpack(packed["low"]).reshape(-1, 2) / 65535 * [x1 - x0, y1 - y0] + [x0, y0]
            step = max(x1 - x0, y1 - y0) / 65535
            np.testing.assert_allclose(low, drawing.fitted[kind == "low"], atol=2 * step + 1e-4)
            assert len(unpack(packed["enhanced"])) == 2 * len(drawing.moved)


def test_the_pull_is_that_of_the_latent(story, data):
    for still, frame in zip(story.stills, data["frames"], strict=True):
        values = unpack(frame["pulls"])
        np.testing.assert_allclose(values / 1000, region_pull(still.table).clip(-30, 30), atol=6e-4)
        assert (values != UNKNOWN).all()
        assert frame["pull"] == pytest.approx(list(pull_of(still.table)), abs=1e-4)
    assert data["tracks"] == {"with": [2, 3, 4], "without": [2, 1, 0]}
    assert [data["frames"][i]["step"] for i in data["tracks"]["with"]] == [0, 10, None]


def test_colours_are_those_of_the_figures_and_of_the_scales(data):
    assert data["colours"] == ROLES | {"twin": "#000000"}
    style, script = (
        files("lacr_lib.explorer").joinpath(f"page.{kind}").read_text("utf-8")
        for kind in ("css", "js")
    )
    for name, stops in RAMPS.items():
        assert tuple(data["ramps"][name][i] for i in (0, 50, 100)) == stops
        assert f"linear-gradient(90deg, {', '.join(stops)})" in style
    assert ramp("#000000", "#646464", "#646464")[:3] == ["#000000", "#020202", "#040404"]
    assert script.count("\n") <= 400


def test_the_page_takes_the_percentiles_of_the_library(data):
    assert data["enough"] == ENOUGH and len(data["below"]) == len(data["scenes"]) + 1
    for n in range(2, len(data["below"])):
        assert data["below"][n] == percentiles(n)[0]


def test_progress_is_zero_for_a_model_that_changes_nothing(album):
    ways = [progress_of(card, album) for card in album.cards.values()]
    assert [way for way in ways if way is not None] == pytest.approx([0] * 10, abs=1e-4)
    low = album.cards["plain/low_0"]
    arrived = low._replace(
        kind="enhanced", name="plain/low_0 enhanced", code=album.cards["plain/clear"].code
    )
    assert progress_of(arrived, album) == pytest.approx(1)


def test_a_family_has_a_line_a_rung(album):
    lines = family("plain", album, album)
    assert [len(line) for line in lines] == [1, 3, 3]
    assert lines[1][0][0] == "low-light, 1/6.7"  # the darkest first: level 0.15
    np.testing.assert_array_equal(lines[1][0][1], album.cards["plain/low_0"].picture)
    assert family("plain", album, Album()) == lines[:1]


def test_a_picture_comes_back_from_its_sheet():
    pictures = [np.full((20 + i % 3, 30, 3), (i * 7) % 250, np.uint8) for i in range(260)]
    files, places = sheets(pictures)
    assert len(files) == 2 and len(places) == 260
    for i in (0, 17, 255, 259):
        number, x, y, width, height = places[i]
        raw = base64.b64decode(files[number].partition(",")[2])
        sheet = np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))
        assert max(sheet.shape) <= 2048
        part = sheet[y : y + height, x : x + width]
        assert part.shape == pictures[i].shape and abs(int(part.mean()) - (i * 7) % 250) <= 3


def test_the_file_needs_no_network_and_holds_names_as_text(story, toys, tmp_path):
    path = tmp_path / "build" / "explorer.html"
    assert write_story(path, story) == []
    page, evil = path.read_text("utf-8"), toys.scenes[1].name
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=[\"']?https?:", page)
    assert evil not in page and "<noscript>" in page
    found = re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)
    assert evil in {scene["name"] for scene in json.loads(found.group(1))["scenes"]}
    assert path.stat().st_size < 2e6


def one_model(story):
    """The story of its last model alone: no twin, no film."""
    last = tuple(m._replace(drawings={0: m.drawings[max(m.drawings)]}) for m in story.methods)
    return replace(story, stills=story.stills[-1:], methods=last, twin=None)


def test_one_models_maps_make_a_page_too(story, tmp_path):
    path = tmp_path / "explorer.html"
    assert write_story(path, one_model(story)) == []
    found = re.search(r'id="page-data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    data = json.loads(found.group(1))
    assert [drawn["name"] for drawn in data["maps"]] == [each.name for each in story.methods]
    assert data["ends"]["without"] is None and len(data["frames"]) == 1


def test_a_large_page_loses_quality_then_the_film_then_points(story, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "lacr_lib.explorer.page.render", lambda story, quality: sized(story, quality)
    )

    def sized(story, quality):
        return "x" * (quality * len(story.stills) * len(story.stills[0].table))

    path, rows = tmp_path / "page.html", len(story.stills[0].table)
    whole = 82 * 5 * rows / 1e6
    assert write_story(path, story, whole) == []
    assert write_story(path, story, whole * 0.9) == ["pictures have quality 45 of 100"]
    assert write_story(path, story, whole * 0.4)[1:] == ["the film is left out"]
    told = write_story(path, story, whole * 0.15)
    assert told[2:] == ["6 regions of each photograph"]
    assert path.stat().st_size == 45 * 2 * rows / 2
    path.unlink()
    with pytest.raises(LacrError, match="cannot be under"):
        write_story(path, story, whole * 0.001)
    assert not path.exists()


def test_a_thinned_story_keeps_the_same_regions_everywhere(story):
    few = story.thinned(4)
    table = few.stills[0].table
    assert (np.unique(table.photograph, return_counts=True)[1] == 4).all()
    for still in few.stills:
        np.testing.assert_array_equal(still.table.row, table.row)
    for method in few.methods:
        for drawing in method.drawings.values():
            assert len(drawing.fitted) == len(drawing.kept_fitted) == len(table.of("low", "clear"))
            assert len(drawing.moved) == len(drawing.kept_moved) == len(table.of("enhanced"))
    page_data(few.without_film())


def test_a_photograph_that_the_album_lacks_is_told(story, tmp_path):
    with pytest.raises(LacrError, match="album lacks"):
        write_story(tmp_path / "x.html", replace(one_model(story), album=Album()))
    assert not list(tmp_path.iterdir())


def test_exposures_are_fractions_and_a_black_frame_has_none():
    assert [_fraction(each) for each in (0.125, 0.62, 1.0, 0.0)] == ["1/8", "1/1.6", "1", "0"]


def test_the_page_in_the_repository_is_of_this_code():
    page = (Path(__file__).parents[2] / "notebooks/explorer.html").read_text("utf-8")
    for kind in ("css", "js"):
        ours = files("lacr_lib.explorer").joinpath(f"page.{kind}").read_text("utf-8")
        assert ours in page, "notebooks/explorer.html is older than the code: build it anew"
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["below"][9] == percentiles(9)[0] and len(data["scenes"]) == 9
