"""Keys, migrations and restores killed at their commit points leave a home that opens with everything in it."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from backend.storage.backup import create_backup
from backend.storage.connection import connect
from backend.storage.ledger import open_ledger
from backend.storage.migrations import Migration
from backend.storage.paths import Home
from backend.storage.secrets import Custody, open_key
from tests.fakes.filled_home import fill_home, read_home

PASSPHRASE = "correct horse battery"
OPENING = (
    "import sys; from pathlib import Path; from backend.storage.paths import Home; home = Home(Path(sys.argv[1])); home.make();"
)
NEW_KEY = OPENING + "from backend.storage.secrets import open_key; open_key(home)"
SET_PASSPHRASE = OPENING + (
    "from backend.storage.secrets import open_key, set_passphrase; set_passphrase(home, open_key(home).key, sys.argv[2])"
)
RESTORE = OPENING + (
    "from backend.storage.secrets import open_key; from backend.storage.restore import restore_backup;"
    "restore_backup(Path(sys.argv[2]), home, open_key(home).key, replace=True)"
)
MIGRATIONS = (
    Migration("0001_rows", "CREATE TABLE rows (n INTEGER); INSERT INTO rows VALUES (1);"),
    Migration("0002_more", "CREATE TABLE more (n INTEGER); DELETE FROM rows;"),
)
MIGRATE = (
    OPENING
    + """
import asyncio
from backend.storage.ledger import open_ledger
from tests.integration.test_vault_kills import MIGRATIONS
async def migrate():
    async with open_ledger(home.ledgers / "a.db", bytes(32), MIGRATIONS, backups=home.backups, quarantine=home.quarantine):
        pass
asyncio.run(migrate())
"""
)


def run_until_killed(program, fault, *arguments):
    """Run a program that ends at a commit point."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env=os.environ | {"TRII_FAULT": fault}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, f"{fault} was never reached: {done.stderr}"


def answer(question):
    return PASSPHRASE


@pytest.mark.parametrize("fault", ["key.stored", "key.recorded"])
def test_a_first_start_killed_around_the_new_key_keeps_that_key(home, fault):
    run_until_killed(NEW_KEY, fault, home.root)
    made = home.device_key.read_bytes()
    opened = open_key(home)
    assert not opened.is_new
    assert home.device_key.read_bytes() == made


@pytest.mark.parametrize(("fault", "keeper"), [("key.stored", Custody.DEVICE_FILE), ("key.recorded", Custody.PASSPHRASE)])
def test_a_move_of_the_key_killed_half_way_leaves_one_keeper(home, fault, keeper):
    key = open_key(home).key
    run_until_killed(SET_PASSPHRASE, fault, home.root, PASSPHRASE)
    opened = open_key(home, ask=answer)
    assert (opened.key, opened.custody) == (key, keeper)
    assert home.device_key.exists() == (keeper is Custody.DEVICE_FILE)
    assert home.vault.exists() == (keeper is Custody.PASSPHRASE)


@pytest.mark.parametrize(
    ("fault", "names"), [("migration.committing", ["0001_rows"]), ("migration.committed", ["0001_rows", "0002_more"])]
)
async def test_a_migration_killed_around_its_commit_is_whole_or_not_there(home, fault, names):
    path = home.ledgers / "a.db"
    async with open_ledger(path, bytes(32), MIGRATIONS[:1], backups=home.backups, quarantine=home.quarantine):
        pass
    run_until_killed(MIGRATE, fault, home.root)
    connection = connect(path, bytes(32))
    assert [name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY position")] == names
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (2 - len(names),)
    connection.close()
    async with open_ledger(path, bytes(32), MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        assert ledger.notices == []
        assert await ledger.read(lambda c: c.execute("SELECT count(*) FROM more").fetchone()) == (0,)


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory):
    """A filled home and its backup, for copying."""
    made = Home(tmp_path_factory.mktemp("filled") / "home")
    made.make()
    key = open_key(made).key
    fill_home(made, key)
    return made, create_backup(made, key, made.root.parent / "backup").path


@pytest.mark.parametrize(
    "fault",
    ["restore.decided", "restore.set_aside:1", "restore.set_aside:4", "restore.moved:1", "restore.moved:2", "restore.moved:4"],
)
def test_a_restore_killed_while_moving_files_is_completed_at_the_next_start(home, backed_up, fault):
    filled, archive = backed_up
    shutil.copytree(filled.root, home.root, dirs_exist_ok=True)
    home.settings.write_text("version = 1\n# changed after the backup\n")
    run_until_killed(RESTORE, fault, home.root, archive)
    home.make()
    key = open_key(home).key
    content = read_home(home, key)
    assert content["settings"] == "version = 1\n"
    assert (len(content["facts"]), content["notices"]) == (50, [])
    (kept,) = home.quarantine.rglob("settings.toml")
    assert "changed after the backup" in kept.read_text()
    assert [path.name for path in home.root.iterdir() if path.name.startswith(".")] == []
