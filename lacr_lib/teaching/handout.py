"""The notebooks as a learner gets them who has no clone: copied out of the installed package."""

from __future__ import annotations

import shutil
from pathlib import Path

from lacr_lib.errors import LacrError

PACKAGED = Path(__file__).resolve().parents[1] / "course"  # in a wheel; see setup.py
CLONE = Path(__file__).resolve().parents[2] / "notebooks"
PATTERNS = ("[0-9]*.ipynb", "solutions/[0-9]*.ipynb", "images/*.*", "explorer.html", "CREDITS.md")


def course_folder() -> Path:
    """Where the executed notebooks lie: in the package, or in the clone that it runs from.

    Errors: LacrError where neither holds any.
    """
    for folder in (PACKAGED, CLONE):
        if any(folder.glob(PATTERNS[0])):
            return folder
    raise LacrError("this installation carries no notebooks; install from a wheel or a clone")


def copy_course(target: Path) -> list[Path]:
    """Copies notebooks, solutions, pictures and credits into a folder; gives the numbered ones.

    Errors: LacrError if the target exists and is not an empty folder: nothing is overwritten.
    """
    source = course_folder()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise LacrError(f"{target} exists and is not an empty folder; nothing was copied")
    for pattern in PATTERNS:
        for file in sorted(source.glob(pattern)):
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    return sorted(target.glob(PATTERNS[0]))
