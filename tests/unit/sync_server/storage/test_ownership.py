"""A server's folder has one owner at a time, and is free again when the owner is gone, however it went."""

import subprocess
import sys
from pathlib import Path

import pytest

from sync_server.errors import Refused
from sync_server.storage.ownership import owned

HOLDER = """
import pathlib, sys
from sync_server.storage.ownership import owned
with owned(pathlib.Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_had_by_one_and_given_free(tmp_path: Path) -> None:
    with owned(tmp_path / "data"):
        with pytest.raises(Refused, match="already runs on"), owned(tmp_path / "data"):
            pass
        with owned(tmp_path / "other"):
            pass
    with owned(tmp_path / "data"):
        pass


def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": "."}) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mine\n"
        with pytest.raises(Refused, match="already runs on"), owned(tmp_path):
            pass
        holder.kill()
        holder.wait(30)
        with owned(tmp_path):
            pass


@pytest.mark.posix
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="cannot be used"), owned(tmp_path / "file" / "data"):
        pass
