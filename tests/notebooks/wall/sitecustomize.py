"""Python starts with this file where its folder is on PYTHONPATH: no network, and writes are noted.

What would leave the machine is refused with an OSError. Each attempt, also one that its caller
forgives, adds a line "network HOST" or "write PATH" to the file that LACR_WALL names.
"""

import os
import sys

LOCAL = ("127.", "localhost", "::1", "0.0.0.0")
LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
SENDINGS = ("socket.connect", "socket.sendto", "socket.sendmsg")
CHANGED = {"os.mkdir": 0, "os.truncate": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1}

log = os.open(os.environ["LACR_WALL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def note(kind, what):
    os.write(log, f"{kind} {what}\n".encode("utf-8", "surrogateescape"))


def refuse_unless_local(host):
    name = os.fsdecode(host) if isinstance(host, bytes) else str(host or "localhost")
    if not name.startswith(LOCAL):
        note("network", name)
        raise OSError(f"no way to {name}: there is no network behind this wall")


def watch(event, arguments):
    if event in LOOKUPS:
        refuse_unless_local(arguments[0])
    elif event in SENDINGS:
        address = arguments[1]
        if isinstance(address, tuple):  # else a path: both ends are on this machine
            refuse_unless_local(address[0])
    elif event == "open":
        path, _, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            note_path(path)
    elif event in CHANGED:
        note_path(arguments[CHANGED[event]])


def note_path(path):
    if not isinstance(path, int):  # a file that is open already
        note("write", os.path.abspath(os.fsdecode(path)))


note("begin", os.getpid())
sys.addaudithook(watch)
