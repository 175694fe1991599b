"""Which instrument a dock shows: that of the active chart, or one that was pinned."""

from PySide6.QtCore import QObject, Signal

from backend.domain.instruments import Instrument


class Subject(QObject):
    """``changed`` comes with another instrument, or when it is pinned or let go."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._charted: Instrument | None = None
        self._pinned: Instrument | None = None

    @property
    def instrument(self) -> Instrument | None:
        """What is shown; None before there is a chart."""
        return self._pinned or self._charted

    @property
    def is_pinned(self) -> bool:
        """Whether it stays while the chart changes."""
        return self._pinned is not None

    def chart_shows(self, instrument: Instrument | None) -> None:
        """The active chart shows another instrument."""
        before = self.instrument
        self._charted = instrument
        if self.instrument != before:
            self.changed.emit()

    def pin(self, *, is_pinned: bool) -> None:
        """Stay at what is shown, or go with the chart again."""
        wanted = self.instrument if is_pinned else None
        if wanted != self._pinned:
            self._pinned = wanted
            self.changed.emit()
