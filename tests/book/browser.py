"""Headless Chromium on a folder of pages: what a page asks for, how wide it is, how it looks."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, DESKTOP = 390, 1280  # CSS pixels

# A window of a browser has a least width, a frame has not: pages are opened in a frame.
_FRAME = """<!DOCTYPE html><meta charset="utf-8"><style>body {{ margin: 0 }}</style>
<iframe src="{page}" style="border: 0; width: {width}px; height: {height}px"></iframe><pre></pre>
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", async () => {{
  const inside = frame.contentWindow, root = frame.contentDocument.documentElement;
  if ("{theme}") frame.contentDocument.body.dataset.theme = "{theme}";
  if (inside.MathJax && inside.MathJax.startup) await inside.MathJax.startup.promise;
  if (inside.Reveal) await new Promise((done) => setTimeout(done, 1500));
  const found = {script};
  document.querySelector("pre").textContent = JSON.stringify(found);
  document.querySelector("pre").hidden = true;
}});
</script>
"""
_WIDTHS = """{
    width: root.clientWidth, content: root.scrollWidth, title: frame.contentDocument.title,
    text: root.innerText.length, formulas: root.querySelectorAll("mjx-container").length,
    wide: [...root.querySelectorAll("article *")].filter((each) => {
      if (each.getBoundingClientRect().right <= root.clientWidth + 1) return false;
      for (let box = each; box.tagName !== "ARTICLE"; box = box.parentElement)
        if (["auto", "scroll"].includes(inside.getComputedStyle(box).overflowX)) return false;
      return each.tagName !== "MJX-ASSISTIVE-MML" && !each.closest("mjx-assistive-mml");
    }).map((each) => each.tagName + " " + each.className).slice(0, 5),
    broken: [...root.querySelectorAll("img")].filter((each) => each.complete && !each.naturalWidth)
      .map((each) => each.src),
    asked: inside.performance.getEntriesByType("resource").map((each) => each.name)}"""


@dataclass
class Site:
    """A folder that is served on this machine. missing: paths that were asked for in vain."""

    address: str
    folder: Path
    missing: list[str] = field(default_factory=list)

    def measure(self, page: str, width: int, script: str = _WIDTHS, height: int = 900) -> Any:
        """What a script finds in a page of that width."""
        frame = self._frame(page, width, height, script=script)
        dom = _chromium("--dump-dom", "--virtual-time-budget=60000", f"{self.address}/{frame}")
        text = dom.partition('<pre hidden="">')[2].partition("</pre>")[0]
        assert text, f"{page} did not load in Chromium"
        return json.loads(unescape(text))

    def picture(
        self, page: str, width: int, target: Path, theme: str = "light", height: int = 1200
    ) -> Path:
        """A screenshot of the top of a page."""
        target.parent.mkdir(parents=True, exist_ok=True)
        frame = self._frame(page, width, height, theme)
        size = f"--window-size={max(width, 500)},{height}"
        waits = "--virtual-time-budget=60000"
        _chromium(size, waits, f"--screenshot={target}", f"{self.address}/{frame}")
        return target

    def _frame(self, page: str, width: int, height: int, theme: str = "", script: str = "0") -> str:
        name = "frame-of-the-test.html"
        values = {"page": page, "width": width, "height": height, "theme": theme}
        (self.folder / name).write_text(_FRAME.format(**values, script=script), encoding="utf-8")
        return name


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serves a folder on a free port of this machine, until the end of the block."""
    missing: list[str] = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def send_error(self, code: int, *rest: Any, **more: Any) -> None:
            if self.path != "/favicon.ico":  # asked for by every browser, whatever the page says
                missing.append(self.path)
            super().send_error(code, *rest, **more)

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", folder, missing)
    finally:
        server.shutdown()
        server.server_close()
        (folder / "frame-of-the-test.html").unlink(missing_ok=True)


def _chromium(*arguments: str) -> str:
    assert CHROMIUM
    # No name but this machine's can be looked up: a page that needs another would show it.
    offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        offline,
    ]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=240, check=True
    )
    return done.stdout
