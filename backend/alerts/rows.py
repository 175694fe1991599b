"""What one batch brings to one clock: the looks, row by row, with the values compared in each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.alerts.level import Level
from backend.alerts.machine import LONG_AGO, Clock, Machine
from backend.alerts.rules import CloseBefore, Comparison, LastPrice, MeanVolume, Reading, Volume
from backend.domain.bars import BarArrays, Float64s, Int64s
from backend.market.resample import NEVER_NS

Side: TypeAlias = LastPrice | Reading | Volume | MeanVolume | CloseBefore
Column: TypeAlias = Sequence[float] | Float64s
Flags: TypeAlias = npt.NDArray[np.bool_]

# Up to so many rows Python compares faster than arrays do.
FEW: Final = 8
PRICE: Final = LastPrice()


@dataclass(slots=True)
class Ticks:
    """Prices in the order in which they were, oldest first.

    event_ns : int64[n]
    price : float64[n]
    since_ns : int64[n]   what a tick shows may have happened from then on; a trade's own time
    label : int64[n]   of the bar, where it is known already
    """

    event_ns: Int64s
    price: Float64s
    since_ns: Int64s
    label: Int64s | None = None

    def __len__(self) -> int:
        return len(self.event_ns)

    def after(self, seen_ns: int) -> "Ticks":
        """Those that are not older than what was seen; of a bar that was seen in part only the close."""
        if self.label is None:
            first = int(np.searchsorted(self.event_ns, seen_ns)) if len(self) and self.event_ns[0] < seen_ns else 0
            return Ticks(self.event_ns[first:], self.price[first:], self.since_ns[first:]) if first else self
        keep = self.since_ns > seen_ns
        return Ticks(self.event_ns[keep], self.price[keep], self.since_ns[keep], self.label[keep])


def path_of(bars: BarArrays, ends_ns: Int64s) -> Ticks:
    """How the price may have gone through complete bars: open, the nearer extreme (low if equal), the other, close."""
    starts = bars.event_ns
    # Never beyond the end, also where a bar ends as soon as it begins.
    length = np.maximum(ends_ns - starts, 1)
    is_high_first = bars.high - bars.open < bars.open - bars.low
    near, far = np.where(is_high_first, bars.high, bars.low), np.where(is_high_first, bars.low, bars.high)
    times = np.stack((starts, starts + length // 3, starts + length // 3 * 2, starts + length - 1), axis=1).ravel()
    since = np.stack((starts, starts, starts, starts + length - 1), axis=1).ravel()
    price = np.stack((bars.open, near, far, bars.close), axis=1).ravel()
    return Ticks(times, price, since, np.repeat(starts, 4))


@dataclass(slots=True)
class Rows:
    """The looks of one clock; every column begins with what was seen before the first of them.

    times : int[n + 1]
    columns : float[n + 1] by what they hold; lists where they are short
    since_ns : int[n]   a rule that has seen this moment skips the row
    label_of : row to the event_ns of its bar
    end_labels : int[n]   labels of complete bars; LONG_AGO of a bar under way; None for trades
    """

    clock: Clock
    times: Sequence[int] | Int64s
    columns: dict[Side, Column]
    since_ns: Sequence[int] | Int64s
    label_of: Callable[[int], int]
    end_labels: Sequence[int] | None = None
    _lines: dict[Level, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times) - 1

    def order(self, row: int) -> tuple[int, int]:
        """Its place among the looks of all clocks: a bar's end before the trades of that instant, the bar under way after all."""
        event_ns = int(self.times[row + 1])
        if self.end_labels is None:
            return event_ns, 1
        return (event_ns, 0) if self.end_labels[row] != LONG_AGO else (NEVER_NS, 0)

    def span(self, side: Side) -> tuple[float, float] | None:
        """The lowest and the highest of a column, NaN if only some are known; None if none is, and nothing can have changed."""
        column = self.columns[side]
        if isinstance(column, np.ndarray):
            low, high = float(column.min()), float(column.max())
            return (low, high) if low == low or not np.isnan(column).all() else None  # noqa: PLR0124 - not NaN
        known = [value for value in column if value == value]  # noqa: PLR0124 - not NaN
        if not known:
            return None
        return (min(known), max(known)) if len(known) == len(column) else (float("nan"), float("nan"))

    def compared(self, machine: Machine, row: int) -> list[tuple[int, float, float]]:
        """(leaf, value, level) of the machine's leaves on this clock in a row."""
        place = row + 1
        found = []
        for leaf in machine.on[self.clock]:
            right = machine.rights[leaf]
            level = right if isinstance(right, float) else float(self._right(right)[place])
            found.append((leaf, float(self.columns[left_of(machine, leaf)][place]), level))
        return found

    def first_unseen(self, machine: Machine) -> int:
        """The first row that a machine may look at which has not looked at this clock before; the length where there is none."""
        from_ns = machine.rule.from_ns
        for row in range(len(self)):
            label = LONG_AGO if self.end_labels is None else self.end_labels[row]
            is_seen = label <= machine.after_label if label != LONG_AGO else self.since_ns[row] <= machine.after_ns
            if not is_seen and self.since_ns[row] >= from_ns:
                return row
        return len(self)

    def turning(self, machine: Machine, first: int) -> Sequence[int]:
        """Rows from ``first`` on in which something may change for a machine, in order."""
        if len(self) - first <= FEW:
            return range(first, len(self))
        flags = np.zeros(len(self), np.bool_)
        for leaf in machine.on[self.clock]:
            right = machine.rights[leaf]
            level = right if isinstance(right, float) else np.asarray(self._right(right))
            flags |= _turns(np.asarray(self.columns[left_of(machine, leaf)]), level, machine.rule.rearm_pct)
        rows: list[int] = np.flatnonzero(flags[first:]).tolist()
        return [first + row for row in rows]

    def _right(self, right: Level | Side) -> Column:
        if not isinstance(right, Level):
            return self.columns[right]
        if right not in self._lines:
            times = self.times
            self._lines[right] = right.over(times) if isinstance(times, np.ndarray) else [right.at(ns) for ns in times]
        return self._lines[right]


def left_of(machine: Machine, leaf: int) -> Side:
    """What a leaf compares."""
    found = machine.rule.leaves[leaf]
    assert isinstance(found, Comparison)
    return found.left


def bands(level: float, rearm_pct: float) -> tuple[float, ...]:
    """The levels at which something may change for a leaf with this level."""
    if not rearm_pct:
        return (level,)
    band = abs(level) * rearm_pct / 100.0
    return (level, level - band, level + band)


def _turns(left: Float64s, level: Float64s | float, rearm_pct: float) -> Flags:
    found = _changes(left, level)
    if rearm_pct:
        band = np.abs(level) * rearm_pct / 100.0
        found |= _changes(left, level - band) | _changes(left, level + band)
    return found


def _changes(left: Float64s, level: Float64s | float) -> Flags:
    # Three comparisons tell below, equal, above and unknown apart.
    codes = (left > level).astype(np.int8) + 2 * (left < level) + 4 * (left == level)
    return np.asarray(codes[1:] != codes[:-1])
