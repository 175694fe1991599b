"""Everything alerts watch of one series: its trades, its bars, and the indicators and averages over them."""

import bisect
import math
from collections.abc import Mapping, Sequence

import numpy as np

from backend.alerts.bar_values import BarValues
from backend.alerts.clock_watch import RESTLESS, ClockWatch
from backend.alerts.level import Level
from backend.alerts.machine import LONG_AGO, UNKNOWN_SIDE, Clock, Machine, plain_right
from backend.alerts.rows import FEW, PRICE, Column, Rows, Side, Ticks, left_of
from backend.alerts.rules import CloseBefore, Right, Turned
from backend.domain.bars import Bar, BarArrays, BarSpec, Series
from backend.domain.sessions import SessionTable


class SeriesWatch:
    """The rules of one series with what they read; takes batches, gives firings."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.tick_ns = LONG_AGO
        self.values = BarValues(series.spec)
        self._clocks = self._trades, self._bars, self._closes = tuple(map(ClockWatch, Clock))
        self._machines: dict[Machine, None] = {}
        self._n_ended = 0  # bars that were taken and complete when the last trade was looked at
        self._forming_label = LONG_AGO
        self._forming: Mapping[BarSpec, Bar] = {}  # with the newest quiet trade
        self._calm: tuple[float, float] | None = None  # None where it must be looked for

    @property
    def machines(self) -> tuple[Machine, ...]:
        """All of them, in the order in which they were put."""
        return tuple(self._machines)

    @property
    def price(self) -> float:
        """The price seen last, NaN before any."""
        return self._seen(self._trades, PRICE)[0]

    @property
    def newest_label(self) -> int:
        """The bar under way, or the newest complete one; LONG_AGO before any."""
        quiet = self._forming.get(self.series.spec)
        return max(self._forming_label, self.values.label, LONG_AGO if quiet is None else quiet.event_ns)

    # --- rules --------------------------------------------------------------------------------------------------------

    def put(self, machine: Machine) -> None:
        """Watch for a machine from now on."""
        self._calm = None
        self._machines[machine] = None
        for clock in self._clocks:
            clock.put(machine)
            self.values.need(clock.needs)
        self._seed(machine)

    def drop(self, machine: Machine) -> None:
        """Watch for it no more; dropping twice does nothing."""
        if machine not in self._machines:
            return
        self._calm = None
        del self._machines[machine]
        for clock in self._clocks:
            clock.drop(machine)
        self.values.keep([side for clock in self._clocks for side in clock.needs])

    def set_level(self, machine: Machine, leaf: int, level: Level, *, keeps_side: bool) -> None:
        """Compare a leaf with another level from now on."""
        if machine not in self._machines:
            machine.rights[leaf] = plain_right(level)
            return
        self._calm = None
        clock = self._clock_of(machine, leaf)
        clock.leave(machine, leaf)
        machine.rights[leaf] = plain_right(level)
        clock.enter(machine, leaf)
        value, at_ns = self._seen(clock, left_of(machine, leaf))
        if clock.clock is Clock.TRADES and at_ns < machine.after_ns:
            value, at_ns = machine.seen[leaf][0], machine.after_ns
        machine.lie(leaf, value, level.at(at_ns), keeps_side=keeps_side)

    def prime(self, bars: BarArrays, sessions: SessionTable | None) -> None:
        """Take the history of the series into whatever has not begun yet."""
        self._calm = None
        for reading in self.values.prime(bars, sessions):
            for clock in self._clocks:
                clock.forget(reading)
        for machine in self._machines:
            for clock in self._clocks:
                clock.refresh(machine)
            self._seed(machine)

    def figures(self, machine: Machine, leaf: int) -> tuple[float, float]:
        """Both sides of a leaf as they stand."""
        if machine not in self._machines:
            return machine.seen[leaf]
        clock = self._clock_of(machine, leaf)
        value, at_ns = self._seen(clock, left_of(machine, leaf))
        if math.isnan(value) or (clock.clock is Clock.TRADES and at_ns < machine.after_ns):
            return machine.seen[leaf]
        return value, self._level(clock, machine, leaf, at_ns)

    def note(self, machine: Machine) -> None:
        """Bring what a machine has seen last up to date; it looks only where something may change."""
        for clock in self._clocks:
            for leaf in machine.on[clock.clock]:
                machine.seen[leaf] = self.figures(machine, leaf)

    def _clock_of(self, machine: Machine, leaf: int) -> ClockWatch:
        return next(one for one in self._clocks if leaf in machine.on[one.clock])

    def _seed(self, machine: Machine) -> None:
        # What was seen last, the last trade or the newest complete bar, counts as the look before the first.
        for clock in self._clocks:
            for leaf in machine.on[clock.clock]:
                if machine.sides[leaf] == UNKNOWN_SIDE:
                    value, level = self._before(clock, left_of(machine, leaf), machine.rights[leaf])
                    seen = machine.seen[leaf]
                    if not math.isnan(value):
                        machine.lie(leaf, value, level, keeps_side=False)
                    if clock.clock is Clock.TRADES and PRICE not in clock.last and self.values.end_ns < machine.after_ns:
                        machine.seen[leaf] = seen  # before it was restored it saw a trade after these bars

    def _before(self, clock: ClockWatch, left: Side, right: Right | float) -> tuple[float, float]:
        is_traded = clock.clock is Clock.TRADES and PRICE in clock.last
        value, at_ns = (clock.last[PRICE], clock.last_ns) if is_traded else self._newest(left)
        if isinstance(right, float):
            return value, right
        if isinstance(right, Level):
            return value, right.at(at_ns)
        if isinstance(right, CloseBefore) and is_traded and self._n_ended == self.values.n_taken:
            return value, self.values.close_before(right)
        return value, self._newest(right)[0]

    def _newest(self, side: Side) -> tuple[float, int]:
        return self.values.newest(side), self.values.end_ns

    def _seen(self, clock: ClockWatch, side: Side) -> tuple[float, int]:
        if side in clock.last and clock.clock is not Clock.CLOSES:
            return clock.last[side], clock.last_ns
        return self._newest(side)

    def _level(self, clock: ClockWatch, machine: Machine, leaf: int, at_ns: int) -> float:
        right = machine.rights[leaf]
        if isinstance(right, float):
            return right
        return right.at(at_ns) if isinstance(right, Level) else self._seen(clock, right)[0]

    # --- batches ------------------------------------------------------------------------------------------------------

    def take(self, ticks: Ticks, closed: BarArrays, forming: Bar | None) -> list[Turned]:
        """Look at everything that is new of a batch; the bar under way only where it has new trades."""
        self._calm = None
        ticks = ticks.after(self.tick_ns)
        closed = self.values.unseen(closed)
        batch = self._rows(ticks, closed, forming)
        fired = self._look(batch)
        for rows in batch:
            self._clocks[rows.clock].commit(rows)
        if len(ticks):
            self.tick_ns = int(ticks.event_ns[-1])
        if forming is not None:
            self._forming_label = max(self._forming_label, forming.event_ns)
        return fired

    def is_quiet(self, event_ns: int, price: float, forming: Mapping[BarSpec, Bar]) -> bool:
        """Take a trade that changes nothing for anyone, as most do; False, and nothing is taken, where it may change something."""
        if event_ns < self.tick_ns:
            return True
        trades = self._trades
        if self._calm is None:
            self._calm = RESTLESS if self._bars.needs or len(trades.last) != 1 else trades.calm()
        low, high = self._calm
        if not low < price < high:
            return False
        trades.last[PRICE] = price
        trades.last_ns = self.tick_ns = event_ns
        self._n_ended = self.values.n_taken
        self._forming = forming
        return True

    def _rows(self, ticks: Ticks, closed: BarArrays, forming: Bar | None) -> list[Rows]:
        bars, closes = self._bars, self._closes
        if bars.is_idle and not len(closed):  # no bar is looked at
            labels = [] if forming is None else [forming.event_ns]
            return [self._trade_rows(ticks, closed, [], labels)] if len(ticks) else []
        ends = self.values.ends(closed, forming)
        labels = [*closed.event_ns.tolist(), *([] if forming is None else [forming.event_ns])]
        found = [self._trade_rows(ticks, closed, ends.tolist(), labels)] if len(ticks) else []
        before = {side: self.values.newest(side) for side in (PRICE, *closes.needs)}
        last = {side: self._seen(bars, side)[0] for side in (PRICE, *bars.needs)}
        times = [self.values.end_ns, *ends.tolist()]
        columns = self.values.take(closed, ends, {*before, *last})
        complete = labels[: len(closed)]
        if complete and not closes.is_idle:
            cut: dict[Side, list[float]] = {side: [value, *columns[side]] for side, value in before.items()}
            found.append(_bar_rows(Clock.CLOSES, times, cut, labels, complete))
        shown = forming if len(ticks) and forming is not None and forming.event_ns > self.values.label else None
        if bars.is_idle or not (complete or shown):
            return found
        both: dict[Side, list[float]] = {side: [value, *columns[side]] for side, value in last.items()}
        times[0] = bars.last_ns
        if shown is not None:
            for side, value in self.values.under_way(shown, last).items():
                both[side].append(value)
            times.append(int(ticks.event_ns[-1]))
            complete.append(LONG_AGO)
        return [*found, _bar_rows(Clock.BARS, times, both, labels, complete)]

    def _trade_rows(self, ticks: Ticks, closed: BarArrays, ends: list[int], labels: list[int]) -> Rows:
        trades, few = self._trades, len(ticks) <= FEW
        event_ns: Sequence[int] = ticks.event_ns.tolist()
        self._n_ended = self.values.n_taken + bisect.bisect_right(ends, event_ns[-1])
        columns: dict[Side, Column] = {PRICE: [self._seen(trades, PRICE)[0], *ticks.price.tolist()]}
        for side in trades.needs:
            if isinstance(side, CloseBefore):
                steps = self.values.closes_before(side, closed)
                columns[side] = [self._seen(trades, side)[0], *(steps[bisect.bisect_right(ends, ns)] for ns in event_ns)]

        def label_of(row: int) -> int:
            if ticks.label is not None:
                return int(ticks.label[row])
            place = bisect.bisect_right(ends, event_ns[row])
            return labels[place] if place < len(labels) else self._label_without_bar(event_ns[row])

        if few:
            return Rows(Clock.TRADES, [trades.last_ns, *event_ns], columns, ticks.since_ns.tolist(), label_of)
        times = np.concatenate((np.array([trades.last_ns], np.int64), ticks.event_ns))
        return Rows(Clock.TRADES, times, _packed(columns), ticks.since_ns, label_of)

    def _label_without_bar(self, event_ns: int) -> int:
        # Nobody says which bar is under way: by the clock where the spec has one, else the newest known.
        duration_ns = self.series.spec.duration_ns
        return self.newest_label if duration_ns is None else event_ns // duration_ns * duration_ns

    # --- looking ------------------------------------------------------------------------------------------------------

    def _look(self, batch: list[Rows]) -> list[Turned]:
        met: dict[Machine, list[Rows]] = {}
        for rows in batch:
            for machine in self._clocks[rows.clock].touched(rows):
                met.setdefault(machine, []).append(rows)
        fired: list[Turned] = []
        for machine, on in met.items():
            looks = [(rows, row) for rows in on for row in self._looks(machine, rows)]
            if len(on) > 1:
                # A bar's end comes before the trades from then on, the bar under way after them all.
                looks.sort(key=lambda look: look[0].order(look[1]))
            fired += _walk(machine, looks)
            if machine.is_resting:
                self.drop(machine)
        return fired

    def _looks(self, machine: Machine, rows: Rows) -> list[int]:
        if not machine.fresh >> rows.clock & 1:
            return list(rows.turning(machine, 0))
        first = rows.first_unseen(machine)
        if first == len(rows):
            return []
        self._clocks[rows.clock].settle(machine)
        return [first, *(row for row in rows.turning(machine, first) if row > first)]


def _walk(machine: Machine, looks: list[tuple[Rows, int]]) -> list[Turned]:
    fired = []
    for rows, row in looks:
        at = (int(rows.times[row + 1]), rows.label_of(row), float(rows.columns[PRICE][row + 1]))
        turned = machine.look(rows.compared(machine, row), *at)
        if turned is not None:
            fired.append(turned)
            if machine.is_resting:
                break
    return fired


def _bar_rows(clock: Clock, times: list[int], columns: dict[Side, list[float]], labels: list[int], complete: list[int]) -> Rows:
    n_rows = len(times) - 1
    held: dict[Side, Column] = dict(columns)
    if n_rows <= FEW:
        return Rows(clock, times.copy(), held, times[1:], labels.__getitem__, complete)
    packed = np.array(times, np.int64)
    return Rows(clock, packed, _packed(held), packed[1:], labels.__getitem__, complete)


def _packed(columns: dict[Side, Column]) -> dict[Side, Column]:
    return {side: np.array(column, np.float64) for side, column in columns.items()}
