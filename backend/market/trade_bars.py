"""Bars that minutes cannot make - of seconds, numbers of trades, quantities and ranges - made of every trade that was recorded.

The truth is one sweep over all stored trades of an instrument by event time, those of equal times as they came (decision 0187).
They are read in pieces, so memory is bounded at any length of a recording; at the edges the running state is kept as a
checkpoint. It holds as long as exactly the trades that it took lie before it: one that came in afterwards changes the count.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.market.aggregate import TradeAggregator
from backend.market.growing_bars import join
from backend.market.recorded import first_to_tell
from backend.market.resample import NEVER_NS, divides, intraday_starts
from backend.market.watermark import BEFORE_ALL_NS

READ_TRADES: Final = 262_144
_INLINE_TRADES: Final = 50_000  # below this a sweep takes less time than handing it to a thread
_SERIES_MAX: Final = 256
_MINUTE: Final = BarSpec.parse("1m")


class StoredTrades(Protocol):
    """Where recorded trades lie; ``backend.storage.market_store.MarketStore`` is one."""

    async def load_trades(
        self, instrument: InstrumentId, source: str, *, from_ns: int | None = None, to_ns: int | None = None
    ) -> TradeArrays:
        """Trades with ``from_ns`` ≤ event_ns < ``to_ns``, by event time; what counts is what is stored when it is called."""
        ...

    def trade_sources(self, instrument: InstrumentId) -> list[str]:
        """Who recorded any, the one that counts first in front."""
        ...

    def trade_pieces(self, instrument: InstrumentId, source: str) -> list[tuple[int, int]]:
        """First event time and number of trades of each stored piece, by time."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """The state after every trade before ``at_ns`` (NEVER_NS: after all), and how many each source had of them.

    owner : who tells the newest minute; trades that others have of it count nothing
    """

    at_ns: int
    aggregator: TradeAggregator
    n_taken: dict[str, int]
    owner: str = ""


@dataclass(slots=True, eq=False)
class _Kept:
    """Checkpoints of one series by time, and the counts of all trades for which they were last found to hold.

    n_back : how many are given up at the next one that does not hold
    """

    sessions: SessionTable
    marks: list[Running] = field(default_factory=list)
    n_checked: dict[str, int] | None = None
    n_back: int = 1


@dataclass(slots=True, eq=False)
class _Sweep:
    """One way through stored trades."""

    sources: Sequence[str]
    running: Running
    closed: list[BarArrays] = field(default_factory=list)


class TradeBars:
    """Reads and keeps checkpoints for any number of series; lives on the engine thread."""

    def __init__(self, store: StoredTrades) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[Series, str | None], _Kept] = OrderedDict()

    def can_make(self, instrument: InstrumentId, spec: BarSpec, source: str | None = None) -> bool:
        """Whether bars of ``spec`` are made of trades, and there are any."""
        return made_of_trades(spec) and bool(self._sources(instrument, source))

    def begins_ns(self, series: Series, sessions: SessionTable, source: str | None = None) -> int:
        """When the first bar of a series begins that has a trade."""
        found = [self._store.trade_pieces(series.instrument, name) for name in self._sources(series.instrument, source)]
        first_ns = min(pieces[0][0] for pieces in found if pieces)
        if not series.spec.is_intraday or series.spec.duration_ns is None:
            return first_ns
        return int(intraday_starts(np.array([first_ns], np.int64), series.spec.duration_ns, sessions)[0])

    async def bars(
        self,
        series: Series,
        sessions: SessionTable,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        known_ns: int | None = None,
        source: str | None = None,
    ) -> BarArrays:
        """Bars with ``from_ns`` ≤ event_ns < ``to_ns``, the one under way after the newest trade last.

        known_ns : what trades up to this instant make of them, all trades where None
        """
        kept = self._kept_of(series, sessions, source)
        await asyncio.to_thread(_load_kernel)
        if from_ns is not None or known_ns is not None:
            await self._check(series, kept, source)
        is_whole = False
        while not is_whole:
            sweep = _Sweep(self._sources(series.instrument, source), self._begin(series.spec, kept, from_ns, known_ns))
            is_whole = await self._take(series, kept, sweep, _Stop(to_ns, known_ns))
        forming = sweep.running.aggregator.forming()
        made = join(*sweep.closed, BarArrays.of([] if forming is None else [forming]))
        first = 0 if from_ns is None else int(made.event_ns.searchsorted(from_ns))
        return made[first : len(made) if to_ns is None else max(first, int(made.event_ns.searchsorted(to_ns)))]

    async def running(self, series: Series, sessions: SessionTable) -> Running:
        """The state after every trade that is stored when the last of them are read; its aggregator is the caller's own."""
        kept = self._kept_of(series, sessions, None)
        await asyncio.to_thread(_load_kernel)
        return await self._newest(series, kept, None)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _sources(self, instrument: InstrumentId, source: str | None) -> list[str]:
        return [name for name in self._store.trade_sources(instrument) if source in {None, name}]

    def _kept_of(self, series: Series, sessions: SessionTable, source: str | None) -> _Kept:
        key = (series, source)
        kept = self._kept.pop(key, None)
        if kept is None or kept.sessions is not sessions:  # another year's table, or a corrected one
            kept = _Kept(sessions)
        self._kept[key] = kept
        while len(self._kept) > _SERIES_MAX:
            self._kept.popitem(last=False)
        return kept

    async def _check(self, series: Series, kept: _Kept, source: str | None) -> None:
        """Drop checkpoints that hold no more."""
        if kept.marks and kept.n_checked != {name: self._count(series, name) for name in self._sources(series.instrument, source)}:
            await self._newest(series, kept, source)

    async def _newest(self, series: Series, kept: _Kept, source: str | None) -> Running:
        while True:
            sweep = _Sweep(self._sources(series.instrument, source), self._begin(series.spec, kept, None, None, is_newest=True))
            if await self._take(series, kept, sweep, _Stop()):
                return sweep.running

    def _count(self, series: Series, source: str) -> int:
        return sum(n_trades for _, n_trades in self._store.trade_pieces(series.instrument, source))

    def _begin(self, spec: BarSpec, kept: _Kept, from_ns: int | None, known_ns: int | None, *, is_newest: bool = False) -> Running:
        """The newest checkpoint that tells every bar from ``from_ns`` on by trades up to ``known_ns``."""
        for mark in reversed(kept.marks):
            is_early = known_ns is None or mark.at_ns <= known_ns
            if is_early and (is_newest or (from_ns is not None and mark.aggregator.newest_label_ns <= from_ns)):
                return Running(mark.at_ns, mark.aggregator.copy(), mark.n_taken)
        return Running(BEFORE_ALL_NS, TradeAggregator(spec, kept.sessions), {})

    async def _take(self, series: Series, kept: _Kept, sweep: _Sweep, stop: "_Stop") -> bool:
        """Go on through the trades; False where others had come before the beginning, which then is forgotten."""
        at_ns = began_ns = sweep.running.at_ns
        for edge_ns in (*self._edges(series.instrument, sweep.sources, at_ns), None):
            if stop.is_passed(at_ns, sweep):
                break
            to_ns = stop.limited(edge_ns)
            n_stored = await self._read(series, sweep, at_ns, to_ns)
            if to_ns != edge_ns:
                break  # it ends where others go on, so there is nothing to compare or keep
            if edge_ns is None:
                return _is_whole(kept, sweep.running.n_taken, n_stored, began_ns)
            at_ns = edge_ns
            if not kept.marks or kept.marks[-1].at_ns < edge_ns:
                kept.marks.append(replace(sweep.running, aggregator=sweep.running.aggregator.copy()))
        return True

    async def _read(self, series: Series, sweep: _Sweep, from_ns: int, to_ns: int | None) -> dict[str, int]:
        """Take the trades in between; how many each source had in all when it was read."""
        before, start = sweep.running, None if from_ns == BEFORE_ALL_NS else from_ns
        n_stored: dict[str, int] = {}
        found: list[TradeArrays] = []
        for name in sweep.sources:
            n_stored[name] = self._count(series, name)
            found.append(await self._store.load_trades(series.instrument, name, from_ns=start, to_ns=to_ns))
        some = [one for one in found if len(one)]
        trades = first_to_tell(some) if len(some) > 1 else (some or [TradeArrays.empty()])[0]
        if len(trades):
            apply = before.aggregator.apply
            sweep.closed.append(apply(trades) if len(trades) < _INLINE_TRADES else await asyncio.to_thread(apply, trades))
        sweep.running = Running(
            NEVER_NS if to_ns is None else to_ns,
            before.aggregator,
            {name: before.n_taken.get(name, 0) + len(one) for name, one in zip(sweep.sources, found, strict=True)},
            _teller(int(trades.event_ns[-1]) // MINUTE_NS * MINUTE_NS, sweep.sources, found) if len(trades) else before.owner,
        )
        return n_stored

    def _edges(self, instrument: InstrumentId, sources: Sequence[str], after_ns: int) -> list[int]:
        """Whole minutes that cut what is stored after an instant into pieces that fit into memory."""
        pieces = sorted(piece for name in sources for piece in self._store.trade_pieces(instrument, name))
        edges: list[int] = []
        n_before = 0
        for first_ns, n_trades in pieces:
            edge_ns = first_ns // MINUTE_NS * MINUTE_NS
            if n_before >= READ_TRADES and edge_ns > max([after_ns, *edges[-1:]]):
                edges.append(edge_ns)
                n_before = 0
            n_before += n_trades if first_ns >= after_ns else 0
        return edges


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where a sweep may end early: once a bar at ``to_ns`` or later began, or with the trades at ``known_ns``."""

    to_ns: int | None = None
    known_ns: int | None = None

    def is_passed(self, at_ns: int, sweep: _Sweep) -> bool:
        if self.known_ns is not None and at_ns > self.known_ns:
            return True
        return self.to_ns is not None and sweep.running.aggregator.newest_label_ns >= self.to_ns

    def limited(self, edge_ns: int | None) -> int | None:
        if self.known_ns is None or (edge_ns is not None and edge_ns <= self.known_ns):
            return edge_ns
        return self.known_ns + 1


def made_of_trades(spec: BarSpec) -> bool:
    """Whether bars of ``spec`` can only be made of trades: minutes do not divide them."""
    return not spec.is_dated and not divides(_MINUTE, spec)


def _is_whole(kept: _Kept, n_taken: dict[str, int], n_stored: dict[str, int], began_ns: int) -> bool:
    """Whether exactly what is stored was taken; if not, checkpoints are given up, more of them each time."""
    if n_taken == n_stored:
        kept.n_checked, kept.n_back = n_stored, 1
        return True
    kept.marks = [mark for mark in kept.marks if mark.at_ns < began_ns]  # what comes late is mostly of a moment ago
    del kept.marks[max(len(kept.marks) + 1 - kept.n_back, 0) :]
    kept.n_checked, kept.n_back = None, kept.n_back * 2
    return False


def _load_kernel() -> None:
    import backend.kernels.aggregate  # noqa: F401, PLC0415 - brings numba, which no loop should wait for


def _teller(minute_ns: int, sources: Sequence[str], found: Sequence[TradeArrays]) -> str:
    """Which source tells a minute."""
    firsts = []
    for rank, (name, trades) in enumerate(zip(sources, found, strict=True)):
        row = int(trades.event_ns.searchsorted(minute_ns))
        if row < len(trades):
            firsts.append((int(trades.event_ns[row]), rank, name))
    return min(firsts)[2]
