"""A market store over a real ledger in a test's home, and what it published."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.clock import SystemClock
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.events import Event
from backend.storage.ledger import open_ledger
from backend.storage.market_store import MarketStore, MergeOutcome, open_market_store
from backend.storage.money import MIGRATIONS
from backend.storage.paths import Home
from tests.fakes.bars import DAYS, MINUTES

KEY = bytes(range(32))
APPLE_DAYS = Series(InstrumentId("AAPL", "XNAS"), DAYS)
APPLE_MINUTES = Series(InstrumentId("AAPL", "XNAS"), MINUTES)


@asynccontextmanager
async def open_store(home: Home, events: list[Event] | None = None) -> AsyncIterator[MarketStore]:
    """Open the store of ``home``; events are added to ``events``."""
    path = home.ledgers / "money.db"
    heard = [] if events is None else events
    async with (
        open_ledger(path, KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger,
        open_market_store(home, ledger, SystemClock(), publish=heard.append) as store,
    ):
        yield store


async def publish(store: MarketStore, bars: BarArrays, series: Series = APPLE_DAYS, source: str = "import") -> MergeOutcome:
    """Stage bars and publish them."""
    stage = store.stage(series, source)
    stage.add(bars)
    return await store.publish(stage)


def same(left: BarArrays, right: BarArrays) -> bool:
    """Whether two series are equal bit for bit."""
    pairs = zip((left.event_ns, *left.columns()), (right.event_ns, *right.columns()), strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)
