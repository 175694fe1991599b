"""What fired, as a table: each leads to its bar on the chart, and says what became of it on its channels."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from trii_desktop.alerts.channel_book import ChannelBook
from trii_desktop.alerts.log import FiringLog
from trii_desktop.alerts.model import AlertFilter, FiringModel
from trii_desktop.alerts.tables import RowTable
from trii_desktop.desk import Desk
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column

_WIDTHS: Final = (124, 84, 0, 92, 92, 220)


class HistoryView(QWidget):
    """The table of firings; what it shows counts as read. ``firing_wanted`` carries one whose bar is to be shown."""

    firing_wanted = Signal(object)

    def __init__(self, desk: Desk, log: FiringLog, channels: ChannelBook) -> None:
        super().__init__()
        self._desk = desk
        self._log = log
        self._channels = channels
        self.model = FiringModel(desk.look, desk.backend.clock.now_ns, self)
        self.proxy = AlertFilter(self.model)
        self.table = RowTable(self.proxy, "Firings", _WIDTHS)
        self.table.clicked.connect(self._show_current)
        self.table.shown.connect(self._show_current)
        self._empty = EmptyState("Nothing has fired yet", "", desk.look, "bell")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self.setLayout(column(self._stack))
        self._wanted = ""  # id of the firing that is to be chosen once it is listed
        self._is_due = True
        self._listener = desk.frames.listen(self.look, is_visible=self.isVisible)
        channels.changed.connect(self._told)
        log.changed.connect(self.refresh)
        desk.look.changed.connect(self.table.viewport().update)

    def refresh(self) -> None:
        """Have the log shown as it is in the next frame in which it can be seen."""
        self._is_due = True
        self._desk.frames.request()

    def look(self) -> bool:
        """Show the log as it is, where that is due, and count it as read; whether it was due."""
        if not self._is_due:
            return False
        self._is_due = False
        current = self.table.current
        self.model.show_firings((*self._log.replayed, *self._log.firings))
        if self._wanted or (current is not None and self.table.current is None):
            self.select(self._wanted or current.id)
        self._say()
        if self._log.n_unread:
            self._desk.start("Marking firings as read", self._log.mark_read())
        else:
            self._desk.start("Reading what became of firings", self._read_outcomes())
        return True

    def narrow(self, text: str) -> None:
        """Show what holds every word."""
        self.proxy.narrow(text)
        self._say()

    def select(self, firing_id: str) -> None:
        """Put the cursor on a firing, as soon as it is listed."""
        is_there = self.table.pick(lambda firing: firing.id == firing_id)
        self._wanted = "" if is_there or not self._is_due else firing_id

    def close_panel(self) -> None:
        """Look and hear no more."""
        self._listener.close()
        self._channels.changed.disconnect(self._told)
        self._log.changed.disconnect(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self.refresh()

    def _say(self) -> None:
        has_any = bool(self.model.firings)
        self._empty.say(
            "Nothing like that" if has_any else "Nothing has fired yet",
            "No firing matches the filter."
            if has_any
            else "What an alert has seen stands here, with the bar at which it happened.",
        )
        self._stack.setCurrentIndex(1 if self.proxy.rowCount() else 0)

    def _show_current(self) -> None:
        if self.table.current is not None:
            self.firing_wanted.emit(self.table.current)

    def _told(self) -> None:
        if self.isVisible():
            self._desk.start("Reading what became of firings", self._read_outcomes())

    async def _read_outcomes(self) -> None:
        self.model.show_outcomes(await self._channels.outcomes())
