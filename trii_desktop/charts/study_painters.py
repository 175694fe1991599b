"""How the lines of studies and comparisons are painted: one painter an output, chosen by its look."""

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QPainter

from trii_desktop.charts import line_shapes
from trii_desktop.charts.geometry import NO_RECTS, Rects
from trii_desktop.charts.painters import Inks, PaneFrame, SeriesPainter
from trii_desktop.charts.strokes import RectBatch, SegmentBatch, dashes
from trii_desktop.charts.study_looks import SIGNS, OutputLook, StudyLook

_KEPT_MAX: Final = 512
_DOT: Final = 3  # logical pixels
_SIGN_INKS: Final = ("up", "volume_up", "down", "volume_down")
_MARK: Final = 5
_MARK_GAP: Final = 90
_THICKER: Final = 1.25  # smoothed lines of one pixel look thinner than they are


class LinePainter:
    """A smoothed line; columns of pixels where several bars share one."""

    def __init__(self, look: OutputLook) -> None:
        self._look = look
        self._segments, self._rects = SegmentBatch(), RectBatch()
        self._pen_px = 1.0

    def prepare(self, frame: PaneFrame) -> None:
        """Compute pieces or columns."""
        look, ratio = self._look, frame.pixel_ratio
        line = frame.line_of(look.key)
        if line is None or not len(line.x):
            self._segments.set(line_shapes.NO_SEGMENTS)
            self._rects.set(NO_RECTS)
            return
        origin, width = frame.time.origin_px, max(round(look.width * ratio), 1)
        self._pen_px = look.width * ratio * _THICKER
        if line.is_dense:
            self._segments.set(line_shapes.NO_SEGMENTS)
            columns = line_shapes.columns(line, frame.prices, width)
            self._rects.set(line_shapes.broken_columns(columns, look.dash, origin, ratio))
        else:
            pieces = line_shapes.segments(line, frame.prices)
            self._segments.set(line_shapes.broken(pieces, look.dash, origin, ratio))
            self._rects.set(line_shapes.dots(line_shapes.lone_values(line), frame.prices, width + 2))

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw it."""
        ink = inks[self._look.ink]
        self._rects.draw(painter, ink)
        self._segments.draw_wide(painter, ink, self._pen_px)


class RectsPainter:
    """Dots or steps: squares and whole pixels."""

    def __init__(self, look: OutputLook) -> None:
        self._look = look
        self._rects = RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute rectangles."""
        line = frame.line_of(self._look.key)
        if line is None or not len(line.x):
            self._rects.set(NO_RECTS)
            return
        width = max(round(self._look.width * frame.pixel_ratio), 1)
        if self._look.look == "dots":
            self._rects.set(line_shapes.dots(line, frame.prices, width - 1 + round(_DOT * frame.pixel_ratio)))
        else:
            self._rects.set(line_shapes.steps(line, frame.prices, width))

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw them."""
        self._rects.draw(painter, inks[self._look.ink])


class HistogramPainter:
    """Bars on 0, in the colours of rising and falling, paler where they shrink; or all in one colour."""

    def __init__(self, look: OutputLook) -> None:
        self._look = look
        self._batches = tuple(RectBatch() for _ in _SIGN_INKS)

    def prepare(self, frame: PaneFrame) -> None:
        """Compute bars."""
        line = frame.line_of(self._look.key)
        if line is None or not len(line.x):
            groups: tuple[Rects, ...] = (NO_RECTS,) * len(_SIGN_INKS)
        else:
            groups = line_shapes.histogram(line, frame.prices, frame.time.spacing_px, frame.pixel_ratio)
        for batch, rects in zip(self._batches, groups, strict=True):
            batch.set(rects)

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw them."""
        for batch, ink in zip(self._batches, _SIGN_INKS, strict=True):
            batch.draw(painter, inks[ink if self._look.ink == SIGNS else self._look.ink])


class BandPainter:
    """A tint between two outputs, behind the grid."""

    def __init__(self, one: OutputLook, other: OutputLook) -> None:
        self._one, self._other = one, other
        self._rects = RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute columns."""
        one, other = frame.line_of(self._one.key), frame.line_of(self._other.key)
        is_there = one is not None and other is not None and len(one.x) and len(other.x)
        self._rects.set(line_shapes.band(one, other, frame.prices, frame.width_px) if is_there else NO_RECTS)  # type: ignore[arg-type]  # both are there

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw it."""
        self._rects.draw(painter, inks.tint(self._one.ink))


class LevelsPainter:
    """Dashed lines at the values that belong to an indicator."""

    def __init__(self, levels: tuple[float, ...]) -> None:
        self._levels = levels
        self._rects = RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute dashes."""
        unit = max(int(frame.pixel_ratio), 1)
        ys = [int(frame.prices.y_at(level)) for level in self._levels]
        lines = [dashes(0, frame.width_px, y, on=5 * unit, off=5 * unit, width=unit) for y in ys if 0 <= y < frame.height_px]
        self._rects.set(line_shapes.joined(lines))

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw them."""
        self._rects.draw(painter, inks.tint("crosshair", 0.6))


class MarksPainter:
    """Squares along the line of what is selected."""

    def __init__(self, look: OutputLook) -> None:
        self._look = look
        self._grounds, self._cores = RectBatch(), RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute a square every so many pixels, always at the same bars."""
        line, ratio = frame.line_of(self._look.key), frame.pixel_ratio
        size = round(_MARK * ratio) // 2 * 2 + 1
        for batch, wide in ((self._grounds, size + 2 * max(round(ratio), 1)), (self._cores, size)):
            marked = line_shapes.every(line, round(_MARK_GAP * ratio), frame.time) if line is not None else None
            batch.set(line_shapes.dots(marked, frame.prices, wide) if marked is not None else NO_RECTS)

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw them."""
        self._grounds.draw(painter, inks["background"])
        self._cores.draw(painter, inks["title"])


_BY_LOOK: Final[dict[str, Callable[[OutputLook], SeriesPainter]]] = {
    "line": LinePainter,
    "dots": RectsPainter,
    "steps": RectsPainter,
    "histogram": HistogramPainter,
}


class StudyPainters:
    """Makes painters and keeps them, so that a frame makes none."""

    def __init__(self) -> None:
        self._made: dict[object, SeriesPainter] = {}

    def behind(self, look: StudyLook) -> list[SeriesPainter]:
        """What lies behind the grid: bands, where either line is shown."""
        outputs = look.outputs
        pairs = [(outputs[one], outputs[other]) for one, other in look.fills] if look.is_shown else []
        return [self._band(one, other) for one, other in pairs if one.is_shown or other.is_shown]

    def over(self, look: StudyLook) -> list[SeriesPainter]:
        """Levels, then histograms, then lines: bars cover no line."""
        outputs = sorted(look.shown_outputs, key=lambda output: output.look != "histogram")
        levels = [self._kept(look.levels, lambda: LevelsPainter(look.levels))] if look.levels and look.is_shown else []
        return [*levels, *(self.line(output) for output in outputs)]

    def marks(self, look: OutputLook) -> SeriesPainter:
        """What shows that a line is selected."""
        return self._kept(("marks", look), lambda: MarksPainter(look))

    def line(self, look: OutputLook) -> SeriesPainter:
        """The painter of one output or comparison."""
        return self._kept(look, lambda: _BY_LOOK[look.look](look))

    def _band(self, one: OutputLook, other: OutputLook) -> SeriesPainter:
        return self._kept((one, other), lambda: BandPainter(one, other))

    def _kept(self, key: object, make: Callable[[], SeriesPainter]) -> SeriesPainter:
        if key not in self._made:
            if len(self._made) > _KEPT_MAX:
                self._made.clear()
            self._made[key] = make()
        return self._made[key]
