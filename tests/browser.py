"""Debian's Chromium without a window, driven through its DevTools pipe: no package is needed.

Source: the Chrome DevTools Protocol; with --remote-debugging-pipe it reads JSON texts, each ended
by a zero byte, from file descriptor 3 and answers on 4.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

PATIENCE = 120.0  # seconds for one answer: machines that test are busy
LOADED = "document.readyState === 'complete' && location.protocol === 'file:'"
SHIFT, CTRL = 8, 2  # held down meanwhile: bits of the protocol
GRAPHICS = {"canvas": ["--disable-gpu"], "webgl": ["--enable-unsafe-swiftshader"]}


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page: `open` an address, `run` JavaScript in it, press keys, move the mouse.

    graphics: "canvas" or "webgl" (in software). Under 600 pixels of width it is a phone. ready: the
    condition, in JavaScript, that says that a page has opened. requests, complaints: every address
    that the page asked for, every console error and exception; both since it was opened.
    """

    def __init__(
        self,
        graphics: str = "canvas",
        width: int = 1280,
        height: int = 900,
        ready: str = LOADED,
    ) -> None:
        self._ready = ready
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._number = 0
        self._left = b""
        read_there, self._write = os.pipe()
        self._read, write_there = os.pipe()
        command = [
            str(find_chromium()), "--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
            "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe",
            f"--user-data-dir={self._folder.name}", f"--window-size={width},{height}",
            *GRAPHICS[graphics], "about:blank",
        ]  # fmt: skip
        shell = f'exec "$@" 3<&{read_there} 4>&{write_there}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *command],
            pass_fds=(read_there, write_there),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_there)
        os.close(write_there)
        self._size = {"width": width, "height": height}
        self._session = self._target = ""

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session = ""
        try:
            self.call("Browser.close")
            self._process.wait(20)
        except (OSError, EOFError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        self._folder.cleanup()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; what happens meanwhile is noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self._note(answer)

    def open(self, path: Path, hash_: str = "", reduced_motion: bool = False) -> None:
        """Opens a file in a new tab, closes the old one, waits until the page is ready."""
        old, self._session = self._target, ""
        self._target = self.call("Target.createTarget", url="about:blank")["targetId"]
        if old:
            self.call("Target.closeTarget", targetId=old)
        joined = self.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = joined["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        phone = self._size["width"] < 600
        self.call(
            "Emulation.setDeviceMetricsOverride", **self._size, deviceScaleFactor=1, mobile=phone
        )
        motion = {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else ""}
        self.call("Emulation.setEmulatedMedia", features=[motion])
        self.requests.clear()
        self.complaints.clear()
        self.call("Page.navigate", url=path.absolute().as_uri() + hash_)
        self.wait(self._ready)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, promises awaited."""
        got = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in got:
            raise RuntimeError(f"{script}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def wait(self, condition: str, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {condition}; {self.complaints}")
            time.sleep(0.05)

    def press(self, key: str, code: int, held: int = 0) -> None:
        """A key that has a name, such as Tab (9) or ArrowDown (40)."""
        name = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": held}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **name)

    def mouse(self, kind: str, x: float, y: float, held: int = 0) -> None:
        """kind: mouseMoved, or click."""
        kinds = ["mousePressed", "mouseReleased"] if kind == "click" else [kind]
        for each in kinds:
            pressed = {} if each == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=each, x=x, y=y, modifiers=held, **pressed)

    def resize(self, width: int, height: int) -> None:
        """Until the next page is opened."""
        size = {"width": width, "height": height}
        self.call("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)

    def screenshot(self, path: Path, whole: bool = False) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))
        return path

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            if not select.select([self._read], [], [], PATIENCE)[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise EOFError("the browser has gone")
            self._left += part
        message, self._left = self._left.split(b"\0", 1)
        return dict(json.loads(message))

    def _note(self, event: dict[str, Any]) -> None:
        about = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(about["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if about["type"] in ("error", "assert"):
                self.complaints.append(str(about["args"]))
            case "Log.entryAdded" if about["entry"]["level"] == "error":
                self.complaints.append(str(about["entry"]))
