"""Bars as anyone may ask for them: stored or resampled, raw or adjusted, and never from the future."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from backend.clock import Clock
from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, Bar, BarArrays, BarSpec, Float64s, Int64s, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput, NotFound
from backend.market.action_log import ActionLog
from backend.market.adjust import adjust_bars, compute_factors
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.growing_bars import join
from backend.market.resample import NEVER_NS, divides, known_ns, resample, source_window
from backend.market.trade_bars import TradeBars
from backend.storage.market_store import MarketStore

DAILY: Final = BarSpec.parse("1d")
OFFERED: Final = tuple(BarSpec.parse(text) for text in ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo"))

_N_PARTS_MAX: Final = 2_000  # minutes of a day, hours of a month


@dataclass(frozen=True, slots=True, eq=False)
class PriceFactors:
    """The corporate actions of an instrument as prices feel them, oldest first.

    label_ns, open_ns : int64[n]   label and opening of the sessions that first trade ex, ascending
    price : float64[n]   what raw prices before each are multiplied with for that one alone
    """

    label_ns: Int64s
    open_ns: Int64s
    price: Float64s


_NONE: Final = np.empty(0, np.int64)
NO_FACTORS: Final = PriceFactors(_NONE, _NONE, np.empty(0))


@dataclass(frozen=True, slots=True)
class _Query:
    """What is asked of ``History.bars``."""

    series: Series
    from_ns: int | None
    to_ns: int | None
    adjusted: bool
    as_of_ns: int | None
    source: str | None


class History:
    """Reads the market store through calendars and the action log; every reader gets its bars from here."""

    def __init__(self, store: MarketStore, catalog: Catalog, actions: ActionLog, calendars: Calendars, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._actions = actions
        self._calendars = calendars
        self._clock = clock
        self.of_trades = TradeBars(store)

    async def bars(
        self,
        series: Series,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        adjusted: bool = False,
        as_of_ns: int | None = None,
        source: str | None = None,
    ) -> BarArrays:
        """Bars of ``series`` with ``from_ns`` ≤ event_ns < ``to_ns``, oldest first; empty when there are none.

        Stored bars of this spec where there are any, else resampled from the longest stored spec that divides it. Those that
        minutes cannot make are made of recorded trades, from the first of them on.
        With ``as_of_ns`` no stored bar counts that was not complete at that instant; the newest bar may then still be
        under way (see ``known``). Adjusted are bars for the corporate actions whose session has opened by ``as_of_ns``,
        or by now: what is only announced changes no price. Raises NotFound for an
        unknown instrument, InvalidInput where no stored spec divides the one asked for.
        """
        query = _Query(series, from_ns, to_ns, adjusted, as_of_ns, source)
        instrument = await self._catalog.get(series.instrument)
        if not self.of_trades.can_make(series.instrument, series.spec, source):
            return await self._of_bars(query, instrument)
        sessions = await self._calendars.load(instrument.calendar)
        begins_ns = self.of_trades.begins_ns(series, sessions, source)
        made = await self._of_trades(query, sessions) if to_ns is None or to_ns > begins_ns else BarArrays.empty()
        has_older = any(divides(spec, series.spec) for spec in self._store.stored_specs(series.instrument, source))
        if not has_older or (from_ns is not None and from_ns >= begins_ns):
            return made
        older = replace(query, to_ns=begins_ns if to_ns is None else min(to_ns, begins_ns))
        return join(await self._of_bars(older, instrument), made)

    async def _of_trades(self, query: "_Query", sessions: SessionTable) -> BarArrays:
        series = query.series
        bars = await self.of_trades.bars(
            series, sessions, from_ns=query.from_ns, to_ns=query.to_ns, known_ns=query.as_of_ns, source=query.source
        )
        bars = _known(bars, series.spec, query.as_of_ns, sessions)
        return await self._adjust(bars, series, query.as_of_ns, query.source) if query.adjusted else bars

    async def _of_bars(self, query: "_Query", instrument: Instrument) -> BarArrays:
        series, from_ns, to_ns, source = query.series, query.from_ns, query.to_ns, query.source
        stored = await self._stored_spec(series, source)
        if stored is None:
            return BarArrays.empty()
        if stored == series.spec and not query.adjusted and query.as_of_ns is None:
            # The first chart's way: no session table is needed.
            return await self._store.load(series, source=source, from_ns=from_ns, to_ns=to_ns)
        sessions = await self._calendars.load(instrument.calendar)
        start, stop = from_ns, to_ns
        if stored != series.spec:
            start, stop = source_window(series.spec, from_ns, to_ns, sessions)
        elif not stored.is_time:
            stop = None  # such a bar is complete once the next one opens, which may lie beyond
        bars = await self._store.load(Series(series.instrument, stored), source=source, from_ns=start, to_ns=stop)
        bars = _known(bars, stored, query.as_of_ns, sessions)
        if query.adjusted:
            bars = await self._adjust(bars, Series(series.instrument, stored), query.as_of_ns, source)
        return _between(resample(bars, stored, series.spec, sessions), from_ns, to_ns)

    async def price_factors(self, instrument: InstrumentId) -> PriceFactors:
        """What raw prices before each ex date are multiplied with to be adjusted ones of now."""
        specs = self._store.stored_specs(instrument)
        actions = await self._actions.list(instrument) if specs else []
        if not actions:
            return NO_FACTORS
        sessions = await self.sessions_of(instrument)
        ex_ns = np.array([action.ex_ns for action in actions], np.int64)
        known = [action for action, opens in zip(actions, sessions.opens_of(ex_ns), strict=True) if opens <= self._clock.now_ns()]
        longest = Series(instrument, max(specs, key=_length))
        closes = await self._daily_closes(longest, None, None, sessions)
        factors = compute_factors(known, closes.event_ns, closes.close)
        return PriceFactors(factors.ex_ns, sessions.opens_of(factors.ex_ns), factors.price)

    async def split_labels(self, instrument: InstrumentId) -> Int64s:
        """The labels of the sessions from which on old shares of an instrument are new ones, announced ones among them."""
        actions = await self._actions.list(instrument)
        return np.array([action.ex_ns for action in actions if isinstance(action, Split)], np.int64)

    async def under_way(self, series: Series, label_ns: int, *, as_of_ns: int, adjusted: bool = False) -> Bar | None:
        """The bar of ``series`` at ``label_ns`` as shorter stored bars tell it that were complete by ``as_of_ns``, if any do.

        Of shorter bars it takes the shortest that make one of ``series`` of not too many; where trades make it, those.
        """
        if self.of_trades.can_make(series.instrument, series.spec):
            sessions = await self.sessions_of(series.instrument)
            bars = await self.of_trades.bars(series, sessions, from_ns=label_ns, to_ns=label_ns + 1, known_ns=as_of_ns)
            bars = await self._adjust(bars, series, as_of_ns, None) if adjusted else bars
            return bars.bar(0) if len(bars) else None
        stored, sessions = self._store.stored_specs(series.instrument), await self.sessions_of(series.instrument)
        shorter = sorted((spec for spec in stored if spec != series.spec and divides(spec, series.spec)), key=_length)
        few = [spec for spec in shorter if _length(series.spec)[0] <= _N_PARTS_MAX * _length(spec)[0]]
        start, stop = source_window(series.spec, label_ns, label_ns + 1, sessions)
        for spec in few or shorter[-1:]:
            parts = Series(series.instrument, spec)
            bars = _known(await self._store.load(parts, from_ns=start, to_ns=stop), spec, as_of_ns, sessions)
            if adjusted:
                bars = await self._adjust(bars, parts, as_of_ns, None)
            made = _between(resample(bars, spec, series.spec, sessions), label_ns, label_ns + 1)
            if len(made):
                return made.bar(0)
        return None

    async def next_action_ns(self, instrument: InstrumentId, after_ns: int) -> int | None:
        """The first instant after ``after_ns``, the present at the latest, at which a corporate action moves adjusted prices."""
        actions = await self._actions.list(instrument)
        if not actions:
            return None
        sessions = await self.sessions_of(instrument)
        opens = sessions.opens_of(np.array([action.ex_ns for action in actions], np.int64))
        coming = opens[(opens > after_ns) & (opens <= self._clock.now_ns())]
        return int(coming.min()) if len(coming) else None

    async def known(self, series: Series, event_ns: Int64s) -> Int64s:
        """When each bar of ``series`` is complete: the first instant at which it may be used without looking ahead."""
        sessions = await self.sessions_of(series.instrument)
        return await asyncio.to_thread(known_ns, series.spec, event_ns, sessions)

    async def specs(self, instrument: InstrumentId) -> tuple[BarSpec, ...]:
        """What can be shown of an instrument: the usual intervals that stored bars divide, and the stored ones."""
        stored = set(self._store.stored_specs(instrument))
        offered = {spec for spec in OFFERED if any(divides(one, spec) for one in stored)}
        return tuple(sorted(stored | offered, key=_length))

    async def origin(self, series: Series) -> tuple[BarSpec, tuple[str, ...]]:
        """The stored spec that bars of ``series`` are read or built from, and who said them, the one that counts first in front.

        Bars made of trades are their own. Raises what ``bars`` raises, and NotFound where nothing is stored.
        """
        if self.of_trades.can_make(series.instrument, series.spec):
            return series.spec, tuple(self._store.trade_sources(series.instrument))
        stored = await self._stored_spec(series, None)
        if stored is None:
            raise NotFound(
                f"No bars of {series.instrument} are stored.", hint="Bring some with: trii import FILE", code="bars.none"
            )
        return stored, tuple(self._store.sources(Series(series.instrument, stored)))

    def can_make(self, instrument: InstrumentId, spec: BarSpec) -> bool:
        """Whether bars of ``spec`` can be shown of the bars and trades that are stored."""
        is_of_bars = any(divides(stored, spec) for stored in self._store.stored_specs(instrument))
        return is_of_bars or self.of_trades.can_make(instrument, spec)

    async def sessions_of(self, instrument: InstrumentId) -> SessionTable:
        """The sessions of an instrument's calendar. Raises NotFound for an unknown one."""
        found: Instrument = await self._catalog.get(instrument)
        return await self._calendars.load(found.calendar)

    async def _stored_spec(self, series: Series, source: str | None) -> BarSpec | None:
        """The stored spec to build from; None where nothing of the instrument is stored."""
        stored = self._store.stored_specs(series.instrument, source)
        if series.spec in stored or not stored:
            return series.spec if stored else None
        usable = [spec for spec in stored if divides(spec, series.spec)]
        if not usable:
            have = ", ".join(str(spec) for spec in sorted(set(stored), key=_length))
            raise InvalidInput(
                f"Bars of {series.spec} cannot be built for {series.instrument}, which is stored as {have}.",
                hint="Ask for a multiple of what is stored, or import shorter bars.",
                code="bars.not_divisible",
            )
        return max(usable, key=_length)

    async def _adjust(self, bars: BarArrays, stored: Series, as_of_ns: int | None, source: str | None) -> BarArrays:
        actions = await self._actions.list(stored.instrument)
        if not actions or not len(bars):
            return bars
        sessions = await self.sessions_of(stored.instrument)
        limit = self._clock.now_ns() if as_of_ns is None else as_of_ns
        ex_ns = np.array([action.ex_ns for action in actions], np.int64)
        ex_opens = sessions.opens_of(ex_ns)
        # What went ex before the first of these bars changes none of them.
        counts = (ex_opens <= limit) & ((ex_ns if stored.spec.is_dated else ex_opens) > bars.event_ns[0])
        known = [action for action, does in zip(actions, counts.tolist(), strict=True) if does]
        closes = BarArrays.empty()
        if any(isinstance(action, Dividend) for action in known):  # splits need no price
            closes = await self._daily_closes(stored, as_of_ns, source, sessions)
        factors = compute_factors(known, closes.event_ns, closes.close)
        boundary = None if stored.spec.is_dated else sessions.opens_of(factors.ex_ns)
        return adjust_bars(bars, factors, boundary_ns=boundary)

    async def _daily_closes(self, stored: Series, as_of_ns: int | None, source: str | None, sessions: SessionTable) -> BarArrays:
        """Raw bars by the label of their last session, daily if possible: a dividend's factor takes the close before it."""
        daily = Series(stored.instrument, DAILY)
        if any(divides(spec, DAILY) for spec in self._store.stored_specs(stored.instrument, source)):
            return await self.bars(daily, as_of_ns=as_of_ns, source=source)
        bars = _known(await self._store.load(stored, source=source), stored.spec, as_of_ns, sessions)
        ends_ns = known_ns(stored.spec, bars.event_ns, sessions) - 1 if stored.spec.is_dated else bars.event_ns
        return BarArrays(_session_labels(ends_ns, sessions), *bars.columns())


def _known(bars: BarArrays, spec: BarSpec, as_of_ns: int | None, sessions: SessionTable) -> BarArrays:
    if as_of_ns is None or not len(bars):
        return bars
    # Completion times never decrease, so what is known is a beginning of the series.
    return bars[: int(np.searchsorted(known_ns(spec, bars.event_ns, sessions), as_of_ns, side="right"))]


def _session_labels(instant_ns: Int64s, sessions: SessionTable) -> Int64s:
    """The label of the session at, or next after, each instant; its date where the calendar does not reach."""
    day_ns = instant_ns // DAY_NS * DAY_NS
    if not len(sessions):
        return day_ns
    row = np.searchsorted(sessions.close_ns, instant_ns, side="right")
    is_known = (day_ns >= sessions.label_ns[0]) & (row < len(sessions))
    return np.where(is_known, sessions.label_ns[np.minimum(row, len(sessions) - 1)], day_ns).astype(np.int64)


def _between(bars: BarArrays, from_ns: int | None, to_ns: int | None) -> BarArrays:
    start = 0 if from_ns is None else int(np.searchsorted(bars.event_ns, from_ns))
    stop = len(bars) if to_ns is None else int(np.searchsorted(bars.event_ns, to_ns))
    return bars[start : max(start, stop)]


def _length(spec: BarSpec) -> tuple[int, str]:
    """Sorts time bars by length, the others behind them."""
    if not spec.is_time:
        return NEVER_NS, str(spec)
    return spec.duration_ns or int(spec.step) * 30 * DAY_NS, str(spec)
