"""A chart's moving parts without its window: the bars in hand, what is in view and what was set by hand."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

from backend.charts.chart_state import ChartState, ChartType, Pane, PriceRange, ScaleKind, VisibleBars, check_state
from backend.domain.bars import BarArrays, BarSpec
from backend.domain.instruments import Instrument
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import snapshot_of
from trii_desktop.charts.geometry import DrawnBars, visible_bars
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.time_scale import SPACING_PX, TimeScale

MARGIN: Final = 0.08  # share of the height left free above and below what is visible
VOLUME_SHARE: Final = 0.18  # share of the height that the largest visible volume takes
_NO_BARS: Final = snapshot_of(BarArrays.empty())


class SeriesSource(Protocol):
    """Bars that may change: ``OpenSeries``, or ``FixedSource`` for a picture."""

    @property
    def version(self) -> int:
        """Grows with every change."""
        ...

    def snapshot(self) -> BarSnapshot:
        """The newest state, immutable."""
        ...


class FixedSource:
    """Bars that never change."""

    def __init__(self, snapshot: BarSnapshot) -> None:
        self._snapshot = snapshot

    @property
    def version(self) -> int:
        """Always the same."""
        return self._snapshot.version

    def snapshot(self) -> BarSnapshot:
        """Always the same."""
        return self._snapshot


class ChartModel:
    """What a chart shows and how gestures change it. Pixels are device pixels from the plot's upper left corner."""

    def __init__(self) -> None:
        self.instrument: Instrument | None = None
        self.spec: BarSpec | None = None
        self.is_adjusted = False
        self.snapshot: BarSnapshot = _NO_BARS
        self.time = TimeScale.opened(1, 0)
        self._is_laid_out = False
        self.price: PriceRange | None = None
        self.chart_type = ChartType.AUTO
        self.scale_kind = ScaleKind.LINEAR
        self.is_volume_wanted = True
        self.pixel_ratio = 1.0
        self.height_px = 1
        self.top_free_px = 0.0
        self._wished: VisibleBars | None = None
        self._is_restored = False
        self._fit: Callable[[TimeScale], TimeScale] | None = None
        self._fitted: TimeScale | None = None
        self._seen: tuple[BarSnapshot, TimeScale, DrawnBars] | None = None

    # --- what is shown ------------------------------------------------------------------------------------------------

    def open(self, instrument: Instrument, spec: BarSpec, snapshot: BarSnapshot, *, is_adjusted: bool = False) -> None:
        """Show another series. The same instrument in another interval stays at its time, another one starts at its newest bar."""
        is_same = self.instrument is not None and self.instrument.id == instrument.id
        keeps_prices = is_same and self.is_adjusted == is_adjusted and self.spec == spec
        if self._is_restored:
            keeps_prices, self._is_restored = True, False
        else:
            self._wished = self.visible() if is_same and self._is_laid_out and len(self.snapshot) else VisibleBars()
        self.instrument, self.spec, self.is_adjusted = instrument, spec, is_adjusted
        self.price = self.price if keeps_prices else None
        self.snapshot = _NO_BARS
        self.time = replace(self.time, n_bars=0)
        self.adopt(snapshot)

    def adopt(self, snapshot: BarSnapshot) -> None:
        """Take a newer state of the same series; the view stays at its bars, or at the newest where that was in sight."""
        old, n_bars = self.snapshot, len(snapshot)
        self.snapshot = snapshot
        if not n_bars:
            self.time = replace(self.time, n_bars=0)
            return
        if not len(old):
            self.time = replace(self.time, n_bars=n_bars).at_newest()
            return
        if self.time.is_at_newest or snapshot.lineage == old.lineage:
            self.time = self.time.with_bars(n_bars, follow=self.time.is_at_newest)
            return
        row = min(max(math.floor(self.time.right), 0), len(old) - 1)
        moved = max(snapshot.row_at(old.event_ns_at(row)), 0) - row
        self.time = replace(self.time, n_bars=n_bars, right=self.time.right + moved).limited()

    def lay_out(self, width_px: int, height_px: int, pixel_ratio: float, top_free_px: float) -> None:
        """Say how large the plot is, and how much of its top the legend covers; all in device pixels."""
        if pixel_ratio != self.pixel_ratio:
            self.time = self.time.rescaled(pixel_ratio / self.pixel_ratio)
            self.pixel_ratio = pixel_ratio
        if not self._is_laid_out:
            self.time, self._is_laid_out = TimeScale.opened(width_px, self.time.n_bars, pixel_ratio=pixel_ratio), width_px > 1
        elif width_px != self.time.width_px:
            fit = self._fit if self._fit is not None and self.time is self._fitted else None
            self.time = self.time.resized(width_px)
            if fit is not None:
                self._fit_to(fit)
        self.height_px, self.top_free_px = max(height_px, 1), top_free_px
        if self._wished is not None and len(self.snapshot) and self._is_laid_out:
            wished, self._wished = self._wished, None
            self._fit_to(partial(self._showing, wished))

    @property
    def is_line(self) -> bool:
        """Whether the main series is drawn as a line."""
        return self.chart_type is ChartType.LINE or (self.chart_type is ChartType.AUTO and self.snapshot.is_close_only)

    @property
    def is_volume_shown(self) -> bool:
        """Whether there is room kept for volume."""
        return self.is_volume_wanted and self.snapshot.has_volume

    def bars(self) -> DrawnBars:
        """The bars in view; computed once a view."""
        seen = self._seen
        if seen is None or seen[0] is not self.snapshot or seen[1] != self.time:
            seen = self._seen = (self.snapshot, self.time, visible_bars(self.snapshot, self.time))
        return seen[2]

    def price_scale(self) -> PriceScale:
        """The scale of the main pane: set by hand, or around all highs and lows in view."""
        if self.price is not None:
            return PriceScale(self.price.low, self.price.high, 0, self.height_px, self.scale_kind)
        bars = self.bars()
        if len(bars.x):
            values = (bars.close, bars.close) if self.is_line and not self.time.is_dense else (bars.low, bars.high)
            low, high = float(values[0].min()), float(values[1].max())
        elif len(self.snapshot):
            last = self.snapshot.bar(len(self.snapshot) - 1)
            low, high = last.low, last.high
        else:
            low, high = 0.0, 1.0
        top = min(max(MARGIN, self.top_free_px / self.height_px), 0.4)
        bottom = MARGIN / 2 + (VOLUME_SHARE if self.is_volume_shown else MARGIN / 2)
        return PriceScale.with_margins(low, high, self.height_px, top=top, bottom=bottom, kind=self.scale_kind)

    @property
    def lowest_tick(self) -> float:
        """The lowest price worth a label: prices below 0 are none where none in view is."""
        low = self.bars().low
        return 0.0 if len(low) and low.min() >= 0 else -math.inf

    @property
    def volume_top_px(self) -> int:
        """Where the largest visible volume reaches."""
        return round(self.height_px * (1 - VOLUME_SHARE))

    # --- gestures -----------------------------------------------------------------------------------------------------

    def pan(self, dx_px: float, dy_px: float = 0.0) -> None:
        """Drag the plot: bars follow the pointer; prices too where their scale was set by hand."""
        self.time = self.time.panned(dx_px)
        if self.price is not None and dy_px:
            self._set_price(self.price_scale().shifted(dy_px))

    def pan_bars(self, by: float) -> None:
        """Look ``by`` bars further, back where negative."""
        self.time = self.time.panned_bars(by)

    def zoom(self, factor: float, at_px: float | None = None) -> None:
        """Make bars ``factor`` times as wide around ``at_px``; without it around the newest bar if in view, else the middle."""
        if at_px is None:
            newest = self.time.x_at(self.time.n_bars - 1)
            at_px = newest if 0 <= newest < self.time.width_px else self.time.width_px / 2
        self.time = self.time.zoomed(factor, at_px)

    def stretch_price(self, factor: float) -> None:
        """Draw prices ``factor`` times as far apart, by hand from now on."""
        self._set_price(self.price_scale().stretched(factor))

    def reset_price(self) -> None:
        """Scale to what is visible again."""
        self.price = None

    def reset_time(self) -> None:
        """The usual spacing, at the newest bar."""
        self.time = replace(self.time, spacing_px=SPACING_PX * self.pixel_ratio).at_newest()

    def reset(self) -> None:
        """As a chart just opened."""
        self.reset_price()
        self.reset_time()

    def go_newest(self) -> None:
        """The newest bars, at the spacing in use."""
        self.time = self.time.at_newest()

    def go_oldest(self) -> None:
        """The oldest bars, at the spacing in use."""
        self.time = self.time.at_oldest()

    def show_all(self) -> None:
        """Every bar."""
        self._fit_to(TimeScale.fitted)

    # --- saved and restored -------------------------------------------------------------------------------------------

    def visible(self) -> VisibleBars:
        """Which bars are in view, by time."""
        if self._wished is not None:
            return self._wished
        newest, right = self.time.n_bars - 1, self.time.right
        if newest < 0:
            return VisibleBars(self.time.n_shown)
        if self.time.is_at_newest:
            return VisibleBars(self.time.n_shown, None, right - newest)
        row = min(max(math.floor(right), 0), newest)
        return VisibleBars(self.time.n_shown, self.snapshot.event_ns_at(row), right - row)

    def state(self) -> ChartState:
        """All that a person has chosen."""
        return ChartState(
            instrument=str(self.instrument.id) if self.instrument else "",
            interval=str(self.spec) if self.spec else "",
            chart_type=self.chart_type,
            is_adjusted=self.is_adjusted,
            is_volume_shown=self.is_volume_wanted,
            visible=self.visible(),
            panes=(Pane(scale=self.scale_kind, range=self.price),),
        )

    def restore(self, state: ChartState) -> None:
        """Show what ``state`` says once bars are there; whoever owns the chart opens the series. Raises InvalidInput."""
        check_state(state)
        self.chart_type, self.scale_kind = state.chart_type, state.main.scale
        self.is_volume_wanted, self.price = state.is_volume_shown, state.main.range
        self._wished, self._is_restored = state.visible, not len(self.snapshot)
        self.lay_out(self.time.width_px, self.height_px, self.pixel_ratio, self.top_free_px)

    def _fit_to(self, fit: Callable[[TimeScale], TimeScale]) -> None:
        # Until the view is moved, another width is fitted in the same way.
        self._fit, self.time = fit, fit(self.time)
        self._fitted = self.time

    def _showing(self, wished: VisibleBars, time: TimeScale) -> TimeScale:
        time = time.spanning(wished.n_bars) if wished.n_bars else time
        if wished.right_ns is None:
            return replace(time, right=time.n_bars - 1 + wished.beyond).limited() if wished.beyond else time.at_newest()
        row = max(self.snapshot.row_at(wished.right_ns), 0)
        return replace(time, right=row + wished.beyond).limited()

    def _set_price(self, scale: PriceScale) -> None:
        self.price = PriceRange(scale.low, scale.high)
