"""`lacr fetch`: data sets of the field, downloaded where their terms allow it."""

from __future__ import annotations

import sys
import textwrap
from argparse import Namespace
from pathlib import Path

from lacr_lib.commands.common import bar, begun, one_line, say
from lacr_lib.data.catalogue import DataSet, find_data_set, read_catalogue
from lacr_lib.data.fetch import check_new, fetch
from lacr_lib.errors import LacrError

WIDTH = 100


def run(options: Namespace) -> int:
    """Exit code 0: fetched, or listed; 2: nothing was downloaded; 1: the download failed."""
    catalogue = read_catalogue(options.catalogue)
    if options.list or options.name is None:
        print("\n".join(line(data_set) for data_set in catalogue.values()))
        return 0
    data_set = find_data_set(options.name, catalogue)
    out = options.out or Path("data", data_set.name)
    if data_set.archive is None:
        print(told(data_set, out))
        say(f"lacr: nothing was downloaded: {data_set.name} is to be had from its page only")
        return 2
    check_new(out.expanduser())
    print(told(data_set, out), flush=True)
    if not options.yes:
        _agree()
    _fetch(data_set, out)
    print(f"{out}: {data_set.name}, its sha256 is right; then: {_then(data_set, out)}")
    return 0


def line(data_set: DataSet) -> str:
    """A data set in one line: its name, the size of its download or "page", its title."""
    size = f"{data_set.archive.bytes / 1e6:,.0f} MB" if data_set.archive else "page"
    return f"{data_set.name:12} {size:>9}  {data_set.title}"


def told(data_set: DataSet, out: Path) -> str:
    """Page, terms, and what to expect of a data set, as a block of lines for people."""
    rows = [
        ("", data_set.title),
        ("page", data_set.page),
        ("terms", data_set.terms),
        ("how", data_set.how),
        ("layout", "  ".join(data_set.layout)),
        ("then", _then(data_set, out)),
    ]
    if data_set.archive:
        sizes = (data_set.archive.bytes / 1e6, data_set.archive.unpacked_bytes / 1e6)
        rows.append(("size", "{:,.1f} MB, unpacked at most {:,.1f} MB".format(*sizes)))
        rows.append(("sha256", data_set.archive.sha256))
        rows += [("from", url) for url in data_set.archive.sources]
    return "\n".join(_row(head if head else data_set.name, text) for head, text in rows if text)


def _row(head: str, text: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=f"{head:8} ", subsequent_indent=" " * 9,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _then(data_set: DataSet, out: Path) -> str:
    return data_set.then.replace("DIR", str(out))


def _agree() -> None:
    """Raises LacrError unless the person at the terminal accepts the terms."""
    if not sys.stdin.isatty():
        raise LacrError("nothing was downloaded: --yes says that you accept the terms above")
    say('Type "yes" to accept these terms and download:')
    if sys.stdin.readline().strip().lower() != "yes":
        raise LacrError("nothing was downloaded: the terms were not accepted")


def _fetch(data_set: DataSet, out: Path) -> None:
    assert data_set.archive is not None
    with bar(data_set.archive.bytes, data_set.name, "B", scale=True) as progress, begun():
        fetch(
            data_set.archive, out,
            at=lambda position: progress.update(position - progress.n),
            tell=lambda line: progress.write(f"lacr: {one_line(line)}", file=sys.stderr),
        )  # fmt: skip
