"""The wall behind which the notebooks are tested holds, and tells who ran against it."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

from lacr_lib.teaching.run import execute
from lacr_lib.teaching.sources import METADATA
from tests.notebooks.conftest import Wall

TRIES = """
import os, socket, subprocess, sys, urllib.request
from pathlib import Path

def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return "behind this wall" in str(error)

plain, datagram = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
told = {
    "connect": refused(plain.connect, ("192.0.2.1", 80)),
    "send": refused(datagram.sendto, b"x", ("192.0.2.2", 53)),
    "look up": refused(socket.gethostbyname, "one.example"),
    "page": refused(urllib.request.urlopen, "http://two.example/"),
}
child = "import socket; socket.create_connection(('three.example', 80))"
told["child"] = b"behind this wall" in subprocess.run(
    [sys.executable, "-c", child], capture_output=True).stderr
if hasattr(os, "fork"):
    worker = os.fork()
    if not worker:
        os._exit(0 if refused(socket.gethostbyname, "four.example") else 1)
    told["worker"] = os.waitpid(worker, 0)[1] == 0
server = socket.create_server(("127.0.0.1", 0))
told["this machine"] = socket.create_connection(server.getsockname()) is not None
Path.home().joinpath("letter").write_text("x")
print(all(told.values()) or told)
"""


def test_what_would_leave_the_machine_is_refused_and_told(wall: Wall, tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell('PROFILE = "demo"', metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(TRIES),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), tmp_path / "a.ipynb")
    with wall.environment():
        execute(tmp_path / "a.ipynb", tmp_path / "b.ipynb", "smoke")
    (output,) = nbformat.read(tmp_path / "b.ipynb", as_version=4).cells[-1].outputs
    assert output.text == "True\n"
    names = {f"{name}.example" for name in ("one", "two", "three")}
    names |= {"four.example"} if sys.platform != "win32" else set()
    assert wall.noted("network") == {"192.0.2.1", "192.0.2.2", *names}
    assert len(wall.noted("begin")) == 2  # the kernel and its child; a fork does not start anew
    assert wall.astray() == [str(wall.home / "letter")]
    assert [path.name for path in wall.home.iterdir()] == ["letter"]
