"""A notebook that draws an axis without a label is found, however it shows its figure."""

from __future__ import annotations

from pathlib import Path

from nbclient import NotebookClient

from lacr_lib.teaching.build import kernel_environment
from lacr_lib.teaching.sources import read_source
from tests.notebooks.axes import watch_axes
from tests.teaching.conftest import write_source

CELLS = """plt.plot([1, 4, 9])
plt.xlabel("step")
plt.show()

# %%
plt.plot([1, 4, 9])
plt.title("shown at the end")
plt.ylabel("loss");

# %%
plt.plot([1, 4, 9])
plt.xlabel("step")
plt.ylabel("loss");
"""


def test_a_bare_axis_in_a_notebook_is_found(tmp_path: Path) -> None:
    notebook = write_source(tmp_path / "notebooks", ("plt.plot([1, 4, 9])\nplt.show()\n", CELLS))
    client = NotebookClient(read_source(notebook), kernel_name="python3")
    with kernel_environment({"LACR_PROFILE": "smoke", "OMP_NUM_THREADS": "1"}):
        watch_axes(tmp_path / "axes.txt")
        client.execute()
    assert (tmp_path / "axes.txt").read_text("utf-8").splitlines() == [
        "drawn", "panel 0: the y axis shows numbers and has no label",
        "drawn", "shown at the end: the x axis shows numbers and has no label",
        "drawn",
    ]  # fmt: skip
