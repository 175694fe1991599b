"""A level that prices are compared with: a number, or a line through points in time, as a drawing gives."""

import bisect
import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from backend.domain.bars import Float64s, Int64s
from backend.errors import InvalidInput

Points: TypeAlias = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A price at every instant at which there is one.

    points : (UTC ns, price), times never decreasing; straight lines between them. Two points at one instant are a jump, the
        second holds from that instant on. A price of NaN: none there
    before, after : the price before the first point and after the last; NaN for none
    A point's price holds at the point itself. Without points ``after`` holds always.
    """

    points: Points = ()
    before: float = math.nan
    after: float = math.nan

    def __post_init__(self) -> None:
        times = [ns for ns, _ in self.points]
        if times != sorted(times) or any(map(math.isinf, (self.before, self.after, *(price for _, price in self.points)))):
            raise InvalidInput("A level has points out of order, or an infinite price.", hint="Sort its points by time.")

    @classmethod
    def constant(cls, price: float) -> "Level":
        """The same price always; NaN: none ever."""
        return cls((), price, price)

    @classmethod
    def none(cls) -> "Level":
        """No price ever: whatever is compared with it is unknown."""
        return cls()

    @property
    def is_constant(self) -> bool:
        """Whether it is the same price at every instant."""
        return not self.points

    def at(self, event_ns: int) -> float:
        """The price at an instant; NaN where there is none."""
        points = self.points
        if not points:
            return self.after
        row = bisect.bisect_right(points, event_ns, key=_time) - 1
        if row < 0:
            return self.before
        from_ns, price = points[row]
        if row == len(points) - 1:
            return price if event_ns == from_ns else self.after
        to_ns, to_price = points[row + 1]
        return price + (to_price - price) * (float(event_ns - from_ns) / float(to_ns - from_ns))

    def over(self, event_ns: Int64s) -> Float64s:
        """float64[n]: the price at each instant, the bits of ``at``."""
        if not self.points:
            return np.full(len(event_ns), self.after)
        times = np.array([ns for ns, _ in self.points], np.int64)
        prices = np.array([price for _, price in self.points])
        row = np.searchsorted(times, event_ns, side="right") - 1
        here, after = np.maximum(row, 0), np.minimum(row + 1, len(times) - 1)
        span = np.maximum(times[after] - times[here], 1).astype(np.float64)
        line = prices[here] + (prices[after] - prices[here]) * ((event_ns - times[here]).astype(np.float64) / span)
        is_past = (row == len(times) - 1) & (event_ns != times[-1])
        result: Float64s = np.where(row < 0, self.before, np.where(is_past, self.after, line))
        return result


def percent_level(reference: float, percent: float) -> float:
    """The price that lies ``percent`` of ``reference`` above it; below it where negative."""
    return reference + abs(reference) * percent / 100.0


def _time(point: tuple[int, float]) -> int:
    return point[0]
