"""How series are drawn in a pane: one painter a way of drawing, chosen by chart type."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

from backend.charts.chart_state import MAIN_PANE, SHAPE, ChartType
from backend.charts.study_snapshot import LineKey, StudySnapshot
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.charts.chart_source import NOTHING
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.geometry import (
    NO_RECTS,
    DrawnBars,
    UpDown,
    area_below,
    candles,
    hollow_candles,
    line_columns,
    line_segments,
    open_close_bars,
    volumes,
)
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.strokes import RectBatch, SegmentBatch
from trii_desktop.charts.study_lines import DrawnLine, no_line
from trii_desktop.charts.time_scale import TimeScale
from trii_desktop.contrast import contrast, mixed

_NO_SEGMENTS: Final = NO_RECTS.astype(float)

_STUDY: Final = "study_"
_TINT: Final = 0.10


class Inks:
    """A chart's colours as Qt takes them, made once."""

    def __init__(self, colors: ChartColors) -> None:
        self._made: dict[str, QColor] = {}
        self._on: dict[str, str] = {}
        self.wear(colors)

    def wear(self, colors: ChartColors) -> None:
        """Take other colours; everyone who holds these inks paints with them from the next frame on."""
        self.colors = colors
        names = (name for name in colors.__struct_fields__ if name != "studies")
        self._on = {}
        self._made = {name: QColor(getattr(colors, name)) for name in names}

    def __getitem__(self, name: str) -> QColor:
        """The colour called ``name``; of ``study_12`` the palette's, from its beginning again; or ``#rrggbb`` itself."""
        known = self._made.get(name)
        if known is None:
            known = self._made[name] = QColor(self._written(name))
        return known

    def tint(self, name: str, share: float = _TINT) -> QColor:
        """Some of the colour called ``name``, 0 to 1, mixed with the background."""
        key = f"{name} {share}"
        if key not in self._made:
            self._made[key] = QColor(mixed(self._written(name), self.colors.background, share))
        return self._made[key]

    def on(self, name: str) -> str:
        """The name of the ink to write with on the colour called ``name``."""
        if name not in self._on:
            ground = self[name].name()
            self._on[name] = max(("background", "title"), key=lambda ink: contrast(self[ink].name(), ground))
        return self._on[name]

    def _written(self, name: str) -> str:
        if name.startswith("#"):
            return name
        if name.startswith(_STUDY):
            return self.colors.studies[int(name.removeprefix(_STUDY)) % len(self.colors.studies)]
        written: str = getattr(self.colors, name)
        return written


class PaneFrame(NamedTuple):
    """What painters are given before each frame that differs from the last; pixels count from the pane's upper left corner.

    shown : the bars again, with the lines that belong to them
    line_of : what is in view of a line, as it is drawn: computed once a view; None where it is not there
    legends : what the legends cover
    """

    snapshot: BarSnapshot
    bars: DrawnBars
    time: TimeScale
    prices: PriceScale
    width_px: int
    height_px: int
    volume_top_px: int
    pixel_ratio: float
    pane_id: str = MAIN_PANE
    shown: StudySnapshot = NOTHING
    line_of: Callable[[LineKey], DrawnLine | None] = no_line
    legends: tuple[QRect, ...] = ()


class SeriesPainter(Protocol):
    """Draws one series: turns it into arrays once a view, and paints those as often as Qt asks."""

    def prepare(self, frame: PaneFrame) -> None:
        """Compute what ``paint`` draws."""
        ...

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw it; no arithmetic here, a pointer that moves paints too."""
        ...


class CandlePainter:
    """Candles; a stick from low to high where several bars share a column of pixels."""

    def __init__(self) -> None:
        self._up, self._down = RectBatch(), RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute wicks and bodies."""
        up, down = self.shapes(frame)
        self._up.set(up)
        self._down.set(down)

    def shapes(self, frame: PaneFrame) -> UpDown:
        """The rectangles of rising and of falling bars."""
        return candles(frame.bars, frame.prices, frame.time.spacing_px, frame.pixel_ratio)

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw falling bars over rising ones."""
        self._up.draw(painter, inks["up"])
        self._down.draw(painter, inks["down"])


class HollowPainter(CandlePainter):
    """Candles whose colour tells the change from the bar before, and whose filling a close below the open."""

    def shapes(self, frame: PaneFrame) -> UpDown:
        """Outlines and bodies."""
        first = frame.bars.first_row
        before = frame.snapshot.bar(first - 1).close if first else math.nan
        return hollow_candles(frame.bars, before, frame.prices, frame.time.spacing_px, frame.pixel_ratio)


class BarPainter(CandlePainter):
    """Bars in the old sense: a stick with ticks at the open and the close."""

    def shapes(self, frame: PaneFrame) -> UpDown:
        """Sticks and ticks."""
        return open_close_bars(frame.bars, frame.prices, frame.time.spacing_px, frame.pixel_ratio)


class HeikinAshiPainter(CandlePainter):
    """Candles of averaged bars, the true ones while those are being computed."""

    def shapes(self, frame: PaneFrame) -> UpDown:
        """Wicks and bodies."""
        return candles(averaged(frame), frame.prices, frame.time.spacing_px, frame.pixel_ratio)


def averaged(frame: PaneFrame) -> DrawnBars:
    """The Heikin-Ashi bars in view."""
    parts = [frame.shown.lines.get((SHAPE, name)) for name in ("open", "high", "low", "close")]
    lines = [line for line in parts if line is not None and len(line) == len(frame.snapshot)]
    bars = frame.bars
    if len(lines) < len(parts) or not len(bars.x):
        return bars
    if not frame.time.is_dense:
        opens, highs, lows, closes = (line.rows(bars.first_row, bars.stop_row) for line in lines)
        return bars._replace(open=opens, high=highs, low=lows, close=closes)
    cut = frame.time.columns().cut
    folded = [line.columns(cut) for line in lines]
    return bars._replace(open=folded[0][0], high=folded[1][1], low=folded[2][2], close=folded[3][3])


class LinePainter:
    """A line through the closes; a band of columns where several share one."""

    def __init__(self) -> None:
        self._segments, self._columns = SegmentBatch(), RectBatch()
        self._pixel_ratio = 1.0

    def prepare(self, frame: PaneFrame) -> None:
        """Compute pieces between closes, or columns; a single bar becomes a dash."""
        bars, self._pixel_ratio = frame.bars, frame.pixel_ratio
        is_single = len(bars.x) == 1
        as_columns = frame.time.is_dense or is_single
        if is_single and not frame.time.is_dense:
            bars = bars._replace(open=bars.close, high=bars.close, low=bars.close)
        self._segments.set(_NO_SEGMENTS if as_columns else line_segments(bars, frame.prices))
        columns = line_columns(bars, frame.prices, frame.pixel_ratio) if as_columns else NO_RECTS
        if is_single:
            wide, tall = round(3 * frame.pixel_ratio), round(frame.pixel_ratio)  # seen beside the line of the last price
            columns += (-wide, -tall, wide, tall)
        self._columns.set(columns)

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw it."""
        self._segments.draw(painter, inks["line"], self._pixel_ratio)
        self._columns.draw(painter, inks["line"])


class AreaPainter(LinePainter):
    """A line through the closes over a tinted ground."""

    def __init__(self) -> None:
        super().__init__()
        self._area = RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute the line and the columns below it."""
        super().prepare(frame)
        self._area.set(area_below(frame.bars, frame.prices, frame.height_px))

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw the ground, then the line."""
        self._area.draw(painter, inks["area"])
        super().paint(painter, inks)


PAINTERS: Final[dict[ChartType, type[SeriesPainter]]] = {
    ChartType.CANDLES: CandlePainter,
    ChartType.HOLLOW: HollowPainter,
    ChartType.BARS: BarPainter,
    ChartType.LINE: LinePainter,
    ChartType.AREA: AreaPainter,
    ChartType.HEIKIN_ASHI: HeikinAshiPainter,
}


class VolumePainter:
    """Volume bars at the foot of the pane."""

    def __init__(self) -> None:
        self._up, self._down = RectBatch(), RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute their heights against the largest in view."""
        up, down = volumes(frame.bars, frame.time.spacing_px, frame.volume_top_px, frame.height_px, frame.pixel_ratio)
        self._up.set(up)
        self._down.set(down)

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw them."""
        self._up.draw(painter, inks["volume_up"])
        self._down.draw(painter, inks["volume_down"])
