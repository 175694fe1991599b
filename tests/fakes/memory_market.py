"""A market in memory under a real history, bar store and study store: what is stored can be changed, time stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from backend.bus import Bus
from backend.charts.replay import Replay
from backend.charts.study_store import StudyParts, StudyStore
from backend.clock import ManualClock
from backend.domain.actions import CorporateAction
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import NotFound
from backend.events import BarsChanged
from backend.market.bar_store import BarStore
from backend.market.growing_bars import join
from backend.market.history import History
from backend.tasks import TaskOwner


@dataclass
class MemoryMarket:
    """Stands in for the stored bars, the catalog, the action log and the calendars."""

    sessions: SessionTable
    stored: dict[Series, BarArrays] = field(default_factory=dict)
    actions: list[CorporateAction] = field(default_factory=list)

    def stored_specs(self, instrument: InstrumentId, source: str | None = None):
        """Which intervals there are."""
        return tuple(series.spec for series in self.stored if series.instrument == instrument)

    def trade_sources(self, _instrument: InstrumentId):
        """Who recorded trades: nobody."""
        return []

    async def load(self, wanted, sessions=None, *, source=None, from_ns=None, to_ns=None):
        """Bars of a series, or, as calendars do, the sessions of a calendar."""
        if isinstance(wanted, str):
            return self.sessions
        bars = self.stored[wanted]
        first = 0 if from_ns is None else int(np.searchsorted(bars.event_ns, from_ns))
        stop = len(bars) if to_ns is None else int(np.searchsorted(bars.event_ns, to_ns))
        return bars[first:stop]

    async def get(self, instrument: InstrumentId) -> Instrument:
        """The instrument, as the catalog knows it."""
        if not self.stored_specs(instrument):
            raise NotFound(f"There is no {instrument}.")
        return Instrument(instrument, str(instrument))

    async def list(self, instrument: InstrumentId):
        """Its corporate actions."""
        return [action for action in self.actions if action.instrument == instrument]

    def is_at_hand(self, calendar: str) -> bool:
        """As calendars say it."""
        return True

    def replace_from(self, series: Series, bars: BarArrays) -> None:
        """Store ``bars`` in the place of everything from the first of them on."""
        old = self.stored[series]
        self.stored[series] = join(old[: int(np.searchsorted(old.event_ns, bars.event_ns[0]))], bars)


@dataclass
class OpenMarket:
    """What runs on a memory market."""

    market: MemoryMarket
    history: History
    bars: BarStore
    studies: StudyStore
    replay: Replay
    tasks: TaskOwner
    bus: Bus

    def tell(self, series: Series, from_ns: int) -> None:
        """Say that stored bars changed."""
        self.bus.publish(BarsChanged(series, from_ns, 1))


@asynccontextmanager
async def open_market(market: MemoryMarket, clock: ManualClock) -> AsyncIterator[OpenMarket]:
    """The stores of a program over ``market``."""
    history = History(market, market, market, market, clock)
    bus = Bus(clock=clock)
    async with TaskOwner("test", bus.publish) as tasks, BarStore(history, bus, tasks) as bars:
        replay = Replay(history, clock, tasks, bus)
        async with StudyStore(StudyParts(bars, history, market, market, tasks, replay, bus)) as studies:
            yield OpenMarket(market, history, bars, studies, replay, tasks, bus)
