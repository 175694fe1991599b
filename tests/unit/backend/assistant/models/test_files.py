"""Files of models: copied whole and durable or not at all, taken up where a copy broke off, never copied twice."""

import errno
import hashlib
import os
import threading

import pytest

from backend.assistant.models.files import BLOCK_BYTES, Kept, ModelFiles, Part, Stopped, check_source
from backend.errors import InvalidInput, NotFound, Unavailable
from tests.fakes.modelling import make_model

CONTENT = make_model(3 * BLOCK_BYTES + 777, name="Tiny")
SHA = hashlib.sha256(CONTENT).hexdigest()
NEVER = threading.Event()


def ignore(_n_done, _n_total):
    pass


@pytest.fixture
def files(home):
    return ModelFiles(home.models, reserve_bytes=0)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(CONTENT)
    return path


def part_of(files):
    (part,) = (files.folder / "parts").iterdir()
    return part


def test_a_copy_is_whole_under_its_hash_and_for_this_user_only(files, source):
    told = []
    part = files.copy_in(source, lambda *counts: told.append(counts), NEVER)
    assert isinstance(part, Part)
    assert files.find(SHA) is None
    kept = files.keep(part)
    assert (kept.sha256, kept.n_bytes, kept.path.read_bytes()) == (SHA, len(CONTENT), CONTENT)
    assert kept.path == files.path_of(SHA)
    assert kept.path.stat().st_mode & 0o077 == 0
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert list((files.folder / "parts").iterdir()) == []


def test_the_same_content_again_is_no_copy(files, source, tmp_path):
    files.keep(files.copy_in(source, ignore, NEVER))
    again = tmp_path / "another name.gguf"
    again.write_bytes(CONTENT)
    found = files.copy_in(again, ignore, NEVER)
    assert isinstance(found, Kept)
    assert found.path == files.path_of(SHA)
    assert files.copy_in(found.path, ignore, NEVER) == found


def test_a_file_of_the_same_size_with_other_content_is_copied(files, source, tmp_path):
    files.keep(files.copy_in(source, ignore, NEVER))
    other = tmp_path / "other.gguf"
    other.write_bytes(CONTENT[:-1] + b"!")
    assert files.keep(files.copy_in(other, ignore, NEVER)).sha256 != SHA


def test_a_copy_that_was_stopped_goes_on_where_it_was(files, source):
    stop = threading.Event()

    def stop_soon(n_done, _n_total):
        if n_done >= 2 * BLOCK_BYTES:
            stop.set()

    with pytest.raises(Stopped):
        files.copy_in(source, stop_soon, stop)
    assert part_of(files).stat().st_size == 2 * BLOCK_BYTES
    told = []
    part = files.copy_in(source, lambda *counts: told.append(counts), NEVER)
    assert told[0][0] == 3 * BLOCK_BYTES
    assert files.keep(part).path.read_bytes() == CONTENT


def test_what_a_power_cut_left_in_a_part_is_compared_and_not_trusted(files, source):
    stop = threading.Event()
    with pytest.raises(Stopped):
        files.copy_in(source, lambda n, _: stop.set() if n >= 2 * BLOCK_BYTES else None, stop)
    path = part_of(files)
    path.write_bytes(path.read_bytes()[:BLOCK_BYTES] + bytes(BLOCK_BYTES))
    assert files.keep(files.copy_in(source, ignore, NEVER)).path.read_bytes() == CONTENT


def test_a_source_that_changes_meanwhile_is_refused(files, source):
    def change(n_done, _n_total):
        if n_done == BLOCK_BYTES:
            with source.open("ab") as file:
                file.write(b"more")

    with pytest.raises(Unavailable) as changed:
        files.copy_in(source, change, NEVER)
    assert changed.value.code == "model.changing"
    assert list((files.folder / "parts").iterdir()) == []


def test_a_copy_for_which_there_is_no_room_is_not_begun(home, source):
    files = ModelFiles(home.models)
    files._reserve_bytes = files.room() + files._reserve_bytes - 1_000_000
    with pytest.raises(Unavailable, match="3 MB more are needed") as full:
        files.copy_in(source, ignore, NEVER)
    assert full.value.code == "disk.full"
    assert not (files.folder / "parts").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.gguf", b"<html>", "model.not_gguf"),
        ("empty.gguf", b"", "model.not_gguf"),
        ("short.gguf", b"GGU", "model.not_gguf"),
        ("big-00001-of-00003.gguf", b"GGUF", "model.pieces"),
    ],
)
def test_what_is_no_whole_model_is_refused_before_it_is_copied(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        check_source(path)
    assert refused.value.code == code


@pytest.mark.posix
def test_folders_pipes_and_nothing_are_no_models(tmp_path):
    with pytest.raises(NotFound):
        check_source(tmp_path / "nowhere.gguf")
    with pytest.raises(InvalidInput, match="no file"):
        check_source(tmp_path)
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(InvalidInput, match="no file"):
        check_source(tmp_path / "pipe.gguf")


@pytest.mark.posix
def test_a_part_that_was_replaced_by_a_link_is_not_written_through(files, source, tmp_path):
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    stop = threading.Event()
    with pytest.raises(Stopped):
        files.copy_in(source, lambda *_: stop.set(), stop)
    path = part_of(files)
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(Unavailable):
        files.copy_in(source, ignore, NEVER)
    assert target.read_bytes() == b"precious"


def test_the_sweep_takes_old_parts_and_torn_records_and_leaves_fresh_ones(files, source):
    stop = threading.Event()
    with pytest.raises(Stopped):
        files.copy_in(source, lambda *_: stop.set(), stop)
    part = part_of(files)
    (part.parent / ".a.json.1234.tmp").write_bytes(b"{")
    now_ns = part.stat().st_mtime_ns
    assert files.sweep(now_ns) == 1
    assert part.exists()
    assert files.sweep(now_ns + 15 * 86_400 * 10**9) == 1
    assert not part.exists()


def test_orphans_are_whole_files_that_nobody_knows(files, source):
    files.keep(files.copy_in(source, ignore, NEVER))
    (files.folder / "notes.txt").write_text("mine")
    assert [path.stem for path in files.orphans(())] == [SHA]
    assert files.orphans((SHA,)) == ()
    files.delete(SHA)
    files.delete(SHA)
    assert files.orphans(()) == ()


def test_a_disk_that_refuses_a_write_is_told_by_its_code(files, tmp_path):
    part = Part(tmp_path / "parts" / "x.part").open(0, NEVER)

    class FullDisk:
        def write(self, _block):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            raise OSError(errno.ENOSPC, "No space left on device")

    part._file.close()
    part._file = FullDisk()
    with pytest.raises(Unavailable) as full:
        part.write(b"GGUF")
    assert full.value.code == "disk.full"
    part.close()
