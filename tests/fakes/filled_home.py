"""A home with something in every corner, every private piece of it carrying one marker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from backend.clock import SystemClock
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.storage import money, words
from backend.storage.blobs import BlobStore
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.market_store import MarketStore, open_market_store
from backend.storage.master_key import MasterKey
from backend.storage.paths import Home

MARKER = b"PRIVATE-MARKER-7Q"
DAILY = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1d"))
N_BARS = 250
N_LIVE_BARS = 5


def fill_home(home: Home, key: MasterKey, n_rows: int = 50) -> None:
    """Write rows into both ledgers, a blob, settings, imported bars and bars that still lie in the live log."""
    home.settings.write_text("version = 1\n")
    BlobStore(home.blobs, key.derive("blobs"), quarantine=home.quarantine).put(MARKER * 1000)
    asyncio.run(_fill_stores(home, key, n_rows))


def read_home(home: Home, key: MasterKey) -> dict[str, object]:
    """Read everything that ``fill_home`` wrote, and the notices met on the way."""
    blobs = BlobStore(home.blobs, key.derive("blobs"), quarantine=home.quarantine)
    return {
        "settings": home.settings.read_text(),
        "blobs": [blobs.get(blob_id) for blob_id in blobs.ids()],
        **asyncio.run(_read_stores(home, key)),
    }


@asynccontextmanager
async def open_words(home: Home, key: MasterKey) -> AsyncIterator[Ledger]:
    """Open the ledger of words."""
    path = home.ledgers / "words.db"
    async with open_ledger(path, key.derive("words"), words.MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        yield ledger


@asynccontextmanager
async def open_money(home: Home, key: MasterKey) -> AsyncIterator[Ledger]:
    """Open the ledger of money."""
    path = home.ledgers / "money.db"
    async with open_ledger(path, key.derive("money"), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        yield ledger


@asynccontextmanager
async def open_market(home: Home, key: MasterKey) -> AsyncIterator[tuple[Ledger, MarketStore]]:
    """Open the ledger of money and the market store upon it."""
    async with open_money(home, key) as ledger, open_market_store(home, ledger, SystemClock()) as store:
        yield ledger, store


def some_bars(first_day: int, n_bars: int) -> BarArrays:
    """Daily bars from a day since 1970 on; the close counts the days."""
    days = np.arange(first_day, first_day + n_bars, dtype=np.int64)
    close = days.astype(np.float64)
    return BarArrays(days * DAY_NS, close, close + 1, close - 1, close, np.full(n_bars, 1000.0))


async def _fill_stores(home: Home, key: MasterKey, n_rows: int) -> None:
    text = MARKER.decode()
    rows = [(f"{text} {n}", text * 20, n) for n in range(n_rows)]
    async with open_words(home, key) as ledger:
        await ledger.write(
            lambda connection: connection.executemany("INSERT INTO facts (name, value, changed_ns) VALUES (?, ?, ?)", rows).rowcount
        )
    async with open_market(home, key) as (_, store):
        with store.stage(DAILY, "import") as stage:
            stage.add(some_bars(20_000, N_BARS))
            await store.publish(stage)
        store.append(DAILY, "feed", some_bars(20_000 + N_BARS, N_LIVE_BARS))
        await store.flush()


async def _read_stores(home: Home, key: MasterKey) -> dict[str, object]:
    async with open_words(home, key) as ledger:
        rows = await ledger.read(lambda connection: connection.execute("SELECT * FROM facts ORDER BY changed_ns").fetchall())
        told: list[object] = [*ledger.notices]
    async with open_market(home, key) as (ledger, store):
        bars = await store.load(DAILY)
        told += [*ledger.notices, *store.notices]
    return {"facts": rows, "closes": bars.close.tolist(), "notices": told}
