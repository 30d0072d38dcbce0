"""One file from the network, checked: of known size and SHA-256, from several sources, resumable.

Only https is spoken, and http to this machine itself. What a cut attempt left is continued, by an
HTTP range where the server knows ranges, from the start where it does not.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from lacr_lib import __version__
from lacr_lib.errors import LacrError, first_line

CHUNK = 2**18  # bytes
TIMEOUT = 60.0  # seconds without a byte


class SourceFailed(Exception):
    """A source did not give the file; what is there of it may be continued."""


class WrongContent(SourceFailed):
    """What came is not the file: nothing of it may be kept."""


def download(
    sources: Iterable[str],
    part: Path,
    size: int,
    sha256: str,
    at: Callable[[int], object],
    tell: Callable[[str], object],
) -> None:
    """Complete the file `part` from the first source that gives all of it.

    size: bytes. at: told how many bytes are there. tell: told why a source was given up.
    Raises LacrError if an address is not allowed, or no source gave the file; `part` is kept then,
    unless its content is wrong. Raises OSError if it cannot be written.
    """
    told = []
    for url in sources:
        if not is_allowed(url):
            raise LacrError(f"{url!r} is refused: only https is fetched")
        try:
            _from_source(url, part, size, sha256, at)
            return
        except SourceFailed as error:
            told.append(f"{urlsplit(url).hostname}: {error}")
            tell(told[-1])
    raise LacrError(f"no source gave the file ({'; '.join(told)}); run it again to go on")


def is_allowed(url: str) -> bool:
    """Whether we open such an address: https, or http on this machine (a mirror being tried)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)))


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_source(url: str, part: Path, size: int, sha256: str, at: Callable[[int], object]) -> None:
    """Go on with `part` from one source; from its start if an earlier beginning proves wrong."""
    for resumed in [True, False] if part.exists() else [False]:
        try:
            _transfer(url, part, size, at)
            _check(part, sha256)
            return
        except WrongContent:
            part.unlink(missing_ok=True)
            if not resumed:
                raise


def _transfer(url: str, part: Path, size: int, at: Callable[[int], object]) -> None:
    held = part.stat().st_size if part.exists() else 0
    if held > size:
        raise WrongContent(f"{held:,} bytes are there already, of {size:,}")
    if held == size:
        return
    with _answer(url, held) as answer:
        position = _begin(answer, held, size)
        at(position)
        with part.open("ab" if position else "wb") as file:
            while chunk := _read(answer):
                position += len(chunk)
                if position > size:
                    raise WrongContent(f"sends more than the {size:,} bytes of the file")
                file.write(chunk)
                at(position)
    if position < size:
        raise SourceFailed(f"cut off after {position:,} of {size:,} bytes")


@contextmanager
def _answer(url: str, held: int) -> Iterator[http.client.HTTPResponse]:
    headers = {"User-Agent": f"lacr-vae/{__version__}"}
    if held:
        headers["Range"] = f"bytes={held}-"
    with _network():
        opener = urllib.request.build_opener(_CheckedRedirects)
        answer = opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    with answer:
        yield answer


def _read(answer: http.client.HTTPResponse) -> bytes:
    with _network():
        return answer.read(CHUNK)


@contextmanager
def _network() -> Iterator[None]:
    """Turns whatever the network raises in the block into a SourceFailed of one line."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceFailed(f"HTTP {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceFailed(first_line(error)) from None


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a source to other addresses by the same rule, and never from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: http.client.HTTPMessage, newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        falls = req.type == "https" and urlsplit(newurl).scheme != "https"
        if falls or not is_allowed(newurl):
            raise SourceFailed(f"redirects to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _begin(answer: Any, held: int, size: int) -> int:
    """Where the body of an answer begins in the file; raises SourceFailed for another file."""
    if answer.status == 206:
        given = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if not given or int(given[1]) != held:
            raise WrongContent(f"answers with another range than the one from {held:,}")
        if given[2] not in ("*", str(size)):
            raise SourceFailed(f"offers a file of {given[2]} bytes, not {size}")
        return held
    if answer.status != 200:
        raise SourceFailed(f"HTTP {answer.status} {answer.reason}")
    length = answer.headers.get("Content-Length", str(size))
    if length != str(size):
        raise SourceFailed(f"offers a file of {length} bytes, not {size}")
    return 0


def _check(part: Path, sha256: str) -> None:
    with part.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise WrongContent("the sha256 of what it sent differs")
