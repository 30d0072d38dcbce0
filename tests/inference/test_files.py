"""Files appear whole or not at all."""

import os

import pytest

from lacr_lib.inference.files import beside, write_text, write_whole


def test_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "picture.png"
    write_text(target, "old")

    def half(file):
        file.write(b"new but ha")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(target, half)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["picture.png"]


def test_reader_sees_the_old_file_until_the_end(tmp_path):
    target = tmp_path / "new" / "record.json"
    with beside(target) as part:
        part.write_text("{}")
        assert not target.exists()
        assert part.parent == target.parent  # a rename across file systems is no rename
    assert target.read_text() == "{}"


@pytest.mark.skipif(os.name != "posix", reason="permission bits are a Unix matter")
def test_usual_permissions(tmp_path):
    old = os.umask(0o022)
    try:
        write_text(tmp_path / "a", "")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
