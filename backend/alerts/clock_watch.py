"""The rules that one clock of a series serves, found by what a batch may have changed for them."""

import math
from collections import Counter
from typing import Final

from backend.alerts.level import Level
from backend.alerts.level_index import LevelIndex
from backend.alerts.machine import LONG_AGO, Clock, Machine
from backend.alerts.rows import PRICE, Rows, Side, bands, left_of
from backend.alerts.rules import Comparison

RESTLESS: Final = (math.inf, -math.inf)


class ClockWatch:
    """Machines by their levels where these are numbers; the others, and those that have yet to look, are met every time.

    last, last_ns : every column's value at the last look
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.last: dict[Side, float] = {}
        self.last_ns = LONG_AGO
        self.needs: Counter[Side] = Counter()
        self._indexes: dict[Side, LevelIndex] = {}
        self._moving: Counter[Machine] = Counter()
        self._fresh: dict[Machine, None] = {}

    @property
    def is_idle(self) -> bool:
        """Whether no rule looks at this clock."""
        return not self.needs

    def put(self, machine: Machine) -> None:
        """Serve a machine's leaves of this clock."""
        for leaf in machine.on[self.clock]:
            for side in _sides(machine, leaf):
                if not self.needs[side] and (self.clock is not Clock.TRADES or side != PRICE):
                    self.last.pop(side, None)
                self.needs[side] += 1
            self.enter(machine, leaf)

    def drop(self, machine: Machine) -> None:
        """Serve it no more."""
        for leaf in machine.on[self.clock]:
            self.leave(machine, leaf)
            for side in _sides(machine, leaf):
                self.needs[side] -= 1
                if not self.needs[side]:
                    del self.needs[side]
        self._fresh.pop(machine, None)

    def enter(self, machine: Machine, leaf: int) -> None:
        """Find a machine by what its leaf is compared with; it looks at the next row, whatever that brings."""
        right = machine.rights[leaf]
        if not isinstance(right, float):
            self._moving[machine] += 1
        elif not math.isnan(right):
            index = self._indexes.setdefault(left_of(machine, leaf), LevelIndex())
            index.add(machine, bands(right, machine.rule.rearm_pct))
        self.refresh(machine)

    def leave(self, machine: Machine, leaf: int) -> None:
        """Find it no more by this leaf."""
        right = machine.rights[leaf]
        if not isinstance(right, float):
            self._moving[machine] -= 1
            if not self._moving[machine]:
                del self._moving[machine]
        elif not math.isnan(right):
            left = left_of(machine, leaf)
            self._indexes[left].discard(machine, bands(right, machine.rule.rearm_pct))
            if not len(self._indexes[left]):
                del self._indexes[left]

    def refresh(self, machine: Machine) -> None:
        """Let it look at the next row, whatever that brings, if it looks at this clock at all."""
        if machine.on[self.clock]:
            machine.fresh |= 1 << self.clock
            self._fresh[machine] = None

    def forget(self, side: Side) -> None:
        """What was seen last of a side means nothing any longer."""
        self.last.pop(side, None)

    def calm(self) -> tuple[float, float]:
        """Prices strictly between these, the last one among them, change nothing for anyone while all else is as it was."""
        price = self.last.get(PRICE, math.nan)
        if self._moving or self._fresh or math.isnan(price):
            return RESTLESS
        index = self._indexes.get(PRICE)
        return (-math.inf, math.inf) if index is None else index.gap(price)

    def touched(self, rows: Rows) -> dict[Machine, None]:
        """Those for whom something may have changed."""
        found = dict.fromkeys(self._moving)
        found.update(self._fresh)
        for side, index in self._indexes.items():
            span = rows.span(side)
            if span is not None:
                met = index.everyone() if math.isnan(span[0]) else index.between(*span)
                found.update(dict.fromkeys(met))
        return found

    def settle(self, machine: Machine) -> None:
        """It has looked."""
        machine.fresh &= ~(1 << self.clock)
        self._fresh.pop(machine, None)

    def commit(self, rows: Rows) -> None:
        """Remember the last row as what was seen last."""
        self.last = {side: float(column[-1]) for side, column in rows.columns.items()}
        self.last_ns = int(rows.times[-1])


def _sides(machine: Machine, leaf: int) -> list[Side]:
    found = machine.rule.leaves[leaf]
    assert isinstance(found, Comparison), "Moments look at no clock."
    return [found.left] if isinstance(found.right, Level) else [found.left, found.right]
