"""A full disk is said clearly, loses nothing that was acknowledged, and is over when there is space again."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from backend.errors import Unavailable
from backend.storage.backup import create_backup
from backend.storage.blobs import BlobStore
from backend.storage.ledger import open_ledger
from backend.storage.paths import Home
from backend.storage.secrets import open_key
from tests.fakes.filled_home import fill_home
from tests.fakes.ledger_writer import KEY, MIGRATIONS, write_pair


@contextmanager
def small_disk(folder, n_mib):
    """A file system of its own, of ``n_mib`` MiB, in memory."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={n_mib}m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"needs the right to mount a small file system: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def full_home(tmp_path):
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux to mount a small file system")
    with small_disk(tmp_path / "disk", 4) as folder:
        made = Home(folder / "home")
        made.make()
        yield made


async def fill_up(ledger):
    """Write until the disk refuses; returns the acknowledged rows and the refusal."""
    acknowledged = []
    for n in range(1, 10_000):
        try:
            acknowledged.append(await ledger.write(write_pair(n, "x" * 3000)))
        except Unavailable as error:
            return acknowledged, error
    pytest.fail("the disk never filled")
    return None


def count(connection):
    return connection.execute("SELECT count(*) FROM rows").fetchone()[0]


async def test_a_full_disk_refuses_writes_keeps_rows_and_recovers_in_the_same_process(full_home):
    ballast = full_home.root.parent / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    path = full_home.ledgers / "money.db"
    async with open_ledger(path, KEY, MIGRATIONS, backups=full_home.backups, quarantine=full_home.quarantine) as ledger:
        acknowledged, refusal = await fill_up(ledger)
        assert refusal.code in {"disk.full", "disk.refused"}
        assert "full" in str(refusal)
        assert str(path) in refusal.message
        assert await ledger.read(count) == 2 * len(acknowledged)
        ballast.unlink()
        assert await ledger.write(write_pair(10_001, "after")) == 10_001
        assert await ledger.read(count) == 2 * len(acknowledged) + 2
    async with open_ledger(path, KEY, MIGRATIONS, backups=full_home.backups, quarantine=full_home.quarantine) as ledger:
        assert await ledger.read(count) == 2 * len(acknowledged) + 2
        assert ledger.notices == []


async def test_a_ledger_closed_on_a_full_disk_opens_with_every_row(full_home):
    path = full_home.ledgers / "money.db"
    async with open_ledger(path, KEY, MIGRATIONS, backups=full_home.backups, quarantine=full_home.quarantine) as ledger:
        acknowledged, _ = await fill_up(ledger)
    async with open_ledger(path, KEY, MIGRATIONS, backups=full_home.backups, quarantine=full_home.quarantine) as ledger:
        assert await ledger.read(count) == 2 * len(acknowledged)
        assert ledger.notices == []


def test_a_backup_that_fills_the_disk_leaves_no_half_archive(home, full_home):
    key = open_key(home).key
    fill_home(home, key)
    BlobStore(home.blobs, key.derive("blobs"), quarantine=home.quarantine).put(os.urandom(5 << 20))
    target = full_home.root / "out.triibackup"
    with pytest.raises(Unavailable) as caught:
        create_backup(home, key, target)
    assert caught.value.code == "disk.full"
    assert str(target) in caught.value.message
    assert [path.name for path in full_home.root.iterdir() if path.is_file()] == []


def run_with_small_files(home):
    """Run the writer where no file may grow beyond 1 MiB, until it stops."""
    limited = (
        "import resource, signal, sys, runpy; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY));"
        "sys.argv = ['ledger_writer', sys.argv[1], '4'];"
        "runpy.run_module('tests.fakes.ledger_writer', run_name='__main__')"
    )
    command = [sys.executable, "-c", limited, str(home.root)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.posix
async def test_a_limit_on_the_size_of_files_is_a_full_disk_too(home):
    done = run_with_small_files(home)
    lines = done.stdout.split()
    acknowledged = {int(line) for line in lines if line.isdigit()}
    assert [line for line in lines if not line.isdigit()] in (["disk.refused"], ["disk.full"]), done.stderr
    assert acknowledged
    async with open_ledger(home.ledgers / "money.db", KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        rows = {n for (n,) in await ledger.read(lambda c: c.execute("SELECT n FROM rows").fetchall())}
        assert acknowledged <= rows
        assert await ledger.write(write_pair(999_999, "after")) == 999_999
