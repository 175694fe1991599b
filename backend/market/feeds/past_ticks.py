"""The ticks of one instrument as history has them: recorded trades, and where there are none, ticks made of stored bars.

**Ticks of a bar** are its open, the nearer extreme (the low, if both are as near), the far extreme and its close: at its start, a
third and two thirds of its time, and its last nanosecond; its volume comes with the close. Those of days and longer lie inside
sessions. They become known all at once, when the bar is complete: which way a bar went shows only at its end.

**Which bars**: a bar makes ticks where nothing shorter, trade or bar, is stored of its time. Of several sources that recorded
trades, the one whose trade is the first of a minute tells that minute, at equal times the one whose name counts first.

So what is known at an instant follows from what was stored of the time before it, and from nothing later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Int64s, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.market.recorded import first_to_tell, joined_trades, picked_trades
from backend.market.resample import dated_labels, intraday_starts, known_ns

_N_TICKS: Final = 4  # of a bar
_MARGIN_NS: Final = 10 * DAY_NS  # holidays around a dated bar
_LABEL_NS: Final = 2 * DAY_NS  # a session may open, and close, so long before its label


class StoredTicks(Protocol):
    """Where history lies; ``backend.storage.market_store.MarketStore`` is one."""

    async def load(self, series: Series, *, from_ns: int | None = None, to_ns: int | None = None) -> BarArrays:
        """Bars with ``from_ns`` ≤ event_ns < ``to_ns``."""
        ...

    async def load_trades(
        self, instrument: InstrumentId, source: str, *, from_ns: int | None = None, to_ns: int | None = None
    ) -> TradeArrays:
        """Trades with ``from_ns`` ≤ event_ns < ``to_ns``."""
        ...

    def stored_specs(self, instrument: InstrumentId) -> list[BarSpec]:
        """Specs of the bars there are."""
        ...

    def trade_sources(self, instrument: InstrumentId) -> list[str]:
        """Who recorded trades, the one that counts first in front."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class KnownTicks:
    """Ticks, and when each becomes known: int64[n], never decreasing."""

    trades: TradeArrays
    known_ns: Int64s

    def __len__(self) -> int:
        return len(self.known_ns)

    def __getitem__(self, rows: slice) -> "KnownTicks":
        return KnownTicks(self.trades[rows], self.known_ns[rows])

    @classmethod
    def empty(cls) -> "KnownTicks":
        """No ticks."""
        return cls(TradeArrays.empty(), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Bars with the time that each takes: [starts_ns, known_ns)."""

    bars: BarArrays
    starts_ns: Int64s
    known_ns: Int64s


class PastTicks:
    """Reads the ticks of one instrument."""

    def __init__(self, store: StoredTicks, instrument: InstrumentId, sessions: SessionTable) -> None:
        self.instrument = instrument
        self.sessions = sessions
        self._store = store

    async def read(self, after_ns: int, to_ns: int, *, has_trades: bool = True) -> KnownTicks:
        """What becomes known after ``after_ns`` and by ``to_ns``, in that order, and by event time where it does so together.

        has_trades : False for ticks of bars alone, however many trades were recorded
        """
        trades = await self._trades(after_ns + 1, to_ns + 1) if has_trades else TradeArrays.empty()
        pieces = [KnownTicks(trades, trades.event_ns)]
        specs = self._specs()
        for place, spec in enumerate(specs):
            spans = await self._completed(spec, after_ns, to_ns)
            if len(spans.bars):
                is_bare = await self._is_bare(spans, specs[:place])
                if has_trades:
                    is_bare &= await self._is_without_trades(spans, is_bare, trades, after_ns)
                pieces.append(_ticks_of(spans, is_bare, self.sessions if spec.is_dated else None))
        return _in_order(pieces)

    def settled_ns(self, now_ns: int, last_ns: int) -> int:
        """The instant before which no tick can lie that becomes known after ``now_ns``.

        last_ns : event time of the newest tick known by then
        """
        starts = (start for spec in self._specs() if (start := self._started(spec, now_ns)) is not None)
        # A bar in whose time a tick was told already makes none itself.
        return min((start for start in starts if start > last_ns), default=now_ns)

    def under_way_ns(self, now_ns: int) -> int:
        """When the bar began that is the shortest stored one under way; the minute of now where none is."""
        starts = [start for spec in self._specs()[:1] if (start := self._started(spec, now_ns)) is not None]
        return min([now_ns // MINUTE_NS * MINUTE_NS, *starts])

    def _specs(self) -> list[BarSpec]:
        specs = [spec for spec in self._store.stored_specs(self.instrument) if spec.is_time]
        return sorted(specs, key=lambda spec: spec.duration_ns or int(spec.step) * 31 * DAY_NS)

    def _started(self, spec: BarSpec, now_ns: int) -> int | None:
        """When the bar of ``spec`` that is under way at ``now_ns`` began."""
        label = label_under_way(spec, now_ns, self.sessions)
        return None if label is None else int(_starts(spec, np.array([label], np.int64), self.sessions)[0])

    async def _completed(self, spec: BarSpec, after_ns: int, to_ns: int) -> _Spans:
        reach_ns = spec.duration_ns or int(spec.step) * 31 * DAY_NS
        if spec.is_dated:
            reach_ns = 2 * reach_ns + _MARGIN_NS
        ahead_ns = _LABEL_NS if spec.is_dated else 0
        spans = await self._spans(spec, after_ns - reach_ns, to_ns + 1 + ahead_ns)
        rows = slice(*(int(row) for row in np.searchsorted(spans.known_ns, (after_ns, to_ns), side="right")))
        return _Spans(spans.bars[rows], spans.starts_ns[rows], spans.known_ns[rows])

    async def _spans(self, spec: BarSpec, from_ns: int, to_ns: int) -> _Spans:
        bars = await self._store.load(Series(self.instrument, spec), from_ns=from_ns, to_ns=to_ns)
        known = known_ns(spec, bars.event_ns, self.sessions)
        return _Spans(bars, np.minimum(_starts(spec, bars.event_ns, self.sessions), known - _N_TICKS), known)

    async def _is_bare(self, spans: _Spans, shorter: Sequence[BarSpec]) -> npt.NDArray[np.bool_]:
        """For each bar: whether no shorter one is stored of its time."""
        is_bare = np.ones(len(spans.bars), np.bool_)
        for spec in shorter:
            margin_ns = _MARGIN_NS if spec.is_dated else 0
            found = await self._spans(spec, int(spans.starts_ns[0]) - margin_ns, int(spans.known_ns[-1]) + margin_ns)
            is_bare &= _holds_none(spans, found.starts_ns, found.known_ns)
        return is_bare

    async def _is_without_trades(
        self, spans: _Spans, asked: npt.NDArray[np.bool_], trades: TradeArrays, after_ns: int
    ) -> npt.NDArray[np.bool_]:
        """For each bar that is asked about: whether no trade is stored of its time; ``trades`` are those after ``after_ns``."""
        is_without = _holds_none(spans, trades.event_ns, trades.event_ns + 1)  # one at the end belongs to the next bar
        for row in np.flatnonzero(asked & is_without & (spans.starts_ns <= after_ns)).tolist():
            is_without[row] = not await self._has_trades(int(spans.starts_ns[row]), after_ns + 1)
        return is_without

    async def _has_trades(self, from_ns: int, to_ns: int) -> bool:
        for source in self._sources():
            for at_ns in range(from_ns, to_ns, DAY_NS):
                if len(await self._store.load_trades(self.instrument, source, from_ns=at_ns, to_ns=min(at_ns + DAY_NS, to_ns))):
                    return True
        return False

    async def _trades(self, from_ns: int, to_ns: int) -> TradeArrays:
        sources = self._sources()
        minute_ns = from_ns if len(sources) < 2 else from_ns // MINUTE_NS * MINUTE_NS
        found = [await self._store.load_trades(self.instrument, name, from_ns=minute_ns, to_ns=to_ns) for name in sources]
        some = [trades for trades in found if len(trades)]
        told = first_to_tell(some) if len(some) > 1 else (some or [TradeArrays.empty()])[0]
        return told[int(np.searchsorted(told.event_ns, from_ns)) :]

    def _sources(self) -> list[str]:
        return self._store.trade_sources(self.instrument)


def label_under_way(spec: BarSpec, now_ns: int, sessions: SessionTable) -> int | None:
    """Event time of the bar of ``spec``, one of time, that has begun and is not complete at ``now_ns``; None where none is."""
    now = np.array([now_ns], np.int64)
    if not spec.is_dated:
        assert spec.duration_ns is not None, "Bars of seconds, minutes and hours have a length."
        return int(intraday_starts(now, spec.duration_ns, sessions)[0])
    row = int(np.searchsorted(sessions.open_ns, now_ns, side="right")) - 1
    newest = sessions.label_ns[row : row + 1] if row >= 0 else now // DAY_NS * DAY_NS
    label = dated_labels(newest, spec, sessions)
    return int(label[0]) if known_ns(spec, label, sessions)[0] > now_ns else None


def _starts(spec: BarSpec, event_ns: Int64s, sessions: SessionTable) -> Int64s:
    return sessions.opens_of(event_ns) if spec.is_dated else event_ns


def _holds_none(spans: _Spans, starts_ns: Int64s, known: Int64s) -> npt.NDArray[np.bool_]:
    """For each span: whether nothing begins in it and is known by its end."""
    n_known = np.searchsorted(known, spans.known_ns, side="right")
    held: npt.NDArray[np.bool_] = n_known <= np.searchsorted(starts_ns, spans.starts_ns, side="left")
    return held


def _ticks_of(spans: _Spans, chosen: npt.NDArray[np.bool_], sessions: SessionTable | None) -> KnownTicks:
    bars, starts, known = spans.bars, spans.starts_ns[chosen], spans.known_ns[chosen]
    opened, high, low, close, volume = (column[chosen] for column in bars.columns())
    length = known - starts
    is_high_first = high - opened < opened - low
    near, far = np.where(is_high_first, high, low), np.where(is_high_first, low, high)
    times = np.stack((starts, starts + length // 3, starts + length // 3 * 2, known - 1), axis=1).ravel()
    if sessions is not None and len(sessions):
        row = np.maximum(np.searchsorted(sessions.open_ns, times, side="right") - 1, 0)
        is_after = (times >= sessions.close_ns[row]) & (sessions.close_ns[row] > np.repeat(starts, _N_TICKS))
        times = np.where(is_after, sessions.close_ns[row] - 1, times)
    nothing = np.zeros(len(starts))
    quantity = np.stack((nothing, nothing, nothing, np.nan_to_num(volume, nan=0.0)), axis=1).ravel()
    price = np.stack((opened, near, far, close), axis=1).ravel()
    return KnownTicks(TradeArrays(times, price, quantity, np.zeros(len(times), np.int8)), np.repeat(known, _N_TICKS))


def _in_order(pieces: Sequence[KnownTicks]) -> KnownTicks:
    some = [piece for piece in pieces if len(piece)]
    if len(some) <= 1:
        return some[0] if some else KnownTicks.empty()
    known = np.concatenate([piece.known_ns for piece in some])
    trades = joined_trades([piece.trades for piece in some])
    order = np.lexsort((trades.event_ns, known))
    return KnownTicks(picked_trades(trades, order), known[order])
