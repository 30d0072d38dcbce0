"""A small course of one's own, so that the tools are tested apart from the real notebooks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lacr_lib.teaching.build import build
from lacr_lib.teaching.sources import Numbered

SCRIPT = """# %% [markdown]
# # 00 · A small one
#
# **What you will learn.** Little.
#
# **Before you start.** Nothing.
#
# **Time.** Seconds to read; the code runs in a minute on 2 CPU cores.

# %%
import sys

import matplotlib.pyplot as plt

from lacr_lib.teaching import record, record_claim

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %%
print("a warning", file=sys.stderr)
record(answer=6 * 7, gain=(1.0, 0.5, 1.5))
record_claim("the gain is positive", 1.0, 0.5, 1.5, above=0)

# %%
# NBVAL_CHECK_OUTPUT
print("the same everywhere")

# %%
plt.plot([1, 4, 9])
plt.show()

# %% [markdown]
# **What you see.** A line; more in [the next](01_next.ipynb#start).

# %% [markdown]
# ## Recap
# ## Your turn
# ## Think!
# <details><summary>Answer</summary>One.</details>
# <details><summary>Answer</summary>Two.</details>
#
# ## Next
"""


def write_source(folder: Path, *swaps: tuple[str, str], name: str = "00_small") -> Numbered:
    """Writes the small source, with pieces of its text swapped, into `folder/src`."""
    text = SCRIPT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    (folder / "src").mkdir(parents=True, exist_ok=True)
    source = folder / "src" / f"{name}.py"
    source.write_text(text, encoding="utf-8")
    return Numbered(name, source, folder / f"{name}.ipynb")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Numbered]:
    """`write_source` into a folder of the test's own."""
    return partial(write_source, tmp_path / "notebooks")


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Numbered:
    """The small notebook, built; tests read it and change copies only."""
    notebook = write_source(tmp_path_factory.mktemp("course") / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LACR_PROFILE", "demo")
        build(notebook)
    return notebook


@pytest.fixture
def small(built_once: Numbered, tmp_path: Path) -> Numbered:
    """A copy of the small course, source and built notebook, to change at will."""
    copy = tmp_path / "notebooks"
    shutil.copytree(built_once.built.parent, copy)
    source, built = built_once.source.name, built_once.built.name
    return Numbered(built_once.name, copy / "src" / source, copy / built)
