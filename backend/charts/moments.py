"""The bars of a series as they are now, or as they were at a moment of the past."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backend.charts.running_studies import first_change
from backend.charts.series_lines import SeriesLines
from backend.charts.series_times import SeriesTimes
from backend.domain.bars import Bar, BarArrays, Int64s, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.market.bar_snapshot import BarSnapshot
from backend.market.bar_store import OpenSeries
from backend.market.growing_bars import GrowingBars


class PastBars(Protocol):
    """Where bars of the past come from; ``backend.market.history.History`` is one."""

    async def bars(
        self,
        series: Series,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        adjusted: bool = False,
        as_of_ns: int | None = None,
    ) -> BarArrays:
        """Bars of ``series`` as they were known at ``as_of_ns``."""
        ...

    async def under_way(self, series: Series, label_ns: int, *, as_of_ns: int, adjusted: bool = False) -> Bar | None:
        """The bar at ``label_ns`` as far as shorter bars tell of it that were complete at ``as_of_ns``."""
        ...

    async def next_action_ns(self, instrument: InstrumentId, after_ns: int) -> int | None:
        """The next instant at which adjusted prices of earlier bars change."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A series at one moment.

    now_ns : None for the present
    lines : what is computed of ``bars``
    n_rows : how many of ``bars`` were complete; all of them are shown at present
    under_way : the bar that had begun and was not complete, where shorter bars tell of it; it ends at ``ends_ns``
    version : of the source, when this was found
    """

    now_ns: int | None
    lines: SeriesLines
    bars: BarSnapshot
    n_rows: int
    version: int
    under_way: Bar | None = None
    ends_ns: int = 0

    @property
    def times(self) -> SeriesTimes:
        """When bars of the series are complete."""
        return self.lines.times

    @property
    def seen(self) -> BarSnapshot:
        """The bars to show."""
        return self.bars if self.now_ns is None else self.bars.first(self.n_rows, self.under_way)

    @property
    def breaks(self) -> Int64s:
        """Rows at which sessions start, of the bars to show."""
        rows = self.lines.breaks()
        n_seen = self.n_rows + (self.under_way is not None)
        return rows if self.now_ns is None else rows[: int(np.searchsorted(rows, n_seen))]

    def close_at(self, at_ns: int) -> float:
        """The last close seen here that is known at ``at_ns``, an instant not before this one; NaN where there is none."""
        if self.under_way is not None and self.ends_ns <= at_ns:
            return self.under_way.close
        return self.bars.bar(self.n_rows - 1).close if self.n_rows else float("nan")


class SeriesMoments:
    """Finds moments of one open series.

    What is complete is a beginning of the same bars, so nothing is read again for it; only adjusted prices are, where a
    corporate action lay ahead, and the bar that was under way.
    """

    def __init__(self, source: OpenSeries, history: PastBars) -> None:
        self.source = source
        self.live: SeriesLines | None = None
        self.times: SeriesTimes | None = None
        self._history = history
        self._past: SeriesLines | None = None
        self._edge_ns: int | None = None  # of what was or is being read
        self._n_rewritten = 0
        self._found: Moment | None = None
        self._lock = asyncio.Lock()

    @property
    def is_in_step(self) -> bool:
        """Whether what is computed belongs to the bars there are."""
        return self.live is not None and self.live.lineage == self.source.newest.lineage

    def know_sessions(self, sessions: SessionTable | None) -> None:
        """Take the sessions, or go without until somebody needs them."""
        self.times = SeriesTimes(self.source.series.spec, sessions)
        if self.live is not None:
            self.live.times = self.times

    def note(self, bars: BarSnapshot) -> None:
        """Hear of newer bars: the past that was read may be another now."""
        if self._edge_ns is None or self.live is None:
            return
        old = self.live.bars
        row = first_change(old, bars) if old.lineage == bars.lineage else 0
        if row < len(bars) and bars.event_ns_at(row) >= self._edge_ns:
            return
        self._past = None
        self._n_rewritten += 1

    async def at(self, now_ns: int | None) -> Moment:
        """The moment ``now_ns``, None for the present. Raises what reading bars raises."""
        async with self._lock:
            found = self._found
            is_same = found is not None and found.now_ns == now_ns and found.version == self.source.version
            if found is None or not is_same or (now_ns is None and not self.is_in_step):
                self._found = found = await self._find(now_ns)
            return found

    async def _find(self, now_ns: int | None) -> Moment:
        assert self.times is not None, "The sessions come first."
        live = await self._live_lines(self.times)
        version = self.source.version
        if now_ns is None:
            return Moment(None, live, live.bars, len(live.bars), version)
        lines = await self._past_lines(live, self.times, now_ns) if self.source.adjusted else live
        bars = lines.bars
        n_rows = self.times.n_until(bars, now_ns)
        under_way = await self._under_way(bars, n_rows, now_ns)
        ends_ns = int(self.times.known(bars, n_rows, n_rows + 1)[0]) if under_way is not None else 0
        return Moment(now_ns, lines, bars, n_rows, version, under_way, ends_ns)

    async def _live_lines(self, times: SeriesTimes) -> SeriesLines:
        while not self.is_in_step or self.live is None:
            made = await asyncio.to_thread(SeriesLines, times, self.source.newest)
            if made.lineage == self.source.newest.lineage:
                self.live = made
        self.live.advance(self.source.newest)
        return self.live

    async def _past_lines(self, live: SeriesLines, times: SeriesTimes, now_ns: int) -> SeriesLines:
        series = self.source.series
        edge_ns = await self._history.next_action_ns(series.instrument, now_ns)
        if edge_ns is None:
            self._past = self._edge_ns = None
            return live
        if self._past is None or self._edge_ns != edge_ns:
            self._past, self._edge_ns, n_rewritten = None, edge_ns, self._n_rewritten
            bars = await self._history.bars(series, adjusted=True, as_of_ns=edge_ns - 1)
            # A lineage of its own, which no live bars have.
            grown = await asyncio.to_thread(lambda: GrowingBars(bars, lineage=-edge_ns).snapshot(1))
            made = await asyncio.to_thread(SeriesLines, times, grown)
            if n_rewritten != self._n_rewritten:
                return made  # read anew for the next version, which there is already
            self._past = made
        return self._past

    async def _under_way(self, bars: BarSnapshot, row: int, now_ns: int) -> Bar | None:
        if row >= len(bars):
            return None
        label_ns, adjusted = bars.event_ns_at(row), self.source.adjusted
        return await self._history.under_way(self.source.series, label_ns, as_of_ns=now_ns, adjusted=adjusted)
