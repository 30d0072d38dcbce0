"""Downloads from good mirrors and bad ones: the right file, or one line and nothing wrong kept."""

from __future__ import annotations

import errno
import hashlib
import os
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from lacr_lib.data import download as module
from lacr_lib.data.download import SourceFailed, download, is_allowed
from lacr_lib.errors import LacrError

CONTENT = np.random.default_rng(0).bytes(700_001)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
REFUSED = "http://127.0.0.1:9/nobody-listens"


def get(part: Path, *sources: str) -> tuple[list[int], list[str]]:
    """What a download told on its way: positions, and sources given up."""
    positions: list[int] = []
    told: list[str] = []
    download(sources, part, len(CONTENT), SHA256, positions.append, told.append)
    return positions, told


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "archive.part"


def test_a_good_source_gives_the_file_and_is_asked_once(mirror, part: Path) -> None:
    positions, told = get(part, mirror.put("/a", CONTENT))
    assert part.read_bytes() == CONTENT and told == []
    assert positions == sorted(positions) and (positions[0], positions[-1]) == (0, len(CONTENT))
    get(part, REFUSED)  # all is there: nobody is asked
    assert mirror.asked == [("/a", None)]


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
@pytest.mark.parametrize("cut", np.random.default_rng(1).integers(1, len(CONTENT), 8).tolist())
def test_a_download_cut_at_any_byte_goes_on(mirror, part: Path, ranges: bool, cut: int) -> None:
    source = mirror.put("/a", CONTENT, cuts=[cut], ranges=ranges)
    with pytest.raises(LacrError, match=f"cut off after {cut:,} of 700,001 bytes"):
        get(part, source)
    assert part.read_bytes() == CONTENT[:cut]
    positions, _ = get(part, source)
    assert part.read_bytes() == CONTENT
    assert positions[0] == (cut if ranges else 0)
    assert mirror.asked == [("/a", None), ("/a", f"bytes={cut}-")]


def test_a_cut_without_a_length_is_seen_too(mirror, part: Path) -> None:
    source = mirror.put("/a", CONTENT, cuts=[1000], total=None)
    with pytest.raises(LacrError, match="cut off after 1,000"):
        get(part, source)
    positions, _ = get(part, source)
    assert part.read_bytes() == CONTENT and positions[0] == 1000


# What is wrong with a source, and the words that tell it.
BAD: dict[str, tuple[dict, str]] = {
    "missing": ({"status": 404}, "HTTP 404"),
    "out of order": ({"status": 503}, "HTTP 503"),
    "no content": ({"status": 204}, "HTTP 204"),
    "shorter": ({"content": CONTENT[:-1]}, "offers a file of 700000 bytes"),
    "longer": ({"content": CONTENT + b"x"}, "offers a file of 700002 bytes"),
    "longer, untold": ({"content": CONTENT + b"x", "total": None}, "more than the 700,001 bytes"),
    "another file": ({"content": CONTENT[::-1]}, "sha256"),
    "cut": ({"content": CONTENT, "cuts": [5]}, "cut off after 5 of"),
    "cut at once": ({"content": CONTENT, "cuts": [0], "total": None}, "cut off after 0 of"),
}


@pytest.mark.parametrize("name", BAD)
def test_where_the_first_source_is_bad_the_second_helps(mirror, part: Path, name: str) -> None:
    wrong, reason = BAD[name]
    bad = mirror.put("/bad", **{**wrong, "cuts": list(wrong.get("cuts", []))})
    _, told = get(part, bad, mirror.put("/good", CONTENT))
    assert part.read_bytes() == CONTENT
    assert len(told) == 1 and reason in told[0]


@pytest.mark.parametrize("name", BAD)
def test_nothing_wrong_is_kept_of_a_bad_source(mirror, part: Path, name: str) -> None:
    wrong, reason = BAD[name]
    bad = mirror.put("/bad", **{**wrong, "cuts": list(wrong.get("cuts", []))})
    with pytest.raises(LacrError, match="no source gave the file") as told:
        get(part, bad)
    assert reason in str(told.value) and "\n" not in str(told.value)
    assert not part.exists() or (part.stat().st_size < 10 and CONTENT.startswith(part.read_bytes()))


def test_a_dead_source_is_passed_over(mirror, part: Path) -> None:
    _, told = get(part, REFUSED, mirror.put("/good", CONTENT))
    assert part.read_bytes() == CONTENT and "refused" in told[0]


def test_the_second_source_goes_on_where_the_first_was_cut(mirror, part: Path) -> None:
    positions, told = get(
        part, mirror.put("/a", CONTENT, cuts=[300_000]), mirror.put("/b", CONTENT)
    )
    assert part.read_bytes() == CONTENT and "cut off" in told[0]
    assert positions == sorted(positions)
    assert mirror.asked == [("/a", None), ("/b", "bytes=300000-")]


@pytest.mark.parametrize(
    "held", [b"other bytes", CONTENT[:-1] + b"?", CONTENT + b"more"], ids=["start", "end", "size"]
)
def test_a_wrong_beginning_is_thrown_away(mirror, part: Path, held: bytes) -> None:
    part.write_bytes(held)
    get(part, mirror.put("/a", CONTENT))
    assert part.read_bytes() == CONTENT


def test_ranges_that_begin_elsewhere_are_not_used(mirror, part: Path) -> None:
    part.write_bytes(CONTENT[:1000])
    get(part, mirror.put("/a", CONTENT, shift=7))
    assert part.read_bytes() == CONTENT
    assert mirror.asked == [("/a", "bytes=1000-"), ("/a", None)]


def test_a_range_of_another_file_keeps_what_is_there(mirror, part: Path) -> None:
    part.write_bytes(CONTENT[:1000])
    with pytest.raises(LacrError, match="offers a file of 5000 bytes"):
        get(part, mirror.put("/a", CONTENT[:5000]))
    assert part.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(
    "location",
    ["http://example.org/a", "file:///etc/passwd", "ftp://example.org/a", "data:,a", "//[", ""],
)
def test_a_redirect_elsewhere_is_not_followed(mirror, part: Path, location: str) -> None:
    with pytest.raises(LacrError, match="no source") as told:
        get(part, mirror.put("/a", status=302, location=location))
    assert not part.exists()
    assert not location.startswith("http:") or "which is not https" in str(told.value)


def test_a_redirect_is_followed_by_the_rule(mirror, part: Path) -> None:
    there = mirror.put("/there", CONTENT)
    get(part, mirror.put("/a", status=302, location=there))
    assert part.read_bytes() == CONTENT
    part.unlink()
    with pytest.raises(LacrError, match="redirect"):
        get(part, mirror.put("/loop", status=302, location="/loop"))
    with pytest.raises(SourceFailed, match="which is not https"):  # down from https, even to here
        request = urllib.request.Request("https://example.org/a")
        module._CheckedRedirects().redirect_request(request, None, 302, "", None, there)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.org/a.zip", True),
        ("http://127.0.0.1:80/a", True),
        ("http://[::1]/a", True),
        ("http://localhost/a", True),
        ("http://example.org/a", False),
        ("http://127.0.0.1.example.org/a", False),
        ("http://localhost.example.org/a", False),
        ("file:///etc/passwd", False),
        ("ftp://example.org/a", False),
        ("https:///a", False),
        ("https://[", False),
        ("a.zip", False),
        ("", False),
    ],
)
def test_only_https_and_this_machine(url: str, allowed: bool, part: Path) -> None:
    assert is_allowed(url) == allowed
    if not allowed:
        with pytest.raises(LacrError, match="only https"):
            get(part, url)


def test_a_silent_source_is_given_up(mirror, part: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    source = mirror.put("/a", CONTENT, silence=1.0)
    with pytest.raises(LacrError, match="timed out"):
        get(part, source)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_no_fault_of_the_source(mirror, part: Path) -> None:
    part.symlink_to("/dev/full")
    with pytest.raises(OSError) as told:
        get(part, mirror.put("/a", CONTENT), mirror.put("/b", CONTENT))
    assert told.value.errno == errno.ENOSPC
    assert [path for path, _ in mirror.asked] == ["/a"]
