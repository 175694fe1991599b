"""What alerts need to know of an instrument beside its live prices: sessions, splits, closes, drawings and decimals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backend.alerts.alert import Alert, DrawingCondition, PercentCondition, PriceCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.level import Level, percent_level
from backend.alerts.lines import BarRows, has_line, level_of, lines_of, name_of, place_line
from backend.charts.anchor_map import AnchorMap
from backend.charts.drawing_store import DrawingStore
from backend.charts.drawings import Drawing
from backend.domain.actions import Split
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Float64s, Int64s, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput
from backend.market.action_log import ActionLog
from backend.market.adjust import Factors, adjust_bars, compute_factors
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.history import NO_FACTORS, History, PriceFactors
from backend.storage.market_store import MarketStore
from backend.watchlists.board import quoted_decimals

DAILY: Final = BarSpec.parse("1d")
_NONE: Final = np.empty(0, np.int64)
_NO_SPLITS: Final = Factors(_NONE, np.empty(0), np.empty(0))
_LOOK_BACK_NS: Final = 30 * DAY_NS
_N_QUOTED: Final = 20
_N_CLOSES: Final = 4  # the newest sessions; live prices are of no other


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """One instrument as known at ``loaded_ns``.

    splits : those whose session had opened by then; split_open_ns : int64[n]   those openings
    next_ns : the first instant at which some of this changes by itself: a session opens, or a corporate action comes
    close_ns, close : int64[n], float64[n]   openings of sessions, and the close of the session before each, splits taken out
    drawings : by id
    """

    instrument: Instrument
    sessions: SessionTable
    splits: Factors = _NO_SPLITS
    split_open_ns: Int64s = field(default_factory=lambda: _NONE)
    factors: PriceFactors = NO_FACTORS
    close_ns: Int64s = field(default_factory=lambda: _NONE)
    close: Float64s = field(default_factory=lambda: np.empty(0))
    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    decimals: int = 2
    loaded_ns: int = 0
    next_ns: int = 2**62

    def split_factor(self, from_ns: int) -> float:
        """What a raw price of ``from_ns`` is multiplied with to be one of now."""
        return float(np.prod(self.splits.price[self.split_open_ns > from_ns]))

    def adjusted(self, bars: BarArrays, spec: BarSpec) -> BarArrays:
        """Bars with splits taken out, so that prices of all times can be compared with those of now."""
        if not len(self.splits.ex_ns) or not len(bars):
            return bars
        return adjust_bars(bars, self.splits, boundary_ns=None if spec.is_dated else self.split_open_ns)

    def anchor_map(self, spec: BarSpec) -> AnchorMap:
        """How drawings are placed on bars of ``spec``."""
        return AnchorMap(spec, self.sessions, self.factors)


@dataclass(frozen=True, slots=True)
class FactParts:
    """Where facts come from."""

    store: MarketStore
    history: History
    catalog: Catalog
    actions: ActionLog
    calendars: Calendars
    drawings: DrawingStore


class MarketFacts:
    """Loads the facts of instruments."""

    def __init__(self, parts: FactParts) -> None:
        self._store = parts.store
        self._history = parts.history
        self._catalog = parts.catalog
        self._actions = parts.actions
        self._calendars = parts.calendars
        self._drawings = parts.drawings

    async def load(self, instrument: InstrumentId, now_ns: int, *, is_whole: bool = False) -> Facts:
        """Everything about one instrument, as known now. Raises NotFound, CorruptData.

        is_whole : with the closes of all sessions, for looks at history
        """
        known = await self._catalog.get(instrument)
        sessions = await self._calendars.load(known.calendar)
        splits, opens = await self._splits(instrument, sessions)
        is_past = opens <= now_ns
        past = Factors(splits.ex_ns[is_past], splits.price[is_past], splits.volume[is_past])
        daily = await self._daily(instrument, None if is_whole else now_ns - _LOOK_BACK_NS)
        closes = adjust_bars(daily, past) if len(past.ex_ns) else daily
        drawings = (await self._drawings.of(instrument)).drawings
        coming = [int(ns) for ns in opens[~is_past][:1]]
        row = int(np.searchsorted(sessions.open_ns, now_ns, side="right"))
        coming += [int(sessions.open_ns[row])] if row < len(sessions) else []
        return Facts(
            known,
            sessions,
            past,
            opens[is_past],
            _factors_until(await self._history.price_factors(instrument), now_ns),
            *_closes_before(closes, sessions, now_ns, len(sessions) if is_whole else _N_CLOSES),
            {drawing.id: drawing for drawing in drawings},
            quoted_decimals(known, daily.close[-_N_QUOTED:].tolist()),
            now_ns,
            min(coming, default=2**62),
        )

    async def bars(self, series: Series, facts: Facts, *, as_of_ns: int, from_ns: int | None = None) -> BarArrays:
        """Bars of ``series`` from ``from_ns`` on that are complete at ``as_of_ns``, splits taken out; empty where none can be."""
        try:
            bars = await self._history.bars(series, from_ns=from_ns)
        except InvalidInput:
            return BarArrays.empty()  # no stored bars divide it
        known = await self._history.known(series, bars.event_ns)
        return facts.adjusted(bars[: int(np.searchsorted(known, as_of_ns, side="right"))], series.spec)

    async def trades(self, instrument: InstrumentId, after_ns: int) -> TradeArrays:
        """Trades that were recorded after ``after_ns``, of the feed that gave most of them."""
        found = TradeArrays.empty()
        for key in self._store.series_keys(instrument):
            if key.is_trades:
                trades = await self._store.load_trades(instrument, key.source, from_ns=after_ns + 1)
                found = trades if len(trades) > len(found) else found
        return found

    async def _splits(self, instrument: InstrumentId, sessions: SessionTable) -> tuple[Factors, Int64s]:
        splits = [action for action in await self._actions.list(instrument) if isinstance(action, Split)]
        if not splits:
            return _NO_SPLITS, _NONE
        factors = compute_factors(splits, _NONE, np.empty(0))
        return factors, sessions.opens_of(factors.ex_ns)

    async def _daily(self, instrument: InstrumentId, from_ns: int | None) -> BarArrays:
        """Daily bars, or the longest there are instead."""
        specs = await self._history.specs(instrument)
        if not specs:
            return BarArrays.empty()
        usable = DAILY if DAILY in specs else specs[0]
        recent = await self._history.bars(Series(instrument, usable), from_ns=from_ns)
        bars = recent if len(recent) > 1 else await self._history.bars(Series(instrument, usable))
        return bars if usable == DAILY else bars[-1:]


def _factors_until(factors: PriceFactors, now_ns: int) -> PriceFactors:
    known = slice(int(np.searchsorted(factors.open_ns, now_ns, side="right")))
    return PriceFactors(factors.label_ns[known], factors.open_ns[known], factors.price[known])


def plain_levels(alert: Alert) -> dict[int, Level]:
    """The levels of prices as they were chosen, by the leaf's place."""
    found: dict[int, Level] = {}
    for place, leaf in enumerate(leaves_of(alert.condition)):
        if isinstance(leaf, PriceCondition):
            found[place] = Level.constant(leaf.value)
        elif isinstance(leaf, PercentCondition) and leaf.since == "price":
            found[place] = Level.constant(percent_level(leaf.reference, leaf.value))
    return found


def scaled_levels(alert: Alert, facts: Facts) -> dict[int, Level]:
    """The levels of prices that splits have moved since they were chosen, by the leaf's place."""
    found: dict[int, Level] = {}
    for place, leaf in enumerate(leaves_of(alert.condition)):
        if isinstance(leaf, PriceCondition):
            factor = facts.split_factor(leaf.set_ns or alert.created_ns)
            if factor != 1:
                found[place] = Level.constant(leaf.value * factor)
        elif isinstance(leaf, PercentCondition) and leaf.since == "price":
            factor = facts.split_factor(alert.created_ns)
            if factor != 1:
                found[place] = Level.constant(percent_level(leaf.reference * factor, leaf.value))
    return found


def levels_of(alert: Alert, facts: Facts, rows: BarRows | None, n_back: int | None = 4) -> dict[int, Level]:
    """The levels that come from outside the engine, by the leaf's place; those that cannot be known are ``Level.none()``."""
    found: dict[int, Level] = {}
    for place, leaf in enumerate(leaves_of(alert.condition)):
        if isinstance(leaf, DrawingCondition):
            drawing = facts.drawings.get(leaf.drawing)
            line = None if drawing is None or rows is None else place_line(drawing, leaf.line, rows)
            found[place] = Level.none() if line is None or rows is None else level_of(line, rows, n_back)
        elif isinstance(leaf, PercentCondition) and leaf.since == "session":
            found[place] = _session_level(leaf, facts)
    return found


def check_drawings(alert: Alert, facts: Facts) -> None:
    """Refuse an alert on a drawing that is not there, or on a line that it does not have. Raises InvalidInput."""
    for leaf in leaves_of(alert.condition):
        if not isinstance(leaf, DrawingCondition):
            continue
        drawing = facts.drawings.get(leaf.drawing)
        if drawing is None:
            message = f"There is no drawing {leaf.drawing} on {alert.instrument}."
            raise InvalidInput(message, hint="Choose one on its chart.", code="alert.drawing")
        if not has_line(drawing, leaf.line):
            lines = ", ".join(lines_of(drawing)) or "none that a price can cross"
            raise InvalidInput(f"A {name_of(drawing)} has no line {leaf.line!r}.", hint=f"It has: {lines}.", code="alert.drawing")


def missing_words(alert: Alert, facts: Facts, *, has_bars: bool) -> str:
    """Why one of the comparisons has nothing to compare with; empty where each has."""
    for leaf in leaves_of(alert.condition):
        if isinstance(leaf, DrawingCondition):
            drawing = facts.drawings.get(leaf.drawing)
            if drawing is None or not has_line(drawing, leaf.line):
                return "Its drawing is gone." if drawing is None else "Its line of the drawing is gone."
        elif isinstance(leaf, PercentCondition) and leaf.since == "session":
            if not len(facts.close):
                return f"There is no close of {alert.instrument} to measure from."
        elif not has_bars and not isinstance(leaf, PriceCondition | PercentCondition):
            return f"There are no {alert.spec} bars of {alert.instrument}."
    return ""


def _closes_before(daily: BarArrays, sessions: SessionTable, now_ns: int, n_max: int) -> tuple[Int64s, Float64s]:
    """The opening of each session, and the close of the last session with bars before it; up to the session of now."""
    if not len(daily) or not len(sessions):
        return _NONE, np.empty(0)
    n_opened = int(np.searchsorted(sessions.open_ns, now_ns, side="right"))
    labels, opens = sessions.label_ns[:n_opened], sessions.open_ns[:n_opened]
    before = np.searchsorted(daily.event_ns, labels) - 1
    is_known = before >= 0
    return opens[is_known][-n_max:], daily.close[before[is_known]][-n_max:]


def _session_level(leaf: PercentCondition, facts: Facts) -> Level:
    """A step at each session's opening; unknown from the next opening on, until it is loaded anew."""
    points: list[tuple[int, float]] = []
    for opens, close in zip(facts.close_ns.tolist(), facts.close.tolist(), strict=True):
        price = percent_level(close, leaf.value)
        if points:
            points.append((opens, points[-1][1]))
        points.append((opens, price))
    if not points:
        return Level.none()
    row = int(np.searchsorted(facts.sessions.open_ns, facts.close_ns[-1], side="right"))
    if row >= len(facts.sessions):
        return Level(tuple(points), after=points[-1][1])
    return Level((*points, (int(facts.sessions.open_ns[row]) - 1, points[-1][1])))
