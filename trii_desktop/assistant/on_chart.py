"""What an answer shows on one chart: drawn until Escape or another instrument, kept as drawings only where that is asked for."""

from itertools import pairwise

from PySide6.QtCore import QObject, Qt, Signal

from backend.assistant.analysis.card import Sketch, SketchKind, StockAnalysis
from backend.assistant.facts.fact import BarRange, Fact
from backend.charts.drawings import TEXT_LENGTH_MAX, Anchor, Drawing, DrawingKind, is_writable, new_id
from backend.domain.instruments import InstrumentId
from trii_desktop.assistant.sketches import SketchLayer
from trii_desktop.charts.layers import PointerEvent
from trii_desktop.charts.speech import announce
from trii_desktop.drawings.controller import DrawingController


class ChartSketches(QObject):
    """A ``PointerTool`` that only hears Escape, and the owner of the chart's layer of sketches.

    changed : there are sketches, or no longer
    """

    changed = Signal()

    def __init__(self, drawings: DrawingController) -> None:
        super().__init__(drawings.chart)
        self._drawings = drawings
        self.chart = drawings.chart
        self.layer = SketchLayer(drawings.layer)
        self._instrument: InstrumentId | None = None
        self.chart.view.add_layer(self.layer)
        self.chart.view.tools.insert(0, self)
        self.chart.shown_changed.connect(self._follow)

    @property
    def has_sketches(self) -> bool:
        """Whether anything is drawn."""
        return not self.layer.is_empty

    def shows(self, instrument: InstrumentId) -> bool:
        """Whether the chart shows this instrument."""
        return self.chart.shown is not None and self.chart.shown.instrument.id == instrument

    def show_analysis(self, analysis: StockAnalysis) -> None:
        """Draw what an analysis found; the chart shows its instrument."""
        self._instrument = analysis.instrument
        self.layer.sketches, self.layer.is_dated = analysis.sketches, analysis.series.spec.is_dated
        n = len(analysis.sketches)
        announce(self.chart.view, f"{'1 sketch' if n == 1 else f'{n} sketches'} of the analysis. Escape takes them away.")
        self._repaint()

    def show_fact(self, fact: Fact) -> None:
        """Mark the bars behind a number, where the chart shows its instrument."""
        if fact.bars is not None and self.shows(fact.bars.series.instrument):
            self._instrument = fact.bars.series.instrument
            self.layer.marked, self.layer.words = (fact.bars,), fact.label
            self._repaint()

    def show_matches(self, matches: tuple[BarRange, ...]) -> None:
        """Mark the bars that an answer found; the chart shows their instrument."""
        self._instrument = matches[0].series.instrument
        n = len(matches)
        self.layer.marked, self.layer.words = matches, f"{n:,} found" if n > 1 else "Found"
        announce(self.chart.view, f"{n:,} marked. Escape takes the marks away.")
        self._repaint()

    def leave_fact(self) -> None:
        """Mark no bars."""
        if self.layer.marked:
            self.layer.marked = ()
            self._repaint()

    def clear(self) -> None:
        """Take everything away."""
        if not self.layer.is_empty:
            self.layer.sketches, self.layer.marked = (), ()
            self._repaint()

    def keep(self, analysis: StockAnalysis) -> int:
        """Make drawings of an analysis' sketches, one step of undo; how many."""
        is_dated = analysis.series.spec.is_dated
        put = tuple(drawing for sketch in analysis.sketches for drawing in drawings_of(sketch, is_dated=is_dated))
        if put:
            self.layer.sketches = ()
            self._drawings.book.change("Keep the sketches of the analysis", put=put)
            self._repaint()
        return len(put)

    def close(self) -> None:
        """Let go of the chart."""
        self.chart.view.tools.remove(self)
        self.chart.shown_changed.disconnect(self._follow)

    # --- PointerTool --------------------------------------------------------------------------------------------------

    def press(self, _event: PointerEvent) -> bool:
        """Sketches are looked at only."""
        return False

    def move(self, _event: PointerEvent) -> bool:
        """The same."""
        return False

    def release(self, _event: PointerEvent) -> bool:
        """The same."""
        return False

    def double_click(self, _event: PointerEvent) -> bool:
        """The same."""
        return False

    def key(self, key: Qt.Key, _modifiers: Qt.KeyboardModifier) -> bool:
        """Esc takes the sketches away."""
        if key is Qt.Key.Key_Escape and not self.layer.is_empty:
            self.clear()
            return True
        return False

    def leave(self) -> None:
        """Nothing is below the pointer."""

    @property
    def cursor(self) -> Qt.CursorShape | None:
        """That of the chart."""
        return None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        if self._instrument is not None and not self.shows(self._instrument):
            self.clear()

    def _repaint(self) -> None:
        self.chart.view.repaint_layers()
        self.changed.emit()


def drawings_of(sketch: Sketch, *, is_dated: bool) -> tuple[Drawing, ...]:
    """A sketch as drawings that are kept: a level as a horizontal line, a line as trend lines, a mark as words at its bar."""
    anchors = tuple(Anchor(event_ns, price, is_dated) for event_ns, price in sketch.points)
    text = "".join(letter for letter in sketch.label if is_writable(letter))[:TEXT_LENGTH_MAX]
    if not anchors:
        return ()
    if sketch.kind is SketchKind.LEVEL:
        return (Drawing(new_id(), DrawingKind.HORIZONTAL, anchors[-1:], text=text),)
    if sketch.kind is SketchKind.LINE:
        lines = [Drawing(new_id(), DrawingKind.TREND_LINE, pair) for pair in pairwise(anchors)]
        return tuple(lines)
    return (Drawing(new_id(), DrawingKind.TEXT, anchors[:1], text=text or "\u2022"),)
