"""Gets an instrument ready to be followed: its sessions, the bars under way as history has them, and what of it is recorded."""

import asyncio
from collections.abc import Iterable
from typing import Final

from backend.clock import Clock
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.errors import NotFound
from backend.live.back_fill import DAILY, HOURLY, newest_closed_ns
from backend.live.folds import MINUTE, Fold
from backend.live.followed import Followed
from backend.live.live_bars import LiveBars, spec_tails
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.feeds.feed import Feed
from backend.market.history import History
from backend.market.resample import divides, resample
from backend.storage.market_store import MarketStore

_REBUILT_NS: Final = DAY_NS  # where no minute is stored, trades so far back are made into some


class Joining:
    """Reads what live bars begin with."""

    def __init__(self, store: MarketStore, history: History, catalog: Catalog, calendars: Calendars, clock: Clock) -> None:
        self._store = store
        self._history = history
        self._catalog = catalog
        self._calendars = calendars
        self._clock = clock
        self._listed: dict[str, dict[InstrumentId, Instrument]] = {}

    async def know(self, instrument: InstrumentId, feed: Feed) -> Instrument:
        """The instrument, put into the catalog from the feed's list where it is new there. Raises NotFound, Unavailable."""
        try:
            return await self._catalog.get(instrument)
        except NotFound:
            listed = await self.listed(feed)
            if instrument not in listed:
                raise
            await self._catalog.put(listed[instrument])
            return listed[instrument]

    async def listed(self, feed: Feed) -> dict[InstrumentId, Instrument]:
        """Everything the feed serves, asked once while the program runs. Raises Unavailable."""
        if feed.name not in self._listed:
            self._listed[feed.name] = {one.id: one for one in await feed.fetch_instruments()}
        return self._listed[feed.name]

    async def know_all(self, feed: Feed) -> int:
        """Put everything that the feed serves into the catalog; how many were new there. Raises Unavailable."""
        listed = await self.listed(feed)
        known = {one.id for one in await self._catalog.all()}
        new = [one for instrument, one in listed.items() if instrument not in known]
        if new:
            await self._catalog.put(*new)
        return len(new)

    async def begin(self, one: Followed, feed: Feed) -> LiveBars:
        """Live bars of an instrument, up to what is stored of it; sets what is recorded. Raises TriiError."""
        known = await self.know(one.instrument, feed)
        sessions = await self._calendars.load(known.calendar)
        await asyncio.to_thread(load_kernels)
        bars = LiveBars(sessions)
        one.recorded = self._recorded(one.instrument, feed)
        trades = await self._trades_since(one.instrument, feed.name)
        if len(trades):
            for spec, tail, is_forming in spec_tails(bars.apply(trades)):
                self._store.append(Series(one.instrument, spec), feed.name, tail, forming=is_forming)
            one.last, one.last_ns = float(trades.price[-1]), int(trades.event_ns[-1])
        for spec in one.recorded:
            await self.add_spec(one.instrument, bars, spec)
        return bars

    async def add_spec(self, instrument: InstrumentId, bars: LiveBars, spec: BarSpec) -> None:
        """Make bars of one more spec, begun with what history has of the one under way."""
        fold = bars.add_spec(spec)
        if fold is not None:
            await self.begin_spec(instrument, bars, fold)

    async def begin_again(self, instrument: InstrumentId, bars: LiveBars) -> None:
        """History has changed: begin every bar under way anew from it."""
        for fold in bars.folds:
            await self.begin_spec(instrument, bars, fold)

    async def begin_spec(self, instrument: InstrumentId, bars: LiveBars, fold: Fold) -> None:
        """Give a fold the complete minutes, and days, of its bar under way."""
        now_ns = self._clock.now_ns()
        minute = bars.minute
        to_ns = now_ns // MINUTE_NS * MINUTE_NS if minute is None else minute.event_ns
        at_ns = _open_at(to_ns, bars.sessions) if fold.spec.is_dated else to_ns
        label = fold.label(at_ns)
        if label is None:
            return
        before = BarArrays.empty()
        from_ns = label
        if fold.spec.is_dated:
            today = Fold(DAILY, bars.sessions).label(at_ns)
            assert today is not None, "A bar of days holds this minute."
            row = int(bars.sessions.label_ns.searchsorted(today))
            from_ns = int(bars.sessions.open_ns[row]) if row < len(bars.sessions) else today
            if fold.spec != DAILY and self._can_build(instrument, DAILY):
                days = await self._history.bars(Series(instrument, DAILY), from_ns=label, to_ns=today)
                before = resample(days, DAILY, fold.spec, bars.sessions) if divides(DAILY, fold.spec) else before
        minutes = BarArrays.empty()
        if MINUTE in self._store.stored_specs(instrument):
            minutes = await self._history.bars(Series(instrument, MINUTE), from_ns=from_ns, to_ns=to_ns)
        bars.begin(fold.spec, before, minutes, to_ns)

    def _can_build(self, instrument: InstrumentId, spec: BarSpec) -> bool:
        return any(divides(stored, spec) for stored in self._store.stored_specs(instrument))

    def _recorded(self, instrument: InstrumentId, feed: Feed) -> frozenset[BarSpec]:
        fetched = {spec for spec in (HOURLY, DAILY) if spec in feed.abilities.bar_specs}
        return frozenset(fetched | set(_longer(self._store.stored_specs(instrument))))

    async def _trades_since(self, instrument: InstrumentId, source: str) -> TradeArrays:
        # The minute that was under way when the program ended was not kept as a bar; its trades were.
        newest_ns = await newest_closed_ns(self._store, Series(instrument, MINUTE))
        from_ns = self._clock.now_ns() - _REBUILT_NS if newest_ns is None else newest_ns + MINUTE_NS
        return await self._store.load_trades(instrument, source, from_ns=from_ns)


def _open_at(instant_ns: int, sessions: SessionTable) -> int:
    """The instant itself while the market is open, else the next opening: the bar that then grows may have begun before."""
    if not len(sessions):
        return instant_ns
    row = int(sessions.close_ns.searchsorted(instant_ns, side="right"))
    return max(instant_ns, int(sessions.open_ns[row])) if row < len(sessions) else instant_ns


def _longer(specs: Iterable[BarSpec]) -> list[BarSpec]:
    return [spec for spec in specs if spec != MINUTE and divides(MINUTE, spec)]


def load_kernels() -> None:
    """Have what makes bars of trades at hand; may compile, so it belongs on a thread."""
    import backend.kernels.aggregate  # noqa: F401, PLC0415 - brings numba, which no loop should wait for
