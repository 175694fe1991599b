"""Homes of every earlier version open in this one, by passphrase, by phrase and from their backups."""

import asyncio
import shutil

import pytest

from backend import __version__
from backend.storage.backup import verify_backup
from backend.storage.paths import Home
from backend.storage.restore import restore_backup
from backend.storage.secrets import Custody, MasterKey, open_key, restore_key
from tests.fakes.filled_home import MARKER, N_BARS, N_LIVE_BARS, open_money, read_home
from tests.integration.homes.make_home import BACKUP, HOMES, N_ROWS, PASSPHRASE, PHRASE

VERSIONS = sorted(path.name for path in HOMES.iterdir() if (path / "ledger").is_dir())


@pytest.fixture(params=VERSIONS)
def earlier(request, tmp_path):
    """A copy of an earlier version's home."""
    copy = tmp_path / request.param
    shutil.copytree(HOMES / request.param, copy)
    made = Home(copy)
    made.make()
    return made


def check_content(home, key):
    content = read_home(home, key)
    assert content["notices"] == []
    assert len(content["facts"]) == N_ROWS
    assert content["facts"][7] == (f"{MARKER.decode()} 7", MARKER.decode() * 20, 7)
    assert content["closes"] == [20_000.0 + day for day in range(N_BARS + N_LIVE_BARS)]
    assert content["blobs"] == [MARKER * 1000]
    assert content["settings"] == "version = 1\n"
    assert asyncio.run(backups_of(home, key)) == [(2, "/somewhere/trii.triibackup", 3, 4, 5.0)]


async def backups_of(home, key):
    async with open_money(home, key) as ledger:
        return await ledger.read(lambda c: c.execute("SELECT made_ns, path, bytes, n_files, seconds FROM backups").fetchall())


def test_this_version_has_a_home_among_them():
    assert __version__ in VERSIONS


def test_it_opens_by_its_passphrase(earlier):
    opened = open_key(earlier, ask=lambda question: PASSPHRASE)
    assert (opened.custody, opened.is_new) == (Custody.PASSPHRASE, False)
    check_content(earlier, opened.key)


def test_it_opens_by_its_phrase_when_the_vault_is_lost(earlier):
    earlier.vault.unlink()
    check_content(earlier, restore_key(earlier, PHRASE).key)


def test_its_backup_restores(earlier, home):
    key = MasterKey.from_phrase(PHRASE)
    assert verify_backup(earlier.root / BACKUP, key).app_version == earlier.root.name
    restore_backup(earlier.root / BACKUP, home, key)
    check_content(home, key)
