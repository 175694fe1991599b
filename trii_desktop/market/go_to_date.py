"""A field for a date or a moment, that says which bar it means while one types, and brings it into view."""

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from backend.commands.times import parse_when
from backend.errors import InvalidInput
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.wording import label_zone, time_words
from trii_desktop.widgets.layout import column, label, row
from trii_desktop.widgets.overlay import Overlay

_FORMS: Final = "As 2013, 2013-03, 2013-03-01 or 2013-03-01 15:30"


class DateEntry(Overlay):
    """Opens over the window; ``chosen`` carries the event time of the bar to go to."""

    chosen = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 340, 156)
        self.setAccessibleName("Go to date")
        self._model = ChartModel()
        self.field = QLineEdit()
        self.field.setMaxLength(32)
        self.field.setAccessibleName("Date or time")
        self.field.setPlaceholderText("2013-03-01")
        self.field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.field.setStyleSheet("font-size: 18px; font-weight: 600;")
        self.field.textChanged.connect(self._preview)
        self.field.returnPressed.connect(self._accept)
        self.meaning = label("", "muted")
        self.meaning.setTextFormat(Qt.TextFormat.PlainText)
        self.meaning.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.meaning.setWordWrap(True)
        keys = label("Enter go    Esc close", "caption")
        self.setLayout(
            column(label("Go to date", "heading"), self.field, self.meaning, row(None, keys, None), margins=(16, 12, 16, 10))
        )

    def ask(self, model: ChartModel) -> None:
        """Open for the chart of ``model``, with the date that is in the middle of its view."""
        self._model = model
        n_bars = len(model.snapshot)
        middle_ns = model.snapshot.event_ns_at(model.time.bar_at(model.time.width_px / 2)) if n_bars else None
        self.field.setText("" if middle_ns is None else str(np.datetime64(middle_ns, "ns").astype("datetime64[D]")))
        self._preview(self.field.text())
        self.open_over(self.field)
        self.field.selectAll()

    def _preview(self, text: str) -> None:
        self.meaning.setText(self._words(text))

    def _words(self, text: str) -> str:
        found = bar_at_date(self._model, text)
        if found is None:
            return _FORMS
        zone = label_zone(self._model.zone, self._model.instrument, self._model.spec)
        words = time_words(found, self._model.spec, zone)
        snapshot = self._model.snapshot
        if found == snapshot.event_ns_at(0):
            return f"The oldest bar: {words}"
        return f"The newest bar: {words}" if found == snapshot.event_ns_at(len(snapshot) - 1) else f"The bar of {words}"

    def _accept(self) -> None:
        found = bar_at_date(self._model, self.field.text())
        if found is not None:
            self.dismiss()
            self.chosen.emit(found)


def bar_at_date(model: ChartModel, text: str) -> int | None:
    """Event time of the first bar within what ``text`` says, else of the one before it; None where it says nothing.

    Words without an offset are meant in the zone of the chart's labels; dates of daily and longer bars are sessions.
    """
    snapshot, spec = model.snapshot, model.spec
    if spec is None or not len(snapshot):
        return None
    try:
        when = parse_when(text, label_zone(model.zone, model.instrument, spec))
    except InvalidInput:
        return None
    start_ns, end_ns = when.from_ns(is_dated=spec.is_dated), when.to_ns(is_dated=spec.is_dated)
    at_row = min(int(snapshot.rows_at(np.array([start_ns], np.int64))[0]), len(snapshot) - 1)
    found = snapshot.event_ns_at(at_row)
    return found if found < max(end_ns, start_ns + 1) else snapshot.event_ns_at(max(at_row - 1, 0))
