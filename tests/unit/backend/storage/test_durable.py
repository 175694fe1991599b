"""Small files are replaced in one step."""

import errno

import pytest

from backend.errors import Unavailable
from backend.storage.durable import explain_os_error, remove_durably, write_durably


def test_a_file_is_replaced_and_readable_by_this_user_only(tmp_path):
    path = tmp_path / "a"
    write_durably(path, b"old")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_refused_write_leaves_the_old_content_and_no_rubbish(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "kept").write_bytes(b"")
    with pytest.raises(Unavailable, match="Could not write a file"):
        write_durably(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_removing_what_is_not_there_is_no_error(tmp_path):
    remove_durably(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_full_disk_is_told_apart_from_a_refusal(tmp_path):
    full = explain_os_error(OSError(errno.ENOSPC, "No space left on device"), "write the backup", tmp_path)
    refused = explain_os_error(OSError(errno.EACCES, "Permission denied"), "write the backup", tmp_path)
    assert (full.code, refused.code) == ("disk.full", "disk.refused")
    assert "Permission denied" in refused.message
