"""What goes with a question: a chart as it is seen, or an instrument; shown as a chip that can be taken away."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QToolButton

from backend.assistant.answers import ChartSeen
from backend.domain.instruments import InstrumentId
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.charts.study_looks import look_of
from trii_desktop.look import Look
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.widgets.layout import row
from trii_desktop.widgets.numbers import format_time


@dataclass(frozen=True, slots=True)
class Attachment:
    """An instrument, and where it is a chart what is seen of it; ``event_ns`` of a bar that is meant, else None."""

    instrument: InstrumentId
    chart: ChartSeen | None = None
    event_ns: int | None = None

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        if self.chart is None:
            return str(self.instrument)
        spec = self.chart.series.spec
        parts = [f"{self.instrument} {spec}"]
        if self.event_ns is not None:
            parts.append(f"bar of {format_time(self.event_ns, is_dated=spec.is_dated)}")
        elif self.chart.to_ns > self.chart.from_ns:
            parts.append(" to ".join(format_time(ns, is_dated=spec.is_dated) for ns in (self.chart.from_ns, self.chart.to_ns)))
        return " · ".join((*parts, *self.chart.studies))


def chart_seen(chart: ChartPanel, event_ns: int | None = None) -> Attachment | None:
    """The chart as it is seen now, or one bar of it; None where it shows nothing."""
    shown, model = chart.shown, chart.view.model
    if shown is None:
        return None
    bars = model.snapshot
    first = last = -1
    if event_ns is not None:
        first = last = bars.row_at(event_ns)
    elif len(bars):
        first = min(max(model.time.bar_at(0), 0), len(bars) - 1)
        last = min(max(model.time.bar_at(model.time.width_px - 1), 0), len(bars) - 1)
    from_ns, to_ns = (bars.event_ns_at(row) if row >= 0 else 0 for row in (first, last))
    studies = tuple(look_of(study).title for study in chart.state.studies if study.is_shown)
    return Attachment(shown.instrument.id, ChartSeen(shown.series, from_ns, to_ns, studies), event_ns)


class AttachmentChip(QFrame):
    """Says what is attached; ``removed`` comes when its cross is pressed."""

    removed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setProperty("role", "chip")
        self._words = ElidedLabel("caption")
        self.remove = QToolButton()
        self.remove.setProperty("role", "cellButton")
        self.remove.setAccessibleName("Take the chart away")
        self.remove.setToolTip("Take it away")
        self.remove.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.remove.clicked.connect(self.removed)
        laid = row(self._words, self.remove, margins=(8, 1, 2, 1), gap=4)
        laid.setStretch(0, 1)
        self.setLayout(laid)
        self.wear()

    def show_attachment(self, attachment: Attachment | None) -> None:
        """Say what is attached; hidden where nothing is."""
        self.setVisible(attachment is not None)
        if attachment is not None:
            self._words.say(attachment.words)
            self.setAccessibleName(f"Attached: {attachment.words}")

    def wear(self) -> None:
        """Follow the theme."""
        self.remove.setIcon(self._look.icon("close"))
