"""Tells other charts where a chart's pointer is and which bars it shows, each place once."""

from PySide6.QtCore import QObject, Signal

from backend.charts.chart_state import VisibleBars


class Telling(QObject):
    """``crosshair_moved`` carries event time and price, None where there is none; ``visible_changed`` VisibleBars.

    visible : what was told last; set it to what others know already
    """

    crosshair_moved = Signal(object, object)
    visible_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.visible: VisibleBars | None = None
        self._pointer: tuple[int | None, float | None] = (None, None)

    def tell_pointer(self, event_ns: int | None, price: float | None) -> None:
        """The pointer is there."""
        if (event_ns, price) != self._pointer:
            self._pointer = (event_ns, price)
            self.crosshair_moved.emit(event_ns, price)

    def tell_view(self, visible: VisibleBars, n_bars: int) -> None:
        """These bars are in view; nothing is told of a chart without any."""
        if visible != self.visible and n_bars:
            self.visible = visible
            self.visible_changed.emit(visible)
