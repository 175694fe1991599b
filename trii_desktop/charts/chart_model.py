"""A chart's moving parts without its window: the bars in hand, what is in view and what was set by hand."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from backend.charts.chart_state import (
    MAIN_PANE,
    ChartState,
    ChartType,
    Comparison,
    PriceRange,
    ScaleKind,
    Study,
    VisibleBars,
    check_state,
)
from backend.charts.study_snapshot import StudySnapshot
from backend.domain.bars import BarSpec
from backend.domain.instruments import Instrument
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.charts.chart_source import NOTHING, with_lines
from trii_desktop.charts.geometry import DrawnBars
from trii_desktop.charts.in_view import InView
from trii_desktop.charts.pane_extremes import extremes_of
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.pane_stack import PaneStack
from trii_desktop.charts.price_scale import PriceScale, usable_kind
from trii_desktop.charts.study_looks import StudyLook, looks_of
from trii_desktop.charts.time_scale import SPACING_PX, TimeScale
from trii_desktop.charts.wording import Worth

MARGIN: Final = 0.08  # share of the height left free above and below what is visible
VOLUME_SHARE: Final = 0.18  # share of the height that the largest visible volume takes


class ChartModel:
    """What a chart shows and how gestures change it. Pixels are device pixels from the plot's upper left corner."""

    def __init__(self) -> None:
        self.instrument: Instrument | None = None
        self.spec: BarSpec | None = None
        self.is_adjusted = False
        self.shown: StudySnapshot = NOTHING
        self.time = TimeScale.opened(1, 0)
        self._is_laid_out = False
        self.chart_type = ChartType.AUTO
        self.is_volume_wanted = True
        self.are_breaks_shown = True
        self.are_drawings_shown = True
        self.zooms_at_right = False  # around the right edge, not the pointer, when the wheel is turned
        self.zone = "exchange"
        self.worth = Worth()
        self.studies: tuple[Study, ...] = ()
        self.comparisons: tuple[Comparison, ...] = ()
        self.panes = PaneStack()
        self.pixel_ratio = 1.0
        self._wished: VisibleBars | None = None
        self._is_restored = False
        self._fit: Callable[[TimeScale], TimeScale] | None = None
        self._fitted: TimeScale | None = None
        self._fit_wish: VisibleBars | None = None
        self._in_view = InView(NOTHING, self.time, ())

    # --- what is shown ------------------------------------------------------------------------------------------------

    def open(
        self, instrument: Instrument, spec: BarSpec, snapshot: BarSnapshot | StudySnapshot, *, is_adjusted: bool = False
    ) -> None:
        """Show another series. The same instrument in another interval stays at its time, another one starts at its newest bar."""
        is_same = self.instrument is not None and self.instrument.id == instrument.id
        keeps_prices = is_same and self.is_adjusted == is_adjusted and self.spec == spec
        if self._is_restored:
            keeps_prices, self._is_restored = True, False
        else:
            self._wished = self.visible() if is_same and self._is_laid_out and len(self.snapshot) else VisibleBars()
        self.instrument, self.spec, self.is_adjusted = instrument, spec, is_adjusted
        if not keeps_prices:
            self.panes.scale_by_view()
        self.shown = NOTHING
        self.time = replace(self.time, n_bars=0)
        self.adopt(snapshot)

    @property
    def snapshot(self) -> BarSnapshot:
        """The bars in hand."""
        return self.shown.bars

    def adopt(self, snapshot: BarSnapshot | StudySnapshot) -> None:
        """Take a newer state of the same series; the view stays at its bars, or at the newest where that was in sight."""
        is_fitted = self.time is self._fitted
        self._adopt(with_lines(snapshot))
        if is_fitted:
            self._fitted = self.time  # no one has moved the view

    def _adopt(self, shown: StudySnapshot) -> None:
        old, new, n_bars = self.snapshot, shown.bars, len(shown.bars)
        self.shown = shown
        if not n_bars:
            self.time = replace(self.time, n_bars=0)
            return
        if not len(old):
            self.time = replace(self.time, n_bars=n_bars).at_newest()
            return
        if self.time.is_at_newest or new.lineage == old.lineage:
            self.time = self.time.with_bars(n_bars, follow=self.time.is_at_newest)
            return
        row = min(max(math.floor(self.time.right), 0), len(old) - 1)
        moved = max(new.row_at(old.event_ns_at(row)), 0) - row
        self.time = replace(self.time, n_bars=n_bars, right=self.time.right + moved).limited()

    def lay_out(self, width_px: int, height_px: int, pixel_ratio: float, top_free_px: float) -> None:
        """Say how large the panes are together, and how much of the main one's top its legend covers; in device pixels."""
        if pixel_ratio != self.pixel_ratio:
            self.time = self.time.rescaled(pixel_ratio / self.pixel_ratio)
            self.pixel_ratio = pixel_ratio
        if not self._is_laid_out:
            self.time, self._is_laid_out = TimeScale.opened(width_px, self.time.n_bars, pixel_ratio=pixel_ratio), width_px > 1
        elif width_px != self.time.width_px:
            fit = self._fit if self._fit is not None and self.time is self._fitted else None
            self.time = self.time.resized(width_px)
            if fit is not None:
                self._fit_to(fit, self._fit_wish)
        self.panes.main.top_free_px = top_free_px
        self.panes.lay_out(height_px, pixel_ratio)
        if self._wished is not None and len(self.snapshot) and self._is_laid_out:
            wished, self._wished = self._wished, None
            self._fit_to(partial(self._showing, wished), wished)

    @property
    def drawn_type(self) -> ChartType:
        """How the main series is drawn: as was chosen, or as its bars ask for."""
        if self.chart_type is not ChartType.AUTO:
            return self.chart_type
        return ChartType.LINE if self.snapshot.is_close_only else ChartType.CANDLES

    @property
    def is_line(self) -> bool:
        """Whether the main series is drawn through its closes alone."""
        return self.drawn_type in (ChartType.LINE, ChartType.AREA)

    @property
    def is_volume_shown(self) -> bool:
        """Whether there is room kept for volume."""
        return self.is_volume_wanted and self.snapshot.has_volume

    @property
    def in_view(self) -> InView:
        """What is in view now."""
        is_percent = self.panes.main.kind is ScaleKind.PERCENT
        if not self._in_view.is_of(self.shown, self.time, self.comparisons, is_percent=is_percent):
            self._in_view = InView(self.shown, self.time, self.comparisons, is_percent=is_percent)
        return self._in_view

    def bars(self) -> DrawnBars:
        """The bars in view; computed once a view."""
        return self.in_view.bars

    @property
    def looks(self) -> tuple[StudyLook, ...]:
        """How the studies are drawn, in their order."""
        return looks_of(self.studies)

    def price_scale(self, pane_id: str = MAIN_PANE) -> PriceScale:
        """The scale of a pane: set by hand, or around everything in view."""
        pane = self.panes.pane(pane_id)
        height_px = max(pane.height_px, 1)  # beside a maximised pane it has none
        # Only prices have a change since the first bar in view.
        wanted = pane.kind if pane.is_main or pane.kind is not ScaleKind.PERCENT else ScaleKind.LINEAR
        if pane.range is not None:
            kind = usable_kind(wanted, pane.range.low)
            scale = PriceScale(pane.range.low, pane.range.high, 0, height_px, kind)
        else:
            is_log = wanted is ScaleKind.LOG
            low, high = extremes_of(pane, self.looks, self.in_view, by_closes=self.is_line, is_log=is_log)
            top = min(max(MARGIN, pane.top_free_px / height_px), 0.4)
            bottom = MARGIN / 2 + (VOLUME_SHARE if pane.is_main and self.is_volume_shown else MARGIN / 2)
            if pane.is_inverted:
                top, bottom = bottom, top  # it is turned over below; the legend stays above and the volume below
            kind = usable_kind(wanted, low)
            scale = PriceScale.with_margins(low, high, height_px, top=top, bottom=bottom, kind=kind)
        if kind is ScaleKind.PERCENT:
            scale = replace(scale, reference=self.in_view.reference)
        return scale.inverted() if pane.is_inverted else scale

    @property
    def price(self) -> PriceRange | None:
        """The prices set by hand."""
        return self.panes.main.range

    @property
    def lowest_tick(self) -> float:
        """The lowest price worth a label: prices below 0 are none where none in view is."""
        low = self.bars().low
        return 0.0 if len(low) and low.min() >= 0 else -math.inf

    @property
    def volume_top_px(self) -> int:
        """Where the largest visible volume reaches."""
        return round(self.panes.main.height_px * (1 - VOLUME_SHARE))

    # --- gestures -----------------------------------------------------------------------------------------------------

    def pan(self, dx_px: float, dy_px: float = 0.0, pane_id: str = MAIN_PANE) -> None:
        """Drag a pane: bars follow the pointer; values too where their scale was set by hand."""
        self.time = self.time.panned(dx_px)
        pane = self.panes.pane(pane_id)
        if pane.range is not None and dy_px:
            self._set_range(pane, self.price_scale(pane.id).shifted(dy_px))

    def pan_bars(self, by: float) -> None:
        """Look ``by`` bars further, back where negative."""
        self.time = self.time.panned_bars(by)

    def zoom(self, factor: float, at_px: float | None = None) -> None:
        """Make bars ``factor`` times as wide around ``at_px``; without it around the newest bar if in view, else the middle."""
        if at_px is None:
            newest = self.time.x_at(self.time.n_bars - 1)
            at_px = newest if 0 <= newest < self.time.width_px else self.time.width_px / 2
        self.time = self.time.zoomed(factor, at_px)

    def stretch_price(self, factor: float, pane_id: str = MAIN_PANE) -> None:
        """Draw values ``factor`` times as far apart, by hand from now on."""
        pane = self.panes.pane(pane_id)
        self._set_range(pane, self.price_scale(pane.id).stretched(factor))

    def reset_price(self, pane_id: str = MAIN_PANE) -> None:
        """Scale to what is visible again."""
        self.panes.pane(pane_id).range = None

    def reset_time(self) -> None:
        """The usual spacing, at the newest bar."""
        self.time = replace(self.time, spacing_px=SPACING_PX * self.pixel_ratio).at_newest()

    def reset(self) -> None:
        """As a chart just opened."""
        self.panes.scale_by_view()
        self.reset_time()

    def show_visible(self, wished: VisibleBars) -> None:
        """Bring the bars into view that ``wished`` names."""
        if len(self.snapshot) and self._is_laid_out:
            self._fit_to(partial(self._showing, wished), wished)
        else:
            self._wished = wished

    def go_newest(self) -> None:
        """The newest bars, at the spacing in use."""
        self.time = self.time.at_newest()

    def go_oldest(self) -> None:
        """The oldest bars, at the spacing in use."""
        self.time = self.time.at_oldest()

    def go_to(self, event_ns: int) -> int:
        """The bar at or before ``event_ns`` in the middle of the view, at the spacing in use; its row, -1 without bars."""
        if not len(self.snapshot):
            return -1
        row = max(self.snapshot.row_at(event_ns), 0)
        self.time = replace(self.time, right=row + self.time.n_shown / 2).limited()
        return row

    def show_all(self) -> None:
        """Every bar."""
        self._fit_to(TimeScale.fitted)

    # --- saved and restored -------------------------------------------------------------------------------------------

    def visible(self) -> VisibleBars:
        """Which bars are in view, by time."""
        if self._wished is not None:
            return self._wished
        if self._fit_wish is not None and self.time is self._fitted:
            return self._fit_wish  # as it was asked for, to the bit
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
            are_breaks_shown=self.are_breaks_shown,
            are_drawings_shown=self.are_drawings_shown,
            zone=self.zone,
            visible=self.visible(),
            panes=self.panes.states,
            maximised=self.panes.maximised,
            studies=self.studies,
            comparisons=self.comparisons,
        )

    def restore(self, state: ChartState) -> None:
        """Show what ``state`` says once bars are there; whoever owns the chart opens the series. Raises InvalidInput."""
        check_state(state)
        self.chart_type, self.zone = state.chart_type, state.zone
        self.is_volume_wanted, self.are_breaks_shown = state.is_volume_shown, state.are_breaks_shown
        self.are_drawings_shown = state.are_drawings_shown
        self.studies, self.comparisons = state.studies, state.comparisons
        self.panes.take(state.panes, state.maximised)
        self._wished, self._is_restored = state.visible, not len(self.snapshot)
        self.lay_out(self.time.width_px, self.panes.height_px, self.pixel_ratio, self.panes.main.top_free_px)

    def _fit_to(self, fit: Callable[[TimeScale], TimeScale], wish: VisibleBars | None = None) -> None:
        # Until the view is moved, another width is fitted in the same way.
        self._fit_wish = wish
        self._fit, self.time = fit, fit(self.time)
        self._fitted = self.time

    def _showing(self, wished: VisibleBars, time: TimeScale) -> TimeScale:
        time = time.spanning(wished.n_bars) if wished.n_bars else time
        if wished.right_ns is None:
            return replace(time, right=time.n_bars - 1 + wished.beyond).limited() if wished.beyond else time.at_newest()
        row = max(self.snapshot.row_at(wished.right_ns), 0)
        return replace(time, right=row + wished.beyond).limited()

    @staticmethod
    def _set_range(pane: PaneModel, scale: PriceScale) -> None:
        pane.range = PriceRange(scale.low, scale.high)
