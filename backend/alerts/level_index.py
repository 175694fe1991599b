"""Rules by the levels at which something may change for them, so that a move of the price meets only those between."""

import bisect
import math
from array import array
from collections.abc import Iterable
from typing import Final

from backend.alerts.machine import Machine

_FEW: Final = 16


class LevelIndex:
    """Sorted levels, each with its machine; a level may stand for many, a machine at many levels.

    What is added waits until somebody asks, then a few are put in place and many sorted once.
    """

    def __init__(self) -> None:
        self._levels = array("d")
        self._machines: list[Machine] = []
        self._waiting: list[tuple[float, Machine]] = []

    def __len__(self) -> int:
        return len(self._levels) + len(self._waiting)

    def add(self, machine: Machine, levels: Iterable[float]) -> None:
        """Find ``machine`` from now on at these levels, none of them NaN."""
        self._waiting += [(level, machine) for level in levels]

    def discard(self, machine: Machine, levels: Iterable[float]) -> None:
        """Find it no more at these levels."""
        self._settle()
        for level in levels:
            row = bisect.bisect_left(self._levels, level)
            while row < len(self._levels) and self._levels[row] == level:
                if self._machines[row] is machine:
                    del self._levels[row], self._machines[row]
                    break
                row += 1

    def between(self, low: float, high: float) -> list[Machine]:
        """Those with a level in [low, high], in the order of levels; one may come more than once."""
        if self._waiting:
            self._settle()
        first = bisect.bisect_left(self._levels, low)
        return self._machines[first : bisect.bisect_right(self._levels, high, first)]

    def gap(self, value: float) -> tuple[float, float]:
        """The levels next to a value on both sides, infinite where there is none; the value itself twice where it is one."""
        if self._waiting:
            self._settle()
        row = bisect.bisect_left(self._levels, value)
        above = self._levels[row] if row < len(self._levels) else math.inf
        return (value if above == value else self._levels[row - 1] if row else -math.inf), above

    def everyone(self) -> list[Machine]:
        """All of them; one may come more than once."""
        self._settle()
        return self._machines.copy()

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        if len(waiting) <= _FEW:
            for level, machine in waiting:
                row = bisect.bisect_right(self._levels, level)
                self._levels.insert(row, level)
                self._machines.insert(row, machine)
            return
        both = sorted([*zip(self._levels, self._machines, strict=True), *waiting], key=lambda one: one[0])
        self._levels = array("d", [level for level, _ in both])
        self._machines = [machine for _, machine in both]
