"""The catalogue we ship, and what a catalogue of one's own may hold."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from PIL import Image

from lacr_lib.commands.parser import make_parser
from lacr_lib.data.catalogue import Archive, DataSet, find_data_set, read_catalogue
from lacr_lib.data.layouts import open_photoset
from lacr_lib.errors import LacrError

ENTRY = """
[mine]
title = "Mine"
page = "https://example.org"
terms = "ours"
layout = ["low/1.png", "high/1.png"]
then = "lacr evaluate --data DIR"
"""
ARCHIVE = f"""
sources = ["https://example.org/a.zip", "https://example.net/a.zip"]
bytes = 10
sha256 = "{"0f" * 32}"
unpacked_bytes = 20
"""
SHIPPED = read_catalogue()


def read(tmp_path: Path, text: str) -> dict[str, DataSet]:
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    return read_catalogue(tmp_path / "mine.toml")


def test_an_entry_and_its_archive(tmp_path: Path) -> None:
    mine = read(tmp_path, ENTRY)["mine"]
    assert (mine.title, mine.layout, mine.how) == ("Mine", ("low/1.png", "high/1.png"), "")
    assert mine.archive is None
    sources = ("https://example.org/a.zip", "https://example.net/a.zip")
    expected = Archive(sources, 10, "0f" * 32, 20, 100_000)
    assert read(tmp_path, ENTRY + ARCHIVE)["mine"].archive == expected
    limited = read(tmp_path, ENTRY + ARCHIVE + "max_files = 3")["mine"].archive
    assert limited is not None and limited.max_files == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "no catalogue"),
        ("mine = 3", "a table"),
        (ENTRY.replace("mine", '"../mine"'), "is no name"),
        (ENTRY.replace("mine", '"-o"'), "is no name"),
        (ENTRY.replace("terms", "licence"), "unknown: licence"),
        (ENTRY.replace('terms = "ours"', ""), "missing: terms"),
        (ENTRY.replace('"ours"', '""'), "missing: terms"),
        (ENTRY.replace('"ours"', "3"), "terms is no text"),
        (ENTRY.replace('"ours"', '"\\u001b[2J"'), "terms is no text"),
        (ENTRY.replace('"low/1.png"', "3"), "layout is no list of texts"),
        (ENTRY + ARCHIVE.replace("10", "-10"), "bytes is no whole number"),
        (ENTRY + ARCHIVE.replace("10", "1.5"), "bytes is no whole number"),
        (ENTRY + ARCHIVE.replace("10", "true"), "bytes is no whole number"),
        (ENTRY + ARCHIVE.replace("0f", "0F"), "no SHA-256"),
        (ENTRY + ARCHIVE.replace("0f", "f"), "no SHA-256"),
        (ENTRY + ARCHIVE.replace("https://example.net", "http://example.net"), "only https"),
        (ENTRY + ARCHIVE.replace("https://example.net", "file://"), "only https"),
        (ENTRY + ARCHIVE.replace("bytes = 10", ""), "needs bytes too"),
        (ENTRY + "bytes = 10", "needs sources, sha256, unpacked_bytes too"),
        (ENTRY + "max_files = 10", "needs sources"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LacrError, match=words) as told:
        read(tmp_path, text)
    assert "\n" not in str(told.value) and "mine.toml" in str(told.value)


def test_no_catalogue(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(LacrError, match="no catalogue"):
            read_catalogue(path)
    (tmp_path / "latin.toml").write_bytes(b"\xe9")
    with pytest.raises(LacrError, match="no catalogue"):
        read_catalogue(tmp_path / "latin.toml")


def test_a_name_that_is_not_there() -> None:
    assert find_data_set("lol-v1", SHIPPED).name == "lol-v1"
    with pytest.raises(LacrError, match="did you mean lol-v1"):
        find_data_set("lol_v1", SHIPPED)
    with pytest.raises(LacrError, match="known are none"):
        find_data_set("lol-v1", {})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_can_be_had_and_used(name: str, tmp_path: Path) -> None:
    """It says how to get it, its layout is one that we open, its command is one of ours."""
    data_set = SHIPPED[name]
    assert bool(data_set.how) != bool(data_set.archive)
    command = make_parser().parse_args(shlex.split(data_set.then)[1:])
    if command.command == "prepare":  # that reads numbered files, in any folder
        return
    for path in data_set.layout:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 18)).save(tmp_path / path)
    photos = open_photoset(tmp_path / Path(command.data).relative_to("DIR"))
    assert bool(photos.pairs()) == name.startswith("lol")
    if photos.pairs():
        assert len(photos.select("test").scenes) == len(photos.select("train").scenes) == 1
