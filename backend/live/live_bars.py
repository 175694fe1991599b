"""Every bar that the trades of one instrument make: minutes from trades, longer ones from minutes, others from trades."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backend.domain.bars import Bar, BarArrays, BarSpec
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.live.folds import MINUTE, Fold
from backend.live.trade_cut import TradeCut
from backend.market.aggregate import TradeAggregator
from backend.market.growing_bars import join
from backend.market.resample import divides

_NO_BARS: Final = BarArrays.empty()
_RECENT_MAX: Final = 10_000  # minutes kept for specs that are joined while others run


@dataclass(frozen=True, slots=True, eq=False)
class BarChange:
    """What trades, or the clock, made of the bars: those completed, and those under way, by spec."""

    closed: dict[BarSpec, BarArrays] = field(default_factory=dict)
    forming: dict[BarSpec, Bar] = field(default_factory=dict)


class LiveBars:
    """One instrument. Trades come in the venue's order; one whose time steps back counts in the bar under way.

    A complete bar never changes here: what is found out later about it comes as a back-fill (decision 0126), or, of bars that only
    trades make, from the recorded trades (``cuts``).
    n_unordered : trades whose time stepped back
    """

    def __init__(self, sessions: SessionTable) -> None:
        self.sessions = sessions
        self.n_unordered = 0
        self._minutes = TradeAggregator(MINUTE, sessions)
        self._folds: dict[BarSpec, Fold] = {}
        self._cuts: dict[BarSpec, TradeCut] = {}
        self._recent: deque[Bar] = deque(maxlen=_RECENT_MAX)
        self._floor_ns = np.iinfo(np.int64).min

    @property
    def specs(self) -> frozenset[BarSpec]:
        """What is made, minutes always among them."""
        return frozenset({MINUTE, *self._folds, *self._cuts})

    @property
    def minute(self) -> Bar | None:
        """The minute under way."""
        return self._minutes.forming()

    def add_spec(self, spec: BarSpec) -> Fold | None:
        """Make bars of ``spec`` too; the fold to ``begin`` where they are made of minutes."""
        if spec in self.specs:
            return self._folds.get(spec)
        if divides(MINUTE, spec):
            self._folds[spec] = Fold(spec, self.sessions)
            return self._folds[spec]
        self._cuts[spec] = TradeCut(spec, self.sessions)
        return None

    def drop_spec(self, spec: BarSpec) -> None:
        """Make no more bars of ``spec``."""
        self._folds.pop(spec, None)
        self._cuts.pop(spec, None)

    @property
    def cuts(self) -> Mapping[BarSpec, TradeCut]:
        """What only trades make."""
        return self._cuts

    @property
    def folds(self) -> tuple[Fold, ...]:
        """What is made of minutes."""
        return tuple(self._folds.values())

    def begin(self, spec: BarSpec, before: BarArrays, minutes: BarArrays, from_ns: int) -> None:
        """Let the bar of ``spec`` under way hold ``before`` (bars of it), these minutes, and what came here since ``from_ns``."""
        fold = self._folds.get(spec)
        if fold is None:
            return
        fold.begin(before)
        for row in range(len(minutes)):
            fold.add(minutes.bar(row))
        for minute in self._recent:
            if minute.event_ns >= from_ns:
                fold.add(minute)

    def apply(self, trades: TradeArrays) -> BarChange:
        """Take trades in."""
        came, trades = trades, self._in_order(trades)
        change = BarChange()
        if not len(trades):
            return change
        minutes = self._minutes.apply(trades)
        for spec, cut in self._cuts.items():
            _put(change, spec, cut.apply(came))
        self._fold(change, minutes, self._floor_ns)
        return change

    def advance(self, to_ns: int) -> BarChange:
        """Time has come to ``to_ns`` (event time): bars that were over by then are complete."""
        change = BarChange()
        self._floor_ns = max(self._floor_ns, to_ns)
        for spec, cut in self._cuts.items():
            _put(change, spec, cut.finish(to_ns))
        self._fold(change, self._minutes.finish(to_ns), to_ns)
        return change

    def _fold(self, change: BarChange, minutes: BarArrays, to_ns: int) -> None:
        _put(change, MINUTE, minutes)
        for row in range(len(minutes)):
            minute = minutes.bar(row)
            self._recent.append(minute)
            for spec, fold in self._folds.items():
                _add(change, spec, fold.add(minute))
        under_way = self._minutes.forming()
        for spec, fold in self._folds.items():
            _add(change, spec, fold.close(to_ns))
            _form(change, spec, fold.forming(under_way))
        _form(change, MINUTE, under_way)
        for spec, cut in self._cuts.items():
            _form(change, spec, cut.forming())

    def _in_order(self, trades: TradeArrays) -> TradeArrays:
        times = trades.event_ns
        if not len(times):
            return trades
        if times[0] < self._floor_ns or np.any(times[1:] < times[:-1]):
            risen = np.maximum(np.maximum.accumulate(times), self._floor_ns)
            self.n_unordered += int(np.count_nonzero(risen != times))
            trades = TradeArrays(risen, trades.price, trades.quantity, trades.aggressor)
        self._floor_ns = int(trades.event_ns[-1])
        return trades


def spec_tails(change: BarChange) -> Iterator[tuple[BarSpec, BarArrays, bool]]:
    """For each spec that changed: its closed bars with the one under way last, and whether there is one."""
    for spec in {**change.closed, **change.forming}:
        closed, forming = change.closed.get(spec, _NO_BARS), change.forming.get(spec)
        if forming is None:
            yield spec, closed, False
        elif len(closed):
            yield spec, join(closed, BarArrays.of([forming])), True
        else:
            yield spec, BarArrays.of([forming]), True


def _put(change: BarChange, spec: BarSpec, bars: BarArrays) -> None:
    if len(bars):
        change.closed[spec] = bars


def _add(change: BarChange, spec: BarSpec, bar: Bar | None) -> None:
    if bar is not None:
        one = BarArrays.of([bar])
        change.closed[spec] = join(change.closed[spec], one) if spec in change.closed else one


def _form(change: BarChange, spec: BarSpec, bar: Bar | None) -> None:
    if bar is not None:
        change.forming[spec] = bar
