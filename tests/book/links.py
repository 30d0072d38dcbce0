"""What a folder of HTML pages refers to: local targets that are missing, and other machines."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Tags whose address is fetched as soon as the page opens; an <a> waits for a click.
FETCHED = {"script", "img", "link", "iframe", "source", "video", "audio", "embed", "object", "use"}


class Page(HTMLParser):
    """Addresses and anchors of one page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []  # tag, address
        self.anchors: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        for name in ("href", "src", "data", "poster", "xlink:href"):
            if values.get(name):
                self.links.append((tag, values[name]))
        for part in values.get("srcset", "").split(","):
            if part.strip():
                self.links.append((tag, part.split()[0]))

    handle_startendtag = handle_starttag


def read_pages(folder: Path) -> dict[Path, Page]:
    """Every page of a folder, by its path."""
    return {file: Page(file) for file in sorted(folder.rglob("*.html"))}


def missing_targets(folder: Path, pages: dict[Path, Page]) -> list[str]:
    """Local addresses that lead to no file, out of the folder, or to no anchor of their page."""
    found = []
    for file, page in pages.items():
        for _, address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            names = {parts.fragment, unquote(parts.fragment)}  # a browser tries both
            inside = target.is_relative_to(folder)
            if not (inside and target.is_file()) or (
                parts.fragment and target in pages and not names & pages[target].anchors
            ):
                found.append(f"{file.relative_to(folder)} -> {address}")
    return found


def fetched_elsewhere(folder: Path, pages: dict[Path, Page]) -> list[str]:
    """What a browser would fetch from another machine when a page is opened."""
    found = [
        f"{file.relative_to(folder)}: <{tag}> {address}"
        for file, page in pages.items()
        for tag, address in page.links
        if tag in FETCHED and re.match(r"(https?:)?//", address)
    ]
    for file in sorted(folder.rglob("*.css")):
        style = file.read_text("utf-8", "replace")
        for address in re.findall(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s;]+)", style):
            found.append(f"{file.relative_to(folder)}: {address}")
    return found
