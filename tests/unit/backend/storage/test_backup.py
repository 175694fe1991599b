"""A backup holds the whole home as of one moment, proves itself, and opens for its own key only."""

import errno
import os
import random
import shutil

import pytest

from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, Unavailable
from backend.storage import backup
from backend.storage.backup import backup_name, create_backup, last_backup, record_backup, verify_backup
from backend.storage.connection import connect
from backend.storage.paths import Home
from backend.storage.secrets import MasterKey, open_key
from backend.storage.snapshot import save_snapshot
from tests.fakes.filled_home import DAILY, MARKER, fill_home, open_market, open_money, some_bars

DAY_NS = 86_400 * 1_000_000_000
N_FILES = 2 + 1 + 1 + 3  # ledgers, settings, blob; the market store's stamp, segment and log


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


def test_a_backup_reports_what_it_holds_and_that_it_was_read_back(home, key, tmp_path):
    report = create_backup(home, key, tmp_path / "out.triibackup", now_ns=DAY_NS)
    assert report.path == tmp_path / "out.triibackup"
    assert report.archive_bytes == report.path.stat().st_size > report.content_bytes > 0
    assert report.n_files == N_FILES
    assert (report.created_ns, report.app_version) == (DAY_NS, "0.1.0")
    assert report.write_s > 0
    assert report.verify_s > 0
    assert verify_backup(report.path, key).content_bytes == report.content_bytes


def test_nothing_private_is_readable_in_a_backup_or_left_beside_it(home, key, tmp_path):
    report = create_backup(home, key, tmp_path)
    assert MARKER not in report.path.read_bytes()
    assert report.path.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert list(home.backups.iterdir()) == []


def test_into_a_folder_it_goes_under_a_name_that_sorts_by_time(home, key, tmp_path):
    report = create_backup(home, key, tmp_path, now_ns=1_769_851_800 * 1_000_000_000)
    assert report.path.name == "trii-20260131T093000Z.triibackup"
    assert backup_name(0) < backup_name(DAY_NS)


def test_a_backup_never_overwrites(home, key, tmp_path):
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(Conflict, match="never overwrites"):
        create_backup(home, key, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "kept"


def test_a_folder_that_does_not_exist_is_said(home, key, tmp_path):
    with pytest.raises(Unavailable, match="write the backup"):
        create_backup(home, key, tmp_path / "nowhere" / "out.triibackup")


async def test_the_ledger_may_be_written_meanwhile_and_only_whole_transactions_are_copied(home, key, tmp_path):
    async with open_money(home, key) as ledger:
        await ledger.write(lambda connection: connection.execute("INSERT INTO backups VALUES (1, 1, 'a', 1, 1, 1)").rowcount)
        report = create_backup(home, key, tmp_path / "one")
        await record_backup(ledger, report)
        assert await last_backup(ledger) == (report.created_ns, report.path)
    assert verify_backup(tmp_path / "one", key).n_files == N_FILES


async def test_without_any_backup_there_is_no_last_one(home, key):
    async with open_money(home, key) as ledger:
        assert await last_backup(ledger) is None


def test_market_files_may_be_named_by_the_caller_from_the_copy_of_the_ledger(home, key, tmp_path):
    (chosen,) = (home.market / "segments").iterdir()
    seen = []

    def parts(connection):
        seen.append(connection.execute("SELECT count(*) FROM segments").fetchone()[0])
        return [chosen]

    report = create_backup(home, key, tmp_path, parts=parts)
    assert seen == [1]
    assert report.n_files == N_FILES - 2
    assert create_backup(home, key, tmp_path / "list", parts=[chosen]).n_files == report.n_files


async def test_what_is_staged_or_not_listed_stays_out(home, key, tmp_path):
    async with open_market(home, key) as (_, store):
        with store.stage(DAILY, "import") as stage:
            stage.add(some_bars(30_000, 300_000))
            (home.market / "segments" / "stray.parquet").write_bytes(b"of a change that was never committed")
            assert create_backup(home, key, tmp_path / "out").n_files == N_FILES


def test_a_file_outside_the_market_folder_is_refused(home, key, tmp_path):
    outside = home.root / "device.key"
    with pytest.raises(InvalidInput, match="outside"):
        create_backup(home, key, tmp_path / "out", parts=[outside])
    assert not (tmp_path / "out").exists()


def test_a_link_is_not_followed(home, key, tmp_path):
    (tmp_path / "secret").write_text("of another user")
    (home.blobs / "link").symlink_to(tmp_path / "secret")
    assert create_backup(home, key, tmp_path / "out").n_files == N_FILES


def test_a_segment_replaced_meanwhile_makes_it_start_over(home, key, tmp_path):
    gone, (kept,) = home.market / "gone.parquet", (home.market / "segments").iterdir()
    manifests = [[gone], [gone], [kept]]
    assert create_backup(home, key, tmp_path / "out", parts=lambda connection: manifests.pop(0)).n_files == N_FILES - 2
    with pytest.raises(Unavailable, match=r"gone\.parquet was replaced again and again"):
        create_backup(home, key, tmp_path / "never", parts=lambda connection: [gone])
    assert not (tmp_path / "never").exists()


def test_a_log_cut_into_a_segment_after_the_ledger_was_copied_makes_it_start_over(home, key, tmp_path, monkeypatch):
    (log,) = (home.market / "log").iterdir()
    cut = []

    def copy_then_cut(connection, target):
        size = save_snapshot(connection, target)
        if target.name == "money.db" and not cut:
            cut.append(log.rename(tmp_path / "cut"))
        elif target.name == "money.db":
            cut[0].rename(log)
        return size

    monkeypatch.setattr(backup, "save_snapshot", copy_then_cut)
    assert create_backup(home, key, tmp_path / "out").n_files == N_FILES


def test_a_full_disk_leaves_no_half_archive(home, key, tmp_path, monkeypatch):
    def full(file_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backup.os, "fsync", full)
    with pytest.raises(Unavailable) as caught:
        create_backup(home, key, tmp_path / "out")
    assert caught.value.code == "disk.full"
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert list(home.backups.iterdir()) == []


def test_an_empty_home_can_be_backed_up(home, tmp_path):
    assert create_backup(home, open_key(home).key, tmp_path / "out").n_files == 0


def test_another_key_does_not_open_it_and_is_told_apart_from_damage(home, key, tmp_path):
    report = create_backup(home, key, tmp_path)
    with pytest.raises(InvalidInput, match="another key") as caught:
        verify_backup(report.path, MasterKey.new())
    assert "recovery phrase" in caught.value.hint


def test_a_missing_archive_and_a_foreign_file_are_said(home, key, tmp_path):
    with pytest.raises(NotFound, match="no backup"):
        verify_backup(tmp_path / "none", key)
    (tmp_path / "foreign").write_bytes(b"PK\x03\x04")
    with pytest.raises(InvalidInput, match="not an encrypted file of TRII"):
        verify_backup(tmp_path / "foreign", key)


def test_a_bit_flipped_anywhere_is_found(home, key, tmp_path):
    report = create_backup(home, key, tmp_path)
    whole = report.path.read_bytes()
    draw = random.Random(20260131)
    for offset in [*range(60), *(draw.randrange(len(whole)) for _ in range(60)), *range(len(whole) - 20, len(whole))]:
        report.path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1 << draw.randrange(8)]) + whole[offset + 1 :])
        with pytest.raises((CorruptData, InvalidInput)):
            verify_backup(report.path, key)


def test_a_cut_archive_is_found(home, key, tmp_path):
    report = create_backup(home, key, tmp_path)
    whole = report.path.read_bytes()
    draw = random.Random(1)
    for length in (0, 5, 12, 100, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(20))):
        report.path.write_bytes(whole[:length])
        with pytest.raises((CorruptData, InvalidInput)):
            verify_backup(report.path, key)


def test_a_snapshot_inside_is_compact_and_under_the_ledgers_own_key(home, key, tmp_path):
    from backend.storage.restore import restore_backup

    report = create_backup(home, key, tmp_path)
    other = type(home)(tmp_path / "other")
    restore_backup(report.path, other, key)
    connection = connect(other.ledgers / "money.db", key.derive("money"), read_only=True)
    assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    connection.close()


def test_copies_that_a_killed_backup_left_are_swept_by_one_of_the_next_days(home, key, tmp_path):
    old, recent = home.backups / ".snapshot-old", home.backups / ".snapshot-recent"
    for folder in (old, recent):
        folder.mkdir()
    os.utime(old, (1_700_000_000, 1_700_000_000))
    create_backup(home, key, tmp_path / "out")
    assert (old.exists(), recent.exists()) == (False, True)
