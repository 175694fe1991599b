"""The bar and the price that a chart speaks of: under the pointer, the data-point cursor, or another chart's crosshair."""

import math

from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.crosshair_item import Crosshair
from trii_desktop.charts.pane_part import PanePart
from trii_desktop.charts.wording import label_zone, time_words
from trii_desktop.widgets.numbers import format_price


class Pointed:
    """Where they are. ``at`` is None where the pointer is beside the panes; pixels are device pixels of the view."""

    def __init__(self, model: ChartModel) -> None:
        self._model = model
        self.at: tuple[float, float] | None = None
        self.reader_row: int | None = None
        self.linked_ns: int | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Differs where anything does."""
        return self.at, self.reader_row, self.linked_ns

    @property
    def is_anywhere(self) -> bool:
        """Whether a crosshair of this chart's own may be shown."""
        return self.at is not None or self.reader_row is not None

    def move_to(self, at: tuple[float, float] | None) -> None:
        """The pointer is at a place of the panes, or beside them."""
        self.at, self.reader_row = at, None

    def leave(self) -> None:
        """The pointer is elsewhere, and nobody reads bar by bar."""
        self.at = self.reader_row = None

    def read(self, row: int | None) -> None:
        """Read the bar at ``row``; None lets go."""
        self.at, self.reader_row = None, row

    def step(self, by: int) -> None:
        """Read the bar ``by`` further, at first the one under the pointer or the newest in view, and bring it into view."""
        time = self._model.time
        if not time.n_bars:
            return
        if self.reader_row is None:
            self.reader_row = time.bar_at(self.at[0] if self.at else time.width_px - 1)
        else:
            self.reader_row = min(max(self.reader_row + by, 0), time.n_bars - 1)
        self.at = None
        x = time.x_at(self.reader_row)
        if not 0 <= x < time.width_px:
            self._model.pan((0 if x < 0 else time.width_px - 1) - x)

    @property
    def row(self) -> int:
        """The bar whose values the legends say: the newest where no other is meant; -1 without bars."""
        time = self._model.time
        if self.reader_row is not None:
            return min(self.reader_row, time.n_bars - 1)
        if self.at is not None:
            return time.bar_at(self.at[0]) if time.n_bars else -1
        if self.linked_ns is not None and time.n_bars:
            return max(self._model.snapshot.row_at(self.linked_ns), 0)
        return time.n_bars - 1

    @property
    def event_ns(self) -> int | None:
        """Event time of the bar under the pointer or read; None where there is none."""
        rows = self._model.snapshot
        if self.reader_row is not None:
            row = self.reader_row
        elif self.at is not None:
            row = round(self._model.time.row_at(self.at[0]))
        else:
            return None
        return rows.event_ns_at(row) if 0 <= row < len(rows) else None

    def crosshair(self, main: PanePart, below: PanePart | None) -> Crosshair | None:
        """Where the lines cross. ``below`` is the pane under the pointer, ``main`` that of the prices."""
        model = self._model
        if not len(model.snapshot):
            return None
        if self.reader_row is not None:
            close = model.snapshot.bar(self.row).close
            y = _inside(main, close) if main.is_seen else None
            return self._crosshair(self.row, y, format_price(close, main.axis.decimals))
        if self.at is not None and below is not None and below.scale is not None:
            y = min(max(math.floor(self.at[1]), 0), model.panes.height_px - 1)
            decimals = max(below.decimals, below.axis.tick_decimals)
            price = below.axis.text_of(below.scale, below.scale.price_at(y - below.plot.y + 0.5), decimals)
            return self._crosshair(round(model.time.row_at(self.at[0])), y, price)
        row = model.snapshot.row_at(self.linked_ns) if self.linked_ns is not None else -1
        is_seen = row >= 0 and 0 <= model.time.x_at(row) < model.time.width_px
        return self._crosshair(row, None, "") if is_seen else None

    def _crosshair(self, row: int, y: int | None, price: str) -> Crosshair:
        model = self._model
        has_bar = 0 <= row < len(model.snapshot)
        zone = label_zone(model.zone, model.instrument, model.spec)
        time = time_words(model.snapshot.event_ns_at(row), model.spec, zone) if has_bar else ""
        return Crosshair(model.time.x_at(row), y, price, time)


def _inside(part: PanePart, price: float) -> int:
    assert part.scale is not None, "A pane that is seen has a scale."
    return min(max(math.floor(part.scale.y_at(price)), 0), part.plot.height_px - 1) + part.plot.y
