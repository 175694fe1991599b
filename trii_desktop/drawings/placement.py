"""Where anchors stand in one frame of a chart, and which anchor a place means; no window needed."""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from backend.charts.anchor_map import AHEAD_MAX, AnchorMap
from backend.charts.drawings import PRICE_MAX, TIME_MAX, Anchor
from backend.domain.bars import DAY_NS, Float64s, Int64s
from trii_desktop.charts.painters import PaneFrame
from trii_desktop.charts.time_ticks import ns_per_bar

_NS_PER_BAR_MIN: Final = 1.0
FAR_PX: Final = 1e10  # beyond, floats would no longer tell pixels apart


class Ahead:
    """The times of the bars to come, found again only when another bar is the newest."""

    def __init__(self) -> None:
        self._key: tuple[AnchorMap, int] | None = None
        self._times = np.empty(0, np.int64)

    def of(self, anchor_map: AnchorMap, newest_ns: int) -> Int64s:
        """int64[n]: the first times after ``newest_ns``."""
        key = (anchor_map, newest_ns)
        if self._key is None or self._key[0] is not anchor_map or self._key[1] != newest_ns:
            self._key, self._times = key, anchor_map.times_ahead(newest_ns, AHEAD_MAX)
        return self._times


class Placement:
    """Anchors to device pixels of a pane and back, for one frame.

    After the newest bar time goes on as the calendar says, as far as it is known, and then evenly; before the first evenly too.
    """

    def __init__(self, frame: PaneFrame, anchor_map: AnchorMap, ahead: Ahead | None = None) -> None:
        self.frame = frame
        self.map = anchor_map
        snapshot = frame.snapshot
        self._n_bars = len(snapshot)
        self._step_ns = max(float(ns_per_bar(snapshot) or 0.0), _NS_PER_BAR_MIN)
        self._first_ns = snapshot.event_ns_at(0) if self._n_bars else 0
        self._newest_ns = snapshot.event_ns_at(self._n_bars - 1) if self._n_bars else 0
        self._ahead = (ahead or Ahead()).of(anchor_map, self._newest_ns)

    # --- anchors to pixels --------------------------------------------------------------------------------------------

    def rows_of(self, event_ns: Int64s, is_date: npt.NDArray[np.bool_]) -> Float64s:
        """float64[n]: the row at which each moment stands: that of its bar, fractional where time goes evenly."""
        if not self._n_bars:
            return np.zeros(len(event_ns))
        snapshot, last = self.frame.snapshot, self._n_bars - 1
        times = self.map.times_on(event_ns, is_date)
        rows = snapshot.rows_at(times + 1) - 1
        if not self.map.spec.is_dated and bool(is_date.any()):
            rows = np.where(is_date, snapshot.rows_at(times), rows)  # a session's first bar
        before, after = times < self._first_ns, times > self._newest_ns
        made: Float64s = np.where(before, (times - self._first_ns) / self._step_ns, rows)
        if bool(after.any()):
            n_ahead = len(self._ahead)
            counted = np.searchsorted(self._ahead, times, side="right")
            end_ns = int(self._ahead[-1]) if n_ahead else self._newest_ns
            evenly = last + n_ahead + (times - end_ns) / self._step_ns
            made = np.where(after, np.where(counted < n_ahead, last + counted, evenly), made)
        return made

    def xs_of(self, event_ns: Int64s, is_date: npt.NDArray[np.bool_]) -> Float64s:
        """float64[n]: the middle of each moment's column of pixels."""
        time = self.frame.time
        xs: Float64s = np.floor(self.rows_of(event_ns, is_date) * time.spacing_px + 0.5) - time.origin_px + 0.5
        return np.clip(xs, -FAR_PX, FAR_PX)

    def prices_of(self, event_ns: Int64s, is_date: npt.NDArray[np.bool_], price: Float64s) -> Float64s:
        """float64[n]: raw prices of these moments as this chart shows them."""
        return price * self.map.factor_at(event_ns, is_date)

    def ys_of(self, prices: Float64s) -> Float64s:
        """float64[n]: the height of each price as shown."""
        heights = np.nan_to_num(self.frame.prices.heights(prices), nan=FAR_PX, posinf=FAR_PX, neginf=-FAR_PX)
        return np.clip(heights, -FAR_PX, FAR_PX)

    def row_of(self, anchor: Anchor) -> float:
        """The row at which an anchor stands."""
        return float(self.rows_of(*_columns(anchor))[0])

    def x_of(self, anchor: Anchor) -> float:
        """Middle of the anchor's column of pixels."""
        return float(self.xs_of(*_columns(anchor))[0])

    def price_of(self, anchor: Anchor) -> float:
        """The anchor's price as this chart shows it."""
        return anchor.price * float(self.map.factor_at(*_columns(anchor))[0])

    def y_of_price(self, price: float) -> float:
        """Height of a price as shown."""
        return float(self.ys_of(np.array([price]))[0])

    def y_of(self, anchor: Anchor) -> float:
        """Height of the anchor's price as shown."""
        return self.y_of_price(self.price_of(anchor))

    def at(self, anchor: Anchor) -> tuple[float, float]:
        """Where an anchor stands."""
        return self.x_of(anchor), self.y_of(anchor)

    def points(self, anchors: tuple[Anchor, ...]) -> list[tuple[float, float]]:
        """Where anchors stand."""
        event_ns = np.array([anchor.event_ns for anchor in anchors], np.int64)
        is_date = np.array([anchor.is_date for anchor in anchors])
        price = self.prices_of(event_ns, is_date, np.array([anchor.price for anchor in anchors]))
        return list(zip(self.xs_of(event_ns, is_date).tolist(), self.ys_of(price).tolist(), strict=True))

    # --- pixels to anchors --------------------------------------------------------------------------------------------

    def event_ns_at(self, row: float) -> int:
        """The moment that a row means."""
        if not self._n_bars:
            return 0
        whole, last, n_ahead = round(row), self._n_bars - 1, len(self._ahead)
        if 0 <= whole <= last:
            return self.frame.snapshot.event_ns_at(whole)
        if last < whole <= last + n_ahead:
            return int(self._ahead[whole - last - 1])
        from_ns, n_bars = (self._first_ns, whole) if whole < 0 else (self._newest_ns, whole - last)
        if whole > last and n_ahead:
            from_ns, n_bars = int(self._ahead[-1]), n_bars - n_ahead
        event_ns = from_ns + math.ceil(n_bars * self._step_ns)
        if self.map.spec.is_dated:
            event_ns = -(-event_ns // DAY_NS) * DAY_NS
        return min(max(event_ns, -TIME_MAX), TIME_MAX)

    def anchor_of(self, row: float, price: float) -> Anchor:
        """The anchor at a row and a price as shown."""
        return self.priced(Anchor(self.event_ns_at(row), 0.0, self.map.spec.is_dated), price)

    def priced(self, anchor: Anchor, price: float) -> Anchor:
        """The same moment at a price as shown."""
        raw = price / float(self.map.factor_at(*_columns(anchor))[0])
        raw = min(max(raw, -PRICE_MAX / 2), PRICE_MAX / 2) if math.isfinite(raw) else anchor.price
        return msgspec.structs.replace(anchor, price=raw)

    def moved(self, anchor: Anchor, rows: float, dy: float) -> Anchor:
        """An anchor moved by bars and by pixels downwards; a moment or a price that does not move stays to the last digit."""
        price = self.price_of(anchor)
        made = self.anchor_of(self.row_of(anchor) + rows, price) if rows else anchor
        if not dy:
            return made
        return self.priced(made, self.frame.prices.price_at(self.y_of_price(price) + dy))


def _columns(anchor: Anchor) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    return np.array([anchor.event_ns], np.int64), np.array([anchor.is_date])
