"""What pyproject.toml cannot say: a wheel carries the course, as lacr_lib/course.

`lacr notebooks DIR` copies it out. A clone, installed with --editable, has it in notebooks/.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PATTERNS = ("*.ipynb", "solutions/*.ipynb", "images/*.*", "explorer.html", "CREDITS.md")


class WithCourse(build_py):
    """Copies the library, then the course into it."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for pattern in PATTERNS:
            for file in sorted(Path("notebooks").glob(pattern)):
                target = Path(self.build_lib, "lacr_lib", "course", *file.parts[1:])
                self.mkpath(str(target.parent))
                self.copy_file(str(file), str(target))


setup(cmdclass={"build_py": WithCourse})
