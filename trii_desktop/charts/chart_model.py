"""A chart's moving parts without its window: the bars in hand, what is in view and what was set by hand."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

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
from backend.charts.study_snapshot import LineKey, StudyLine, StudySnapshot
from backend.domain.bars import BarSpec
from backend.domain.instruments import Instrument
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.charts.chart_source import NOTHING, with_lines
from trii_desktop.charts.geometry import DrawnBars, visible_bars
from trii_desktop.charts.pane_model import PaneModel, drag_edge, is_folded, lay_out_panes, matched
from trii_desktop.charts.price_scale import PriceScale, usable_kind
from trii_desktop.charts.study_lines import DrawnLine, first_known_row, visible_line
from trii_desktop.charts.study_looks import StudyLook, comparison_looks, look_of
from trii_desktop.charts.time_scale import SPACING_PX, TimeScale
from trii_desktop.widgets.numbers import format_percent

MARGIN: Final = 0.08  # share of the height left free above and below what is visible
VOLUME_SHARE: Final = 0.18  # share of the height that the largest visible volume takes


class Compared(NamedTuple):
    """One value of a comparison: as it is, as it is drawn over the main series, and its change since the first bar in view."""

    value: float
    drawn: float
    percent: float

    @property
    def text(self) -> str:
        """The change in words."""
        return format_percent(self.percent)


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
        self.zone = "exchange"
        self.studies: tuple[Study, ...] = ()
        self.comparisons: tuple[Comparison, ...] = ()
        self.panes = [PaneModel()]
        self.maximised = ""
        self.pixel_ratio = 1.0
        self.height_px = 1
        self._wished: VisibleBars | None = None
        self._is_restored = False
        self._fit: Callable[[TimeScale], TimeScale] | None = None
        self._fitted: TimeScale | None = None
        self._seen: tuple[StudySnapshot, TimeScale] | None = None
        self._bars: DrawnBars | None = None
        self._lines: dict[LineKey, DrawnLine] = {}

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
        for pane in self.panes:
            pane.range = pane.range if keeps_prices else None
        self.shown = NOTHING
        self.time = replace(self.time, n_bars=0)
        self.adopt(snapshot)

    @property
    def snapshot(self) -> BarSnapshot:
        """The bars in hand."""
        return self.shown.bars

    def adopt(self, snapshot: BarSnapshot | StudySnapshot) -> None:
        """Take a newer state of the same series; the view stays at its bars, or at the newest where that was in sight."""
        shown = with_lines(snapshot)
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
                self._fit_to(fit)
        self.height_px, self.main.top_free_px = max(height_px, 1), top_free_px
        self.lay_out_panes()
        if self._wished is not None and len(self.snapshot) and self._is_laid_out:
            wished, self._wished = self._wished, None
            self._fit_to(partial(self._showing, wished))

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

    def bars(self) -> DrawnBars:
        """The bars in view; computed once a view."""
        self._look()
        if self._bars is None:
            self._bars = visible_bars(self.snapshot, self.time)
        return self._bars

    def line(self, key: LineKey) -> DrawnLine | None:
        """What is in view of a line, computed once a view; None where it is not there."""
        self._look()
        if key not in self._lines:
            line = self.shown.lines.get(key)
            if line is None:
                return None
            drawn = visible_line(line, self.time)
            is_study = not any(comparison.id == key[0] for comparison in self.comparisons)
            self._lines[key] = drawn if is_study else drawn.times(self._factor(line))
        return self._lines[key]

    def compared(self, key: LineKey, row: int) -> Compared | None:
        """What a comparison says at one bar; None where it is not there."""
        line = self.shown.lines.get(key)
        if line is None or not 0 <= row < len(line):
            return None
        value, base = line.value(row), self._base_row(line)
        start = line.value(base) if base is not None else math.nan
        return Compared(value, value * self._factor(line), 100 * (value / start - 1) if start > 0 else math.nan)

    def _factor(self, line: StudyLine) -> float:
        # A comparison begins at the price that the main series has where both are first known in view.
        row = self._base_row(line)
        value = line.value(row) if row is not None else math.nan
        close = self.snapshot.bar(row).close if row is not None else math.nan
        return close / value if value > 0 and close > 0 else math.nan

    def _base_row(self, line: StudyLine) -> int | None:
        first, stop = self.time.visible()
        return first_known_row(line, first, stop)

    @property
    def looks(self) -> tuple[StudyLook, ...]:
        """How the studies are drawn, in their order."""
        return tuple(look_of(study) for study in self.studies)

    # --- panes --------------------------------------------------------------------------------------------------------

    @property
    def main(self) -> PaneModel:
        """The pane of the prices."""
        return next(pane for pane in self.panes if pane.is_main)

    def pane(self, pane_id: str) -> PaneModel:
        """The pane ``pane_id``; the main one where it has gone."""
        return next((pane for pane in self.panes if pane.id == pane_id), self.main)

    def lay_out_panes(self) -> None:
        """Divide the height anew."""
        lay_out_panes(self.panes, self.height_px, self.pixel_ratio, self.maximised)

    def is_folded(self, pane: PaneModel) -> bool:
        """Whether a pane shows its legend alone."""
        return is_folded(self.panes, pane, self.maximised)

    def maximise(self, pane_id: str) -> None:
        """Show one pane alone, or all of them again."""
        self.maximised = "" if self.maximised == pane_id or len(self.panes) < 2 else pane_id
        self.lay_out_panes()

    def fold(self, pane_id: str) -> str:
        """Show a pane's legend alone, or open it again; what was done in words."""
        pane = self.pane(pane_id)
        pane.is_collapsed = not pane.is_collapsed
        self.lay_out_panes()
        return "A pane was collapsed" if pane.is_collapsed else "A pane was opened"

    def move_pane(self, pane_id: str, by: int) -> None:
        """Move a pane ``by`` places down, up where negative."""
        pane = self.pane(pane_id)
        place = self.panes.index(pane)
        self.panes.remove(pane)
        self.panes.insert(min(max(place + by, 0), len(self.panes)), pane)
        self.lay_out_panes()

    def drag_edge(self, edge: int, by_px: float) -> None:
        """Move the upper edge of the pane at ``edge`` down."""
        drag_edge(self.panes, edge, by_px, self.pixel_ratio, self.maximised)
        self.lay_out_panes()

    def price_scale(self, pane_id: str = MAIN_PANE) -> PriceScale:
        """The scale of a pane: set by hand, or around everything in view."""
        pane = self.pane(pane_id)
        if pane.range is not None:
            kind = usable_kind(pane.kind, pane.range.low)
            scale = PriceScale(pane.range.low, pane.range.high, 0, pane.height_px, kind)
        else:
            low, high = self._extremes(pane)
            top = min(max(MARGIN, pane.top_free_px / pane.height_px), 0.4)
            bottom = MARGIN / 2 + (VOLUME_SHARE if pane.is_main and self.is_volume_shown else MARGIN / 2)
            kind = usable_kind(pane.kind, low)
            scale = PriceScale.with_margins(low, high, pane.height_px, top=top, bottom=bottom, kind=kind)
        if kind is ScaleKind.PERCENT:
            scale = replace(scale, reference=self._reference())
        return scale.inverted() if pane.is_inverted else scale

    @property
    def price(self) -> PriceRange | None:
        """The prices set by hand."""
        return self.main.range

    @property
    def lowest_tick(self) -> float:
        """The lowest price worth a label: prices below 0 are none where none in view is."""
        low = self.bars().low
        return 0.0 if len(low) and low.min() >= 0 else -math.inf

    @property
    def volume_top_px(self) -> int:
        """Where the largest visible volume reaches."""
        return round(self.main.height_px * (1 - VOLUME_SHARE))

    # --- gestures -----------------------------------------------------------------------------------------------------

    def pan(self, dx_px: float, dy_px: float = 0.0, pane_id: str = MAIN_PANE) -> None:
        """Drag a pane: bars follow the pointer; values too where their scale was set by hand."""
        self.time = self.time.panned(dx_px)
        pane = self.pane(pane_id)
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
        pane = self.pane(pane_id)
        self._set_range(pane, self.price_scale(pane.id).stretched(factor))

    def reset_price(self, pane_id: str = MAIN_PANE) -> None:
        """Scale to what is visible again."""
        self.pane(pane_id).range = None

    def reset_time(self) -> None:
        """The usual spacing, at the newest bar."""
        self.time = replace(self.time, spacing_px=SPACING_PX * self.pixel_ratio).at_newest()

    def reset(self) -> None:
        """As a chart just opened."""
        for pane in self.panes:
            pane.range = None
        self.reset_time()

    def show_visible(self, wished: VisibleBars) -> None:
        """Bring the bars into view that ``wished`` names."""
        if len(self.snapshot) and self._is_laid_out:
            self._fit_to(partial(self._showing, wished))
        else:
            self._wished = wished

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
            are_breaks_shown=self.are_breaks_shown,
            are_drawings_shown=self.are_drawings_shown,
            zone=self.zone,
            visible=self.visible(),
            panes=tuple(pane.state for pane in self.panes),
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
        self.panes = matched(self.panes, state.panes)
        self._wished, self._is_restored = state.visible, not len(self.snapshot)
        self.lay_out(self.time.width_px, self.height_px, self.pixel_ratio, self.main.top_free_px)

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

    def _look(self) -> None:
        # What was computed for another view or other bars is forgotten.
        seen = self._seen
        if seen is None or seen[0] is not self.shown or seen[1] != self.time:
            self._seen, self._bars = (self.shown, self.time), None
            self._lines.clear()

    def _reference(self) -> float:
        """The price that is 0 percent: the close of the first bar in view."""
        first, stop = self.time.visible()
        return self.snapshot.bar(first).close if first < stop else math.nan

    def _extremes(self, pane: PaneModel) -> tuple[float, float]:
        looks = [look for look in self.looks if look.pane == pane.id]
        outputs = [output for look in looks for output in look.shown_outputs]
        if pane.is_main:
            outputs += [look for look in comparison_looks(self.comparisons) if look.is_shown]
        found = [line.extremes for output in outputs if (line := self.line(output.key)) is not None]
        if not pane.is_main:
            found += [(min(look.levels), max(look.levels)) for look in looks if look.levels and look.is_shown]
        if any(output.look == "histogram" for output in outputs):
            found.append((0.0, 0.0))
        bars = self.bars()
        if pane.is_main and len(bars.x):
            values = (bars.close, bars.close) if self.is_line and not self.time.is_dense else (bars.low, bars.high)
            found.append((float(values[0].min()), float(values[1].max())))
        elif pane.is_main and len(self.snapshot):
            last = self.snapshot.bar(len(self.snapshot) - 1)
            found.append((last.low, last.high))
        known = [extremes for extremes in found if extremes is not None]
        return (min(low for low, _ in known), max(high for _, high in known)) if known else (0.0, 1.0)

    @staticmethod
    def _set_range(pane: PaneModel, scale: PriceScale) -> None:
        pane.range = PriceRange(scale.low, scale.high)
