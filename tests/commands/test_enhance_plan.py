"""Which photograph goes where, decided before anything is written."""

import os
from pathlib import Path

import pytest

from lacr_lib.commands.enhance import make_plan


def touch(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_folders_give_their_own_photographs(tmp_path):
    touch(tmp_path, "in/b.jpg", "in/a.PNG", "in/notes.txt", "in/.hidden.jpg", "in/deeper/c.jpg")
    plan = make_plan([tmp_path / "in"], tmp_path / "out")
    assert [job.source.name for job in plan.jobs] == ["a.PNG", "b.jpg"]
    assert [job.target for job in plan.jobs] == [tmp_path / "out/a.png", tmp_path / "out/b.png"]
    assert not plan.refused


def test_same_stem_is_refused_for_the_second(tmp_path):
    first, second, third = touch(tmp_path, "a/x.jpg", "b/x.jpg", "b/X.tif")
    plan = make_plan([first, second, third], tmp_path / "out")
    assert [job.source for job in plan.jobs] == [first]
    assert len(plan.refused) == 2
    assert str(second) in plan.refused[0] and str(first) in plan.refused[0]


def test_a_photograph_given_twice_is_done_once(tmp_path, monkeypatch):
    (photo,) = touch(tmp_path, "in/x.jpg")
    monkeypatch.chdir(tmp_path)
    plan = make_plan([photo, tmp_path / "in", Path("in/x.jpg")], tmp_path / "out")
    assert len(plan.jobs) == 1 and not plan.refused


def test_no_input_is_overwritten(tmp_path):
    png, jpg, old = touch(tmp_path, "in/x.png", "in/y.jpg", "out/z.png")
    (other,) = touch(tmp_path, "in/z.jpg")
    assert not make_plan([png], tmp_path / "in").jobs
    assert make_plan([jpg], tmp_path / "in").jobs  # y.jpg -> y.png stands beside it
    plan = make_plan([old, other], tmp_path / "out")  # z.jpg would become the input out/z.png
    assert not plan.jobs and all("not overwritten" in line for line in plan.refused)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_not_even_through_a_link(tmp_path):
    (photo,) = touch(tmp_path, "in/x.png")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    assert not make_plan([photo], tmp_path / "out").jobs


def test_missing_and_empty_inputs_are_told(tmp_path):
    (tmp_path / "empty").mkdir()
    plan = make_plan([tmp_path / "empty", tmp_path / "missing.jpg"], tmp_path / "out")
    assert not plan.jobs
    assert "no image found" in plan.refused[0] and "no such file" in plan.refused[1]
