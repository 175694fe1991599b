"""Which chart of the window is active: what menus, keys, search and the table of bars act on."""

from typing import Final

from PySide6.QtCore import QObject, QPoint, Signal

from trii_desktop.market.chart_panel import ChartPanel

_RELAYED: Final = ("shown_changed", "state_changed", "typed", "menu_wanted", "instrument_dropped", "wants_import")


class ActiveChart(QObject):
    """``current`` is the active chart; its signals come from here, whichever it is.

    ``changed`` comes when another chart becomes active, followed by ``shown_changed`` and ``state_changed`` of that one.
    """

    changed = Signal()
    shown_changed = Signal()
    state_changed = Signal()
    typed = Signal(str)
    menu_wanted = Signal(object, QPoint)
    instrument_dropped = Signal(object, bool)
    wants_import = Signal()

    def __init__(self, chart: ChartPanel) -> None:
        super().__init__()
        self._current = chart
        self._connect(chart)

    @property
    def current(self) -> ChartPanel:
        """The chart that actions act on."""
        return self._current

    def choose(self, chart: ChartPanel) -> None:
        """Let ``chart`` be the active one."""
        if chart is self._current:
            return
        for name in _RELAYED:
            getattr(self._current, name).disconnect(getattr(self, name))
        self._current = chart
        self._connect(chart)
        self.changed.emit()
        self.shown_changed.emit()
        self.state_changed.emit()

    def _connect(self, chart: ChartPanel) -> None:
        for name in _RELAYED:
            getattr(chart, name).connect(getattr(self, name))
