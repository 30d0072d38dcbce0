"""A mirror on this machine that serves files well, or badly in the ways that mirrors have."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One address of the mirror, and what is wrong with it.

    cuts: the answers, one after the other, break off after so many bytes. shift: ranges begin so
    many bytes too late. total: what it claims to be the size of the file; None: it claims nothing.
    silence: seconds before it answers.
    """

    content: bytes = b""
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    shift: int = 0
    total: int | None = -1
    silence: float = 0.0
    status: int = 200
    location: str = ""


@dataclass
class Mirror:
    """The addresses of a mirror; `asked` are the requests it had: path and Range header."""

    port: int
    served: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def put(self, path: str, content: bytes = b"", **wrong: object) -> str:
        self.served[path] = Served(content, **wrong)  # type: ignore[arg-type]
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def serving() -> Iterator[Mirror]:
    """A mirror at work, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.mirror = Mirror(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.mirror  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        mirror: Mirror = self.server.mirror  # type: ignore[attr-defined]
        wanted = self.headers.get("Range")
        mirror.asked.append((self.path, wanted))
        file = mirror.served.get(self.path, Served(status=404))
        time.sleep(file.silence)
        start = 0
        if file.ranges and file.status == 200 and wanted:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
        self._answer(file, start)

    def _answer(self, file: Served, start: int) -> None:
        total = len(file.content) if file.total == -1 else file.total
        start += file.shift if start else 0
        self.send_response(206 if start else file.status)
        if start:
            last = (total or len(file.content)) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{total or '*'}")
        if file.location:
            self.send_header("Location", file.location)
        if total is not None:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        body = file.content[start:]
        with suppress(ConnectionError):  # whoever asked has heard enough
            self.wfile.write(body[: file.cuts.pop(0)] if file.cuts else body)

    def log_message(self, format: str, *args: object) -> None:
        pass
