"""The past as a feed: stored ticks of any instruments on one clock that plays, stands, steps and is set."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.clock import Clock
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.feeds.feed import Abilities, FeedState, FeedStatus, TickBatch, Wants
from backend.market.feeds.past_ticks import KnownTicks, PastTicks
from backend.market.history import OFFERED, History
from backend.market.past_time import after_open_time
from backend.storage.market_store import MarketStore

SPEED_MIN: Final = 1.0
SPEED_MAX: Final = 10_000.0
BATCH_MAX: Final = 500  # ticks, but for those that become known in one instant
_CHUNK_TICKS: Final = 40_000  # about so many are held of an instrument
_CHUNK_NS_MAX: Final = 3_650 * DAY_NS
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class ReplayParts:
    """Where a replay finds the past."""

    store: MarketStore
    history: History
    catalog: Catalog
    calendars: Calendars
    clock: Clock


class ReplayFeed:
    """A feed over stored history. What it has given by an instant follows from what was stored of the time before it.

    Time is moved by whoever holds it (``advance``), or passes on the program's clock for whoever listens to ``batches``; one of the
    two at a time. What became known between two moments is given once, in order; ``received_ns`` is the moment of the past.
    Nothing is given of what a ``seek`` passes over, to either side: those in ``moved`` are called and begin anew.
    now_ns : what was known by then has been given
    speed : of time, 1 to 10,000; hours in which all wanted markets are shut take none
    """

    name = "replay"

    def __init__(self, parts: ReplayParts, at_ns: int) -> None:
        self.now_ns = at_ns
        self.speed = SPEED_MIN
        self.is_playing = False
        self.moved: list[Callable[[int], None]] = []
        self.abilities = Abilities(quotes=False, bar_specs=OFFERED, can_list=True)
        self._parts = parts
        self._wanted: tuple[InstrumentId, ...] = ()
        self._cursors: dict[InstrumentId, _Cursor] = {}
        self._goal_ns = at_ns
        self._due_ns = 0
        self._n_trades = 0
        self._n_seeks = 0
        self._woken = asyncio.Event()

    # --- what every feed answers --------------------------------------------------------------------------------------

    @property
    def status(self) -> FeedStatus:
        """Always live, at its own moment."""
        return FeedStatus(FeedState.LIVE, "The past is replayed.", received_ns=self.now_ns, n_trades=self._n_trades)

    def serves(self, instrument: InstrumentId) -> bool:
        """Whether anything is stored of the instrument."""
        return bool(self._parts.store.series_keys(instrument))

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Give exactly these from this moment on."""
        self._wanted = tuple(wanted)
        for gone in self._cursors.keys() - wanted.keys():
            del self._cursors[gone]

    async def batches(self) -> AsyncIterator[TickBatch]:
        """What becomes known while time passes or is stepped, until the generator is closed. Raises NotFound, CorruptData."""
        while True:
            await self._pass_time()
            async for batch in self.advance(self._goal_ns):
                yield batch

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """Bars with ``from_ns`` ≤ event_ns < ``to_ns`` that are complete at this moment. Raises NotFound, InvalidInput."""
        bars = await self._parts.history.bars(series, from_ns=from_ns, to_ns=to_ns, as_of_ns=self.now_ns)
        known = await self._parts.history.known(series, bars.event_ns)
        return bars[: int(np.searchsorted(known, self.now_ns, side="right"))]

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> TradeArrays | None:
        """Ticks of a stretch of time that are known at this moment."""
        ticks = await self._ticks(instrument)
        return (await ticks.read(from_ns - 1, min(to_ns - 1, self.now_ns))).trades

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Everything of which something is stored."""
        return tuple(one for one in await self._parts.catalog.all() if self.serves(one.id))

    # --- the clock ----------------------------------------------------------------------------------------------------

    async def advance(self, to_ns: int) -> AsyncIterator[TickBatch]:
        """Move on to ``to_ns`` and give what becomes known on the way; the last batch may be empty. Raises NotFound, CorruptData.

        A moment that has passed changes nothing. What is given has ``received_ns`` at or after each tick in it. A ``seek`` ends it.
        """
        self._goal_ns, n_seeks = max(to_ns, self.now_ns), self._n_seeks
        while self.now_ns < to_ns and self._n_seeks == n_seeks:
            given = await self._next_until(to_ns)
            if given is None:
                return
            self._n_trades += sum(len(trades) for trades in given.values())
            yield TickBatch(self.now_ns, given)

    def play(self, speed: float = SPEED_MIN) -> None:
        """Let time pass ``speed`` times as fast. Raises InvalidInput for less than 1 or more than 10,000."""
        if not SPEED_MIN <= speed <= SPEED_MAX:
            raise InvalidInput(f"The past cannot pass {speed:g} times as fast.", hint=f"Use {SPEED_MIN:g} to {SPEED_MAX:,.0f}.")
        self.speed, self.is_playing = speed, True
        self._due_ns = self._parts.clock.monotonic_ns()
        self._woken.set()

    def pause(self) -> None:
        """Stand still."""
        self.is_playing = False

    async def step(self, series: Series | None = None) -> int | None:
        """Stand still at the next tick, or where the next bar of ``series`` is complete; that moment, None at the end of history.

        What becomes known there comes out of ``batches``; with ``advance`` to the moment it is had at once.
        """
        self.is_playing = False
        next_ns = await (self._next_tick_ns() if series is None else self._next_bar_ns(series))
        if next_ns is not None:
            self._goal_ns = next_ns
            self._woken.set()
        return next_ns

    def seek(self, to_ns: int) -> None:
        """Go to another moment, back or on, and give nothing of what lies between; consumers begin anew there."""
        self.now_ns = self._goal_ns = to_ns
        self._n_seeks += 1
        self._cursors.clear()
        self._due_ns = self._parts.clock.monotonic_ns()
        for tell in self.moved:
            tell(to_ns)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _pass_time(self) -> None:
        """Wait until there is somewhere to go, and set the goal."""
        while not self.is_playing and self._goal_ns <= self.now_ns:
            self._woken.clear()
            await self._woken.wait()
        if self.is_playing:
            await asyncio.sleep(_LOOK_S)
            at_ns = self._parts.clock.monotonic_ns()
            passed_ns, self._due_ns = round((at_ns - self._due_ns) * self.speed), at_ns
            tables = [(await self._cursor(instrument)).ticks.sessions for instrument in self._wanted]
            present_ns = max(self._parts.clock.now_ns(), self.now_ns)
            self._goal_ns = min(after_open_time(self.now_ns, passed_ns, tables), present_ns)
            if self._goal_ns >= present_ns:
                self.is_playing = False

    async def _next_until(self, to_ns: int) -> dict[InstrumentId, TradeArrays] | None:
        """What becomes known next of everything wanted; ``now_ns`` moves as far as that. None after a ``seek`` meanwhile."""
        n_seeks = self._n_seeks
        cursors = [await self._cursor(instrument) for instrument in self._wanted]
        for cursor in cursors:
            to_ns = min(to_ns, await cursor.fill(to_ns, self._parts.clock.now_ns()))
        for cursor in cursors:
            to_ns = min(to_ns, cursor.nth_ns(BATCH_MAX))
        if self._n_seeks != n_seeks:
            return None
        self.now_ns = to_ns
        found = {cursor.ticks.instrument: cursor.take(to_ns) for cursor in cursors}
        return {instrument: trades for instrument, trades in found.items() if len(trades)}

    async def _cursor(self, instrument: InstrumentId) -> "_Cursor":
        if instrument not in self._cursors:
            self._cursors[instrument] = _Cursor(await self._ticks(instrument), self.now_ns)
        return self._cursors[instrument]

    async def _ticks(self, instrument: InstrumentId) -> PastTicks:
        known = await self._parts.catalog.get(instrument)
        return PastTicks(self._parts.store, instrument, await self._parts.calendars.load(known.calendar))

    async def _next_tick_ns(self) -> int | None:
        present_ns = self._parts.clock.now_ns()
        found = [await (await self._cursor(instrument)).next_ns(present_ns) for instrument in self._wanted]
        return min((next_ns for next_ns in found if next_ns is not None), default=None)

    async def _next_bar_ns(self, series: Series) -> int | None:
        length_ns = series.spec.duration_ns or 31 * DAY_NS
        from_ns, reach_ns = self.now_ns - 2 * length_ns - 10 * DAY_NS, 16 * length_ns + 14 * DAY_NS
        while True:
            to_ns = self.now_ns + reach_ns
            bars = await self._parts.history.bars(series, from_ns=from_ns, to_ns=to_ns)
            known = await self._parts.history.known(series, bars.event_ns)
            later = known[(known > self.now_ns) & (known <= self._parts.clock.now_ns())]
            if len(later) or to_ns > self._parts.clock.now_ns():
                return int(later[0]) if len(later) else None
            reach_ns *= 4


class _Cursor:
    """Where a replay stands in the ticks of one instrument; holds a chunk of them."""

    def __init__(self, ticks: PastTicks, at_ns: int) -> None:
        self.ticks = ticks
        self._held = KnownTicks.empty()
        self._at = 0
        self._read_ns = at_ns
        self._span_ns = HOUR_NS

    async def fill(self, to_ns: int, present_ns: int) -> int:
        """Hold ticks up to ``to_ns``, as many as a chunk takes; the instant up to which all are held."""
        while self._at == len(self._held) and self._read_ns < to_ns:
            stop_ns = min(self._read_ns + self._span_ns, max(to_ns, present_ns))
            self._held, self._at = await self.ticks.read(self._read_ns, stop_ns), 0
            self._read_ns = stop_ns
            self._fit_span()
        return min(to_ns, self._read_ns)

    async def next_ns(self, present_ns: int) -> int | None:
        """When the next tick becomes known; None where none does until the present."""
        await self.fill(present_ns, present_ns)
        return int(self._held.known_ns[self._at]) if self._at < len(self._held) else None

    def nth_ns(self, n_ticks: int) -> int:
        """When the ``n_ticks``-th tick from here becomes known; for ever where fewer are held."""
        row = self._at + n_ticks - 1
        return int(self._held.known_ns[row]) if row < len(self._held) else 2**62

    def take(self, to_ns: int) -> TradeArrays:
        """What is known by ``to_ns`` and was not taken yet."""
        stop = int(np.searchsorted(self._held.known_ns, to_ns, side="right"))
        first, self._at = self._at, max(stop, self._at)
        return self._held.trades[first : self._at]

    def _fit_span(self) -> None:
        if len(self._held) > _CHUNK_TICKS:
            self._span_ns = max(self._span_ns // 4, MINUTE_NS)
        elif len(self._held) < _CHUNK_TICKS // 8:
            self._span_ns = min(self._span_ns * 2, _CHUNK_NS_MAX)
