"""Where anchors stand in one frame of a chart, and which anchor a place means; no window needed."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.charts.drawings import Anchor
from backend.domain.bars import Float64s, Int64s
from trii_desktop.charts.painters import PaneFrame
from trii_desktop.charts.time_ticks import ns_per_bar

_NS_PER_BAR_MIN: Final = 1.0
FAR_PX: Final = 100_000.0


@dataclass(frozen=True, slots=True)
class Prices:
    """How raw prices become those shown: each is multiplied with the factor of its moment.

    ex_ns : int64[n], ascending; factors : float64[n + 1], that before the first, between, after the last
    """

    ex_ns: Int64s
    factors: Float64s

    def factor_at(self, event_ns: int) -> float:
        """What a raw price of that moment is multiplied with."""
        return float(self.factors[int(np.searchsorted(self.ex_ns, event_ns, side="right"))])


RAW: Final = Prices(np.empty(0, np.int64), np.ones(1))


class Placement:
    """Anchors to device pixels of a pane and back, for one frame; before the first and after the newest bar time goes on evenly."""

    def __init__(self, frame: PaneFrame, prices: Prices, *, is_dated: bool) -> None:
        self.frame = frame
        self._prices = prices
        self._is_dated = is_dated
        self._n_bars = len(frame.snapshot)
        self._step_ns = max(float(ns_per_bar(frame.snapshot) or 0.0), _NS_PER_BAR_MIN)

    def row_of(self, anchor: Anchor) -> float:
        """The row at which an anchor stands: that of its bar, fractional beyond the ends."""
        if not self._n_bars:
            return 0.0
        snapshot, event_ns = self.frame.snapshot, anchor.event_ns
        first, last = snapshot.event_ns_at(0), snapshot.event_ns_at(self._n_bars - 1)
        if event_ns > last:
            return self._n_bars - 1 + (event_ns - last) / self._step_ns
        if event_ns < first:
            return (event_ns - first) / self._step_ns
        if anchor.is_date and not self._is_dated:
            return float(snapshot.rows_at(np.array([event_ns], np.int64))[0])  # the session's first bar
        return float(max(snapshot.row_at(event_ns), 0))

    def event_ns_at(self, row: float) -> int:
        """The moment that a row means."""
        if not self._n_bars:
            return 0
        snapshot, whole = self.frame.snapshot, round(row)
        if whole > self._n_bars - 1:
            return snapshot.event_ns_at(self._n_bars - 1) + round((whole - self._n_bars + 1) * self._step_ns)
        if whole < 0:
            return snapshot.event_ns_at(0) + round(whole * self._step_ns)
        return snapshot.event_ns_at(whole)

    def x_of(self, anchor: Anchor) -> float:
        """Middle of the anchor's column of pixels."""
        time = self.frame.time
        x = math.floor(self.row_of(anchor) * time.spacing_px + 0.5) - time.origin_px + 0.5
        return min(max(x, -FAR_PX), FAR_PX)

    def y_of(self, anchor: Anchor) -> float:
        """Height of the anchor's price as shown."""
        return self.y_of_price(self.price_of(anchor))

    def y_of_price(self, price: float) -> float:
        """Height of a price as shown."""
        y = self.frame.prices.y_at(price)
        return min(max(y, -FAR_PX), FAR_PX) if math.isfinite(y) else FAR_PX

    def at(self, anchor: Anchor) -> tuple[float, float]:
        """Where an anchor stands."""
        return self.x_of(anchor), self.y_of(anchor)

    def price_of(self, anchor: Anchor) -> float:
        """The anchor's price as this chart shows it."""
        return anchor.price * self._prices.factor_at(anchor.event_ns)

    def anchor_at(self, x: float, y: float) -> Anchor:
        """The anchor that a place means: the nearest bar, and the price at that height."""
        return self.anchor_of(round(self.frame.time.row_at(x)), self.frame.prices.price_at(y))

    def anchor_of(self, row: float, price: float) -> Anchor:
        """The anchor at a row and a price as shown."""
        event_ns = self.event_ns_at(row)
        return Anchor(event_ns, price / self._prices.factor_at(event_ns), self._is_dated)

    def moved(self, anchor: Anchor, rows: float, dy: float) -> Anchor:
        """An anchor moved by bars and by pixels downwards."""
        row, y = self.row_of(anchor), self.y_of(anchor)
        price = self.price_of(anchor) if not dy else self.frame.prices.price_at(y + dy)
        return self.anchor_of(row + rows, price) if rows or dy else anchor
