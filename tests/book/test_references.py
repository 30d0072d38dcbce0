"""Papers: each that is named has its entry, each entry says who, what, where and when."""

from __future__ import annotations

import re
import unicodedata

import pytest

from tests.book.conftest import ROOT

BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text("utf-8")
ENTRIES = dict(re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", BIBLIOGRAPHY, re.MULTILINE | re.DOTALL))
# Hu et al. 2018; Wei et al., BMVC 2018; Burda et al. (2016); Kingma & Welling 2014
NAMED = re.compile(
    r"([A-Z][a-z]+)(?: et al\.| & [A-Z][a-z]+),? \(?(?:[A-Z]+ )*((?:19|20)\d\d)\b"
)  # fmt: skip
SHORT_NAMES = {"NPE": "npe", "LIME": "lime", "AECR-Net": "aecrnet", "LRCR-Net": "lrcrnet",
               "MoCo": "moco", "UMAP": "umap", "CBAM": "cbam", "KinD": "kind"}  # fmt: skip


def named() -> set[tuple[str, str]]:
    """First author and year of every paper that the course names in words."""
    files = [*(ROOT / "notebooks" / "src").glob("*.py"), *(ROOT / "lacr_lib").rglob("*.py")]
    words = (re.sub(r"\n[# ]*", " ", file.read_text("utf-8")) for file in files)
    return {found for text in words for found in NAMED.findall(text)}


def field(entry: str, name: str) -> str:
    found = re.search(rf"^  {name} *= \{{(.*)\}},$", ENTRIES[entry], re.MULTILINE)
    return found.group(1) if found else ""


def plain(text: str) -> str:
    """Letters without accents, TeX's included."""
    text = unicodedata.normalize("NFD", re.sub(r"[{}\\\"']", "", text))
    return "".join(c for c in text if not unicodedata.combining(c))


def test_every_paper_that_is_named_has_an_entry() -> None:
    assert len(named()) > 15
    known = [(plain(field(key, "author")), field(key, "year")) for key in ENTRIES]
    missing = {
        (name, year) for name, year in named()
        if not any(name in authors and year == when for authors, when in known)
    }  # fmt: skip
    assert missing == set()


def test_methods_that_go_by_a_short_name_have_their_entry() -> None:
    assert set(SHORT_NAMES.values()) <= set(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_says_who_what_where_and_when(entry: str) -> None:
    assert field(entry, "title")
    assert re.fullmatch(r"(19|20)\d\d", field(entry, "year"))
    assert field(entry, "author") or field(entry, "key")
    assert "others" not in field(entry, "author")
    doi, eprint = field(entry, "doi"), field(entry, "eprint")
    assert not doi or re.fullmatch(r"10\.\d{4,5}/\S+", doi)
    assert not eprint or re.fullmatch(r"\d{4}\.\d{4,5}", eprint)


def test_every_entry_was_read() -> None:
    assert len(ENTRIES) == BIBLIOGRAPHY.count("\n@") + 1
