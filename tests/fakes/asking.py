"""Questions over the bars that ship with the program, in a real home."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.assistant.questions.names import Names
from backend.assistant.questions.result import Result
from backend.assistant.questions.run import Questions
from backend.clock import ManualClock
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.market.samples import load_samples
from backend.storage.market_store import MarketStore
from backend.storage.paths import Home
from backend.watchlists.store import WatchlistStore
from tests.fakes.importing import NOW_NS, open_workshop

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
SPX, VIX, WTI = InstrumentId("SPX", "INDEX"), InstrumentId("VIX", "INDEX"), InstrumentId("WTI", "FRED")

SAMPLE_NAMES = Names(
    [
        Instrument(AAPL, "Apple"),
        Instrument(MSFT, "Microsoft"),
        Instrument(SPX, "S&P 500", InstrumentKind.INDEX),
        Instrument(InstrumentId("COMP", "INDEX"), "NASDAQ Composite", InstrumentKind.INDEX),
        Instrument(VIX, "Cboe Volatility Index", InstrumentKind.INDEX),
        Instrument(WTI, "Crude oil, West Texas Intermediate, spot", InstrumentKind.COMMODITY),
        Instrument(InstrumentId("NVDA", "XNAS"), "NVIDIA Corporation"),
        Instrument(InstrumentId("IT", "XNYS"), "Gartner Inc."),
        Instrument(InstrumentId("DUP", "XNAS"), "Dup"),
        Instrument(InstrumentId("DUP", "XNYS"), "Dup"),
    ],
    ["Tech", "Core holdings"],
)


@dataclass
class Asked:
    """Questions over real stores, and what they stand on."""

    questions: Questions
    history: History
    watchlists: WatchlistStore
    clock: ManualClock
    catalog: Catalog
    store: MarketStore

    async def ask(self, text: str) -> Result:
        """Parse and answer a question that must be one."""
        plan = await self.questions.parse(text)
        assert plan is not None, text
        return await self.questions.answer(plan)

    async def bars(self, instrument: InstrumentId, *, adjusted: bool = False, interval: str = "1d") -> BarArrays:
        """All bars of an instrument."""
        return await self.history.bars(Series(instrument, BarSpec.parse(interval)), adjusted=adjusted)


@asynccontextmanager
async def open_questions(home: Home, now_ns: int = NOW_NS, *, with_samples: bool = False) -> AsyncIterator[Asked]:
    """Questions in ``home``; the samples are imported where that is asked."""
    clock = ManualClock(now_ns)
    async with open_workshop(home, clock) as shop:
        if with_samples:
            await load_samples(shop.importer)
        history = History(shop.store, shop.catalog, shop.actions, Calendars(home.cache, clock), clock)
        watchlists = WatchlistStore(shop.ledger, shop.bus.publish)
        yield Asked(Questions(history, shop.catalog, watchlists, clock), history, watchlists, clock, shop.catalog, shop.store)


def make_asked_home(root: Path) -> Home:
    """A closed home with the samples."""
    home = Home(root)
    home.make()

    async def fill() -> None:
        async with open_questions(home, with_samples=True):
            pass

    asyncio.run(fill())
    return home
