"""No file of a home shows what is private, whatever was written, migrated, set aside, backed up and restored."""

import asyncio
import base64

import pytest

from backend.storage import words
from backend.storage.backup import create_backup
from backend.storage.ledger import open_ledger
from backend.storage.migrations import Migration
from backend.storage.restore import restore_backup
from backend.storage.secrets import open_key, set_passphrase
from tests.fakes.filled_home import MARKER, fill_home

PASSPHRASE = "correct horse PRIVATE-MARKER-7Q"


def files_with(home, marker):
    forms = (marker, marker.decode("latin-1").encode("utf-16-le"), marker[::-1], marker.hex().encode(), base64.b64encode(marker))
    return [path for path in home.root.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)]


def test_the_scan_itself_finds_a_marker(home):
    (home.cache / "leak").write_bytes(b"..." + MARKER + b"...")
    assert files_with(home, MARKER) == [home.cache / "leak"]


@pytest.mark.logs("set damaged ledger aside")
def test_private_words_never_reach_the_disk_in_the_clear(home):
    key = open_key(home).key
    fill_home(home, key, n_rows=500)
    asyncio.run(_live_with(home, key))
    report = create_backup(home, key, home.backups)
    restore_backup(report.path, home, key, replace=True)
    damaged = home.ledgers / "words.db"
    damaged.write_bytes(b"\0" * 100 + damaged.read_bytes()[100:])
    fill_home(home, key)
    set_passphrase(home, key, PASSPHRASE)
    assert any(home.quarantine.iterdir())
    assert files_with(home, MARKER) == []
    assert files_with(home, key.secret) == []
    assert files_with(home, key.phrase[:40].encode()) == []


async def _live_with(home, key):
    """Search, sort, migrate and roll back, which make SQLite spill and keep journals; look while the log is still there."""
    migrations = (*words.MIGRATIONS, Migration("9999_search", "CREATE VIRTUAL TABLE search USING fts5 (text);"))
    text = MARKER.decode()
    async with open_ledger(
        home.ledgers / "words.db", key.derive("words"), migrations, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        await ledger.write(
            lambda c: c.executemany("INSERT INTO search VALUES (?)", ((f"{text} {n} " * 200,) for n in range(500))).rowcount
        )
        await ledger.read(lambda c: c.execute("SELECT text FROM search ORDER BY text DESC").fetchall())
        with pytest.raises(ValueError, match="never mind"):
            await ledger.write(_change_and_regret)
        assert (home.ledgers / "words.db-wal").stat().st_size > 0
        assert files_with(home, MARKER) == []
        await ledger.write(_forget_search)


def _forget_search(connection):
    """Take the extra migration back: this version would refuse a ledger with one that it does not know."""
    connection.execute("DROP TABLE search")
    return connection.execute("DELETE FROM migrations WHERE name LIKE '9999%'").rowcount


def _change_and_regret(connection):
    connection.execute("UPDATE facts SET value = value || name")
    raise ValueError("never mind")
