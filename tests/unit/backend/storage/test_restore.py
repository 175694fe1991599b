"""A restore brings a home back whole, or leaves it as it was."""

import errno
import shutil

import pytest

from backend.errors import Conflict, CorruptData, InvalidInput, Unavailable
from backend.storage import durable, pending_restore, restore
from backend.storage.backup import create_backup
from backend.storage.paths import Home
from backend.storage.pending_restore import complete_restore, is_empty_home
from backend.storage.restore import rehearse_restore, restore_backup
from backend.storage.secrets import MasterKey, open_key, restore_key
from tests.fakes.filled_home import fill_home, read_home


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A home to copy: filling one takes longer than most tests."""
    made = Home(tmp_path_factory.mktemp("filled") / "home")
    made.make()
    fill_home(made, open_key(made).key)
    return made


@pytest.fixture
def key(home, filled):
    shutil.copytree(filled.root, home.root, dirs_exist_ok=True)
    return open_key(home).key


@pytest.fixture
def archive(home, key, tmp_path):
    return create_backup(home, key, tmp_path / "backup.triibackup").path


def listing(home):
    return {path.relative_to(home.root).as_posix(): path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


def test_a_new_machine_has_only_the_phrase_and_gets_everything_back(home, key, archive, tmp_path):
    before = read_home(home, key)
    fresh = Home(tmp_path / "other machine")
    report = restore_backup(archive, fresh, MasterKey.from_phrase(key.phrase))
    restore_key(fresh, key.phrase)
    assert read_home(fresh, open_key(fresh).key) == before
    assert (report.n_files, report.set_aside) == (7, None)
    assert report.seconds > 0


def test_a_home_that_holds_data_is_not_replaced_unasked(home, key, archive):
    before = listing(home)
    with pytest.raises(Conflict, match="already holds data"):
        restore_backup(archive, home, key)
    assert listing(home) == before


def test_what_is_replaced_is_kept_aside(home, key, archive):
    before = read_home(home, key)
    (home.market / "later.parquet").write_bytes(b"made after the backup")
    home.settings.write_text("version = 1\n# changed since\n")
    report = restore_backup(archive, home, key, replace=True)
    assert read_home(home, key) == before
    assert (report.set_aside / "market" / "later.parquet").read_bytes() == b"made after the backup"
    assert "changed since" in (report.set_aside / "settings.toml").read_text()
    assert not (home.market / "later.parquet").exists()


def test_a_fresh_home_with_a_key_of_its_own_takes_the_backups_key(key, archive, tmp_path):
    fresh = Home(tmp_path / "fresh")
    own_key = open_key(fresh).key
    fill_home(fresh, own_key, n_rows=3)
    restore_backup(archive, fresh, key, replace=True)
    restore_key(fresh, key.phrase)
    assert open_key(fresh).key == key
    content = read_home(fresh, key)
    assert (len(content["facts"]), content["notices"]) == (50, [])


def test_a_damaged_archive_changes_nothing(home, key, archive, tmp_path):
    content = bytearray(archive.read_bytes())
    content[-30] ^= 1
    archive.write_bytes(content)
    before = listing(home)
    with pytest.raises(CorruptData):
        restore_backup(archive, home, key, replace=True)
    assert listing(home) == before
    assert [path.name for path in home.root.iterdir() if path.name.startswith(".")] == []


def test_another_key_changes_nothing(home, archive, tmp_path):
    fresh = Home(tmp_path / "fresh")
    with pytest.raises(InvalidInput, match="another key"):
        restore_backup(archive, fresh, MasterKey.new())
    assert is_empty_home(fresh)


def test_a_ledger_of_a_newer_version_is_refused_before_anything_is_replaced(home, key, archive, monkeypatch):
    monkeypatch.setattr(restore, "_LEDGERS", (("money", ()), ("words", ())))
    before = listing(home)
    with pytest.raises(InvalidInput, match="later build") as caught:
        restore_backup(archive, home, key, replace=True)
    assert caught.value.code == "ledger.downgrade"
    assert listing(home) == before


def test_a_full_disk_changes_nothing(home, key, archive, monkeypatch):
    def full(file_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = listing(home)
    monkeypatch.setattr(restore.os, "fsync", full)
    with pytest.raises(Unavailable) as caught:
        restore_backup(archive, home, key, replace=True)
    assert caught.value.code == "disk.full"
    assert listing(home) == before


@pytest.mark.parametrize("n_steps", range(8))
def test_a_restore_killed_while_moving_files_is_completed_at_the_next_start(home, key, archive, monkeypatch, n_steps):
    before = read_home(home, key)
    (home.market / "later.parquet").write_bytes(b"made after the backup")

    class Killed(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    left = [n_steps]
    rename = type(home.root).rename

    def rename_until_killed(self, target):
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return rename(self, target)

    monkeypatch.setattr(type(home.root), "rename", rename_until_killed)
    with pytest.raises(Killed):
        restore_backup(archive, home, key, replace=True)
    monkeypatch.undo()
    home.make()  # as every start does
    assert open_key(home).key == key
    assert read_home(home, key) == before
    assert not (home.market / "later.parquet").exists()
    assert not complete_restore(home)
    (kept,) = home.quarantine.rglob("later.parquet")
    assert kept.read_bytes() == b"made after the backup"


def test_a_damaged_journal_is_said_and_leads_nowhere_else(home, key, tmp_path):
    journal = home.root / pending_restore._JOURNAL
    journal.write_bytes(b"{")
    with pytest.raises(CorruptData, match="restore was interrupted"):
        open_key(home)
    journal.write_text('{"version": 1, "staged": "../elsewhere", "set_aside": "x", "items": ["ledger"]}')
    with pytest.raises(CorruptData, match="names another place"):
        open_key(home)


def test_a_rehearsal_tells_how_long_a_restore_takes_and_leaves_nothing(home, key, archive, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    report = rehearse_restore(archive, key, scratch)
    assert 0 < report.seconds < 60
    assert report.n_files == 7
    assert list(scratch.iterdir()) == []


def test_an_archive_with_a_file_that_has_no_place_is_refused(home, key, tmp_path):
    from backend.storage.archive import PURPOSE, ArchiveWriter, key_fact
    from backend.storage.sealed import SealedWriter

    path = tmp_path / "odd"
    with path.open("wb") as file:
        archive = ArchiveWriter(SealedWriter(file, key.derive("backup"), PURPOSE, {"key": key_fact(key)}))
        with (home.device_key).open("rb") as content:
            archive.add("device.key", content, 5)
        archive.finish()
    with pytest.raises(CorruptData, match="no place in a home"):
        restore_backup(path, Home(tmp_path / "fresh"), key)


def test_logs_and_the_key_of_the_home_stay(home, key, archive):
    (home.logs / "today.log").write_text("kept")
    custody = home.device_key.read_bytes()
    restore_backup(archive, home, key, replace=True)
    assert (home.logs / "today.log").read_text() == "kept"
    assert home.device_key.read_bytes() == custody


def test_what_a_restore_killed_while_unpacking_left_behind_is_swept_by_the_next(home, key, archive):
    left_over = home.root / ".restore-0123456789abcdef"
    (left_over / "ledger").mkdir(parents=True)
    restore_backup(archive, home, key, replace=True)
    assert not left_over.exists()


def test_a_decision_that_could_not_be_made_durable_is_taken_back(home, key, archive, monkeypatch):
    before = read_home(home, key)

    def refuse(folder):
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(restore, "begin_swap", lambda home, staged: begin_with(refuse, home, staged))
        with pytest.raises(Unavailable):
            restore_backup(archive, home, key, replace=True)
    assert not complete_restore(home)
    assert read_home(home, key) == before


def begin_with(sync, home, staged):
    """Decide on a disk that fails right after the journal has its name."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(durable, "sync_folder", sync)
        return pending_restore.begin_swap(home, staged)
