"""Lines of drawings as levels over time: where a chart with a linear scale draws them, bar by bar."""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from backend.alerts.level import Level
from backend.charts.anchor_map import AnchorMap
from backend.charts.drawings import FIBONACCI_LEVELS, Anchor, Drawing, DrawingKind
from backend.domain.bars import Float64s, Int64s

AHEAD: Final = 256  # bars beyond the newest for which levels are told
_LEVEL_STEP: Final = 1e-9
_FAR: Final = math.inf
NAMES: Final = {
    DrawingKind.TREND_LINE: "trend line",
    DrawingKind.RAY: "ray",
    DrawingKind.HORIZONTAL: "horizontal line",
    DrawingKind.CHANNEL: "channel",
    DrawingKind.RECTANGLE: "rectangle",
    DrawingKind.FIBONACCI: "Fibonacci retracement",
}


def name_of(drawing: Drawing) -> str:
    """What a sentence calls it: its kind, and its words where it has some."""
    words = " ".join(drawing.text.split())
    return f"{NAMES.get(drawing.kind, 'drawing')} “{words[:40]}”" if words else NAMES.get(drawing.kind, "drawing")


def lines_of(drawing: Drawing) -> tuple[str, ...]:
    """The lines of a drawing that a price can cross, by the names that ``DrawingCondition`` has for them."""
    if drawing.kind in (DrawingKind.TREND_LINE, DrawingKind.RAY, DrawingKind.HORIZONTAL):
        return ("line",)
    if drawing.kind in (DrawingKind.CHANNEL, DrawingKind.RECTANGLE):
        return "upper", "lower"
    if drawing.kind is DrawingKind.FIBONACCI:
        return tuple(f"level:{level:.12g}" for level in sorted(drawing.style.levels or FIBONACCI_LEVELS))
    return ()


def has_line(drawing: Drawing, line: str) -> bool:
    """Whether ``line`` is one of the drawing's."""
    if not line.startswith("level:"):
        return line in lines_of(drawing)
    wanted = float(line.partition(":")[2])
    return any(abs(float(one.partition(":")[2]) - wanted) <= _LEVEL_STEP for one in lines_of(drawing))


@dataclass(frozen=True, slots=True, eq=False)
class BarRows:
    """The rows of a chart's bars, as drawings are placed on them.

    times : int64[n_bars]   event_ns of every bar, the one under way too
    ahead : int64[n_ahead]   when those to come begin, as far as the calendar says
    """

    anchor_map: AnchorMap
    times: Int64s
    ahead: Int64s

    @classmethod
    def of(cls, anchor_map: AnchorMap, times: Int64s, n_ahead: int = AHEAD) -> "BarRows":
        """The rows of these bars, and of ``n_ahead`` to come."""
        ahead = anchor_map.times_ahead(int(times[-1]), n_ahead) if len(times) else np.empty(0, np.int64)
        return cls(anchor_map, times, ahead)

    def rows_of(self, event_ns: Int64s, is_date: npt.NDArray[np.bool_]) -> Float64s:
        """float64[n]: the row at which each moment stands: that of its bar, fractional where time goes evenly."""
        if not len(self.times):
            return np.zeros(len(event_ns))
        at, last = self.anchor_map.times_on(event_ns, is_date), len(self.times) - 1
        rows = np.searchsorted(self.times, at, side="right") - 1
        if not self.anchor_map.spec.is_dated:
            rows = np.where(is_date, np.searchsorted(self.times, at), rows)  # a session's first bar
        first_ns, newest_ns = int(self.times[0]), int(self.times[-1])
        step_ns = max((newest_ns - first_ns) / last if last else 0.0, 1.0)
        made: Float64s = np.where(at < first_ns, (at - first_ns) / step_ns, rows)
        counted = np.searchsorted(self.ahead, at, side="right")
        end_ns = int(self.ahead[-1]) if len(self.ahead) else newest_ns
        evenly = last + len(self.ahead) + (at - end_ns) / step_ns
        return np.where(at > newest_ns, np.where(counted < len(self.ahead), last + counted, evenly), made)

    def instants(self, first: int, stop: int) -> Int64s:
        """int64[stop - first]: when the bars of these rows begin, also those to come."""
        times = np.concatenate([self.times[first:], self.ahead])[: stop - first]
        return self.anchor_map.sessions.opens_of(times) if self.anchor_map.spec.is_dated else times


class Line(NamedTuple):
    """A straight line over rows.

    row, price : a point of it; slope : price a row
    first, last : the rows between which it is drawn, infinite where it goes on
    """

    row: float
    price: float
    slope: float
    first: float
    last: float

    def prices(self, rows: Float64s) -> Float64s:
        """float64[n]: its price at each row, NaN where it is not drawn."""
        on_line = self.price + (rows - self.row) * self.slope if self.slope else np.full(len(rows), self.price)
        return np.where((rows >= self.first) & (rows <= self.last), on_line, np.nan)


def place_line(drawing: Drawing, line: str, rows: BarRows) -> Line | None:
    """The named line of a drawing among these bars; None where the drawing has none of that name."""
    if not has_line(drawing, line):
        return None
    at, prices = _placed(drawing.anchors, rows)
    style = drawing.style
    if drawing.kind is DrawingKind.HORIZONTAL:
        return Line(0.0, prices[0], 0.0, -_FAR, _FAR)
    if drawing.kind in (DrawingKind.RECTANGLE, DrawingKind.FIBONACCI):
        first = -_FAR if style.is_extended_back else min(at)
        last = _FAR if style.is_extended else max(at)
        return Line(first, _box_price(line, prices), 0.0, first, last)
    return _sloped(drawing, line, at, prices)


def level_of(line: Line, rows: BarRows, n_back: int | None = 4) -> Level:
    """The line as a level: one price for each bar, from ``n_back`` bars before the newest on (None: from the first)."""
    if not line.slope and line.first == -_FAR and line.last == _FAR:
        return Level.constant(line.price)
    n_bars = len(rows.times)
    first = 0 if n_back is None else max(n_bars - n_back, 0)
    starts = rows.instants(first, n_bars + len(rows.ahead))
    prices = line.prices(np.arange(first, first + len(starts), dtype=np.float64))
    if not len(starts):
        return Level.none()
    points: list[tuple[int, float]] = []
    for start, price in zip(starts.tolist(), prices.tolist(), strict=True):
        if points and _is_same(points[-1][1], price):
            continue
        if points:
            points.append((start, points[-1][1]))
        points.append((start, price))
    return Level(tuple(points), math.nan, points[-1][1])


# --- inside -----------------------------------------------------------------------------------------------------------


def _placed(anchors: tuple[Anchor, ...], rows: BarRows) -> tuple[list[float], list[float]]:
    event_ns = np.array([anchor.event_ns for anchor in anchors], np.int64)
    is_date = np.array([anchor.is_date for anchor in anchors])
    factor = rows.anchor_map.factor_at(event_ns, is_date)
    prices = np.array([anchor.price for anchor in anchors]) * factor
    return rows.rows_of(event_ns, is_date).tolist(), prices.tolist()


def _box_price(line: str, prices: list[float]) -> float:
    if line.startswith("level:"):
        start, end = prices  # 0 lies at the second anchor, where the move ended
        return end + float(line.partition(":")[2]) * (start - end)
    return max(prices) if line == "upper" else min(prices)


def _sloped(drawing: Drawing, line: str, at: list[float], prices: list[float]) -> Line | None:
    (start, end), style = at[:2], drawing.style
    if start == end:
        return Line(start, math.nan, 0.0, start, end)  # upright: it has no price
    slope = (prices[1] - prices[0]) / (end - start)
    away = 0.0
    if drawing.kind is DrawingKind.CHANNEL:
        away = prices[2] - (prices[0] + slope * (at[2] - start))
        away = max(away, 0.0) if line == "upper" else min(away, 0.0)
    goes_on = style.is_extended or drawing.kind is DrawingKind.RAY
    far = math.copysign(_FAR, end - start)
    ends = sorted((-far if style.is_extended_back else start, far if goes_on else end))
    return Line(start, prices[0] + away, slope, ends[0], ends[1])


def _is_same(price: float, other: float) -> bool:
    return price == other or (math.isnan(price) and math.isnan(other))
