"""The explorer's file: whole, offline, and safe with any file name."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from lacr_lib.data.photoset import PhotoSet
from lacr_lib.errors import LacrError
from lacr_lib.explorer.page import COLOURS, page_data, write_explorer
from lacr_lib.explorer.scenes import Album, family, progress_of, sheets
from lacr_lib.figures.style import ROLES
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import encode_photoset
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae

EVIL = "</script><script>document.body.dataset.evil='yes'</script>"


@pytest.fixture(scope="module")
def parts():
    """Two scenes, one with a hostile name, encoded by an untrained model: it enhances nothing."""
    from lacr_lib.data.photoset import Frame, Scene

    def photo(level: int) -> Frame:
        image = np.random.default_rng(0).integers(0, level, (32, 48, 3), dtype=np.uint8)
        return Frame("x", lambda: image, None, level / 255)

    scenes = (
        Scene("plain", "", photo(255), (photo(40), photo(90))),
        Scene(EVIL, "", photo(200), (photo(30),)),
    )
    album = Album()
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=6)).eval()
    table = encode_photoset(
        model, PhotoSet("toys", "ladder", scenes), regions=5, on_photo=album.add
    )
    fitted, moved = table.of("low", "clear"), table.of("enhanced")
    flat = LatentMap("PCA", fitted.mu[:, :2], moved.mu[:, :2], True, 0.9, 0.8)
    joint = flat._replace(method="t-SNE", transformed=False)
    return [flat, joint], fitted, moved, album


def test_the_data_name_every_point_and_photograph(parts):
    maps, fitted, moved, album = parts
    data = page_data(maps, fitted, moved, album, twin=album)
    kinds = [photo["kind"] for photo in data["photographs"]]
    assert [kinds.count(k) for k in ("clear", "low", "enhanced", "twin")] == [2, 3, 3, 3]
    for kind, table in (("low", fitted), ("clear", fitted), ("enhanced", moved)):
        rows = table.of(kind)
        points = data["points"][kind]
        assert len(points["photograph"]) == len(points["box"]) == len(rows)
        for flat in data["maps"]:
            assert len(flat["points"][kind]) == len(rows)
        for i, photograph in enumerate(points["photograph"]):
            assert data["photographs"][photograph]["scene"] == rows.scene[i]
            x, y, width, height = points["box"][i]
            assert x == pytest.approx(rows.col[i] * 8 / 48, abs=1e-3)
            assert y + height <= 1.0001 and width == pytest.approx(8 / 48, abs=1e-3)


def test_colours_are_those_of_the_figures():
    assert COLOURS == ROLES
    script = files("lacr_lib.explorer").joinpath("page.js").read_text("utf-8")
    assert all(f'{kind}: "{colour}"' in script for kind, colour in COLOURS.items())


def test_progress_is_zero_for_a_model_that_changes_nothing(parts):
    album = parts[3]
    ways = [progress_of(card, album) for card in album.cards.values()]
    assert [way for way in ways if way is not None] == pytest.approx([0, 0, 0], abs=1e-5)
    low = album.cards["plain/low_0"]
    arrived = low._replace(
        kind="enhanced", name="plain/low_0 enhanced", code=album.cards["plain/clear"].code
    )
    assert progress_of(arrived, album) == pytest.approx(1)


def test_a_family_has_a_line_a_rung(parts):
    album = parts[3]
    lines = family("plain", album, album)
    assert [len(line) for line in lines] == [1, 3, 3]
    assert lines[1][0][0] == "low-light, 1/6"  # the darkest first: level 40 of 255
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


def test_the_file_needs_no_network_and_holds_names_as_text(parts, tmp_path):
    path = write_explorer(tmp_path / "build" / "explorer.html", *parts, twin=parts[3])
    page = path.read_text("utf-8")
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=[\"']?https?:", page)
    assert EVIL not in page
    found = re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)
    assert EVIL in {photo["scene"] for photo in json.loads(found.group(1))["photographs"]}
    assert path.stat().st_size < 3e6


def test_it_opens_in_a_browser(parts, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    path = write_explorer(tmp_path / "explorer.html", *parts, twin=parts[3])
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=4000",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        f"{path.as_uri()}#map=1&scene=plain",
    ]
    page = subprocess.run(command, capture_output=True, text=True, timeout=180).stdout
    assert 'data-ready="yes"' in page and 'data-evil="yes"' not in page
    assert "plain: 7 photographs" in page and "t-SNE: trustworthiness 0.9" in page
    assert "fitted along with the others" in page


def test_what_cannot_be_shown_is_told(parts, tmp_path):
    maps, fitted, moved, album = parts
    with pytest.raises(LacrError, match="at least one map"):
        write_explorer(tmp_path / "x.html", [], fitted, moved, album)
    with pytest.raises(LacrError, match="album lacks"):
        write_explorer(tmp_path / "x.html", maps, fitted, moved, Album())
