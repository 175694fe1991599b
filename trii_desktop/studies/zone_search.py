"""Finding a time zone for a chart's labels as one types."""

import zoneinfo
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QModelIndex, QStringListModel, Signal
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget, QWidget

from backend.clock import Clock
from trii_desktop.look import Look
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, label, line, row
from trii_desktop.widgets.overlay import Overlay
from trii_desktop.widgets.steering import ListSteering

ROW_PX: Final = 30
FRAME_PX: Final = 92
N_ROWS_MIN: Final = 5
N_ROWS_MAX: Final = 11
_PLACES: Final = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


class ZoneSearch(Overlay):
    """A list of places with the hours they are ahead of UTC now; ``chosen`` carries the zone's name."""

    chosen = Signal(str)

    def __init__(self, window: QWidget, look: Look, clock: Clock) -> None:
        super().__init__(window, 440, 420)
        self._clock = clock
        self._zones: tuple[str, ...] = ()
        self.results: tuple[str, ...] = ()
        self.field = QLineEdit()
        self.field.setProperty("bare", True)
        self.field.setPlaceholderText("City or region")
        self.field.setAccessibleName("Search time zones")
        self.field.setMaxLength(40)
        self.field.textChanged.connect(self._answer)
        self._model = QStringListModel(self)
        self.view = QListView()
        self.view.setAccessibleName("Time zones")
        self.view.setModel(self._model)
        self.view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.view.setUniformItemSizes(True)
        self.view.clicked.connect(self._choose)
        self._steering = ListSteering(self.field, self.view, self._choose)
        empty = EmptyState("No such place", "Try the largest city nearby, or a continent.", look, "search")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(empty)
        keys = label("↑ ↓ choose    Enter take    Esc close", "caption")
        head = row(self.field, margins=(14, 4, 12, 4))
        self.setAccessibleName("Time zone of the chart")
        self.setLayout(column(head, line(), self._stack, line(), row(None, keys, margins=(14, 7, 14, 9)), gap=0))

    def search(self, now: str) -> None:
        """Open with every place, at ``now`` where it is one."""
        if not self._zones:
            self._zones = tuple(sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(_PLACES)))
        self.field.clear()
        self._answer("")
        if now in self.results:
            self._steering.select(self.results.index(now))
        self.open_over(self.field)

    def _answer(self, text: str) -> None:
        words = text.casefold().replace("_", " ").split()
        found = [zone for zone in self._zones if all(word in zone.casefold().replace("_", " ") for word in words)]
        starting = [zone for zone in found if words and zone.rpartition("/")[2].casefold().startswith(words[0])]
        self.results = tuple(dict.fromkeys((*starting, *found)))
        now = datetime.fromtimestamp(self._clock.now_ns() / 1e9, UTC)
        self._model.setStringList([_words(zone, now) for zone in self.results])
        self._stack.setCurrentIndex(0 if self.results else 1)
        self.fit(FRAME_PX + ROW_PX * max(N_ROWS_MIN, min(len(self.results), N_ROWS_MAX)))
        self._steering.select(0)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            zone = self.results[index.row()]
            self.dismiss()
            self.chosen.emit(zone)


def _words(zone: str, now: datetime) -> str:
    region, _, city = zone.replace("_", " ").partition("/")
    offset = now.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%z")
    return f"{city.replace('/', ', ')}, {region}   UTC{offset[:3]}:{offset[3:]}"
