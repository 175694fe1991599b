"""A home with something in every corner, every private piece of it carrying one marker."""

import asyncio

from backend.storage import money, words
from backend.storage.blobs import BlobStore
from backend.storage.ledger import open_ledger
from backend.storage.master_key import MasterKey
from backend.storage.paths import Home

MARKER = b"PRIVATE-MARKER-7Q"
PUBLIC_FILES = ("AAPL.XNAS/1d.parquet", "AAPL.XNAS/1h.parquet", "log/live.log")


def fill_home(home: Home, key: MasterKey, n_rows: int = 50) -> None:
    """Write rows into both ledgers, a blob, settings and market files."""
    home.settings.write_text("version = 1\n")
    for name in PUBLIC_FILES:
        path = home.market / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"public bars of {name}".encode() * 100)
    BlobStore(home.blobs, key.derive("blobs"), quarantine=home.quarantine).put(MARKER * 1000)
    asyncio.run(_fill_ledgers(home, key, n_rows))


def read_home(home: Home, key: MasterKey) -> dict[str, object]:
    """Read everything that ``fill_home`` wrote, and the notices met on the way."""
    blobs = BlobStore(home.blobs, key.derive("blobs"), quarantine=home.quarantine)
    return {
        "settings": home.settings.read_text(),
        "market": {name: (home.market / name).read_bytes() for name in PUBLIC_FILES},
        "blobs": [blobs.get(blob_id) for blob_id in blobs.ids()],
        "ledgers": asyncio.run(_read_ledgers(home, key)),
    }


async def _fill_ledgers(home: Home, key: MasterKey, n_rows: int) -> None:
    text = MARKER.decode()
    async with open_ledger(
        home.ledgers / "words.db", key.derive("words"), words.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        rows = [(f"{text} {n}", text * 20, n) for n in range(n_rows)]
        await ledger.write(
            lambda connection: connection.executemany("INSERT INTO facts (name, value, changed_ns) VALUES (?, ?, ?)", rows).rowcount
        )
    async with open_ledger(
        home.ledgers / "money.db", key.derive("money"), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ):
        pass


async def _read_ledgers(home: Home, key: MasterKey) -> list[object]:
    async with open_ledger(
        home.ledgers / "words.db", key.derive("words"), words.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        rows = await ledger.read(lambda connection: connection.execute("SELECT * FROM facts ORDER BY changed_ns").fetchall())
        return [rows, ledger.notices]
