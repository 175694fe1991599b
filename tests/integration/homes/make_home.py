"""Make the home that later versions must still open; run once for each release: ``python -m tests.integration.homes.make_home``.

It writes ``tests/integration/homes/VERSION`` with both ledgers, a vault, a blob, settings, stored and live bars and a backup, all
under one phrase and passphrase that are no secrets.
"""

import asyncio
import shutil
import sys
from pathlib import Path

from backend import __version__
from backend.storage.backup import create_backup
from backend.storage.connection import Connection
from backend.storage.master_key import MasterKey
from backend.storage.paths import Home
from backend.storage.secrets import restore_key
from tests.fakes.filled_home import fill_home, open_money

HOMES = Path(__file__).parent
BACKUP = "backup.triibackup"
N_ROWS = 20
PASSPHRASE = "a passphrase that is no secret"  # of the fixture homes alone
PHRASE = MasterKey(bytes(range(32))).phrase
_KEPT = ("ledger", "market", "blobs", "settings.toml", "vault.json", "key.json", BACKUP)


def make_home(root: Path) -> None:
    """Fill ``root``, which must not exist."""
    home = Home(root)
    home.make()
    key = restore_key(home, PHRASE, passphrase=PASSPHRASE).key
    fill_home(home, key, N_ROWS)
    asyncio.run(_note_a_backup(home, key))
    create_backup(home, key, root / BACKUP)
    for path in root.iterdir():
        if path.is_dir() and path.name not in _KEPT:
            shutil.rmtree(path)


async def _note_a_backup(home: Home, key: MasterKey) -> None:
    async with open_money(home, key) as ledger:
        await ledger.write(_insert_backup)


def _insert_backup(connection: Connection) -> int:
    sql = "INSERT INTO backups (id, made_ns, path, bytes, n_files, seconds) VALUES (?, ?, ?, ?, ?, ?)"
    return connection.execute(sql, (1, 2, "/somewhere/trii.triibackup", 3, 4, 5.0)).rowcount


if __name__ == "__main__":
    target = HOMES / __version__
    if target.exists() and "--replace" not in sys.argv:
        sys.exit(f"{target} exists. A released home is never made again; before the release say --replace.")
    shutil.rmtree(target, ignore_errors=True)
    make_home(target)
    print(f"made {target}: {sum(path.stat().st_size for path in target.rglob('*') if path.is_file()):,} bytes")
