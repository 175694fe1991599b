"""The alerts dock: every alert as it stands, and what fired; by pointer or keys."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QStackedWidget, QTabBar, QWidget

from backend.alerts.firing import AlertRow, Standing
from trii_desktop.alerts.channel_book import ChannelBook
from trii_desktop.alerts.edits import AlertEdits
from trii_desktop.alerts.fields import Choice
from trii_desktop.alerts.history import HistoryView
from trii_desktop.alerts.log import FiringLog
from trii_desktop.alerts.model import AlertFilter, AlertModel
from trii_desktop.alerts.tables import RowTable
from trii_desktop.desk import Desk
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.headers import kept_table, show_kept_table
from trii_desktop.widgets.layout import button, column, frame, holding, label, row

FILTERS: Final = (
    ("All", None),
    ("Watching", frozenset({Standing.ARMED, Standing.COOLING})),
    ("Sees nothing", frozenset({Standing.BLIND})),
    ("Fired", frozenset({Standing.FIRED})),
    ("Off or expired", frozenset({Standing.OFF, Standing.EXPIRED})),
)
_WIDTHS: Final = (136, 84, 0, 92, 92, 84, 116, 60)
_SEARCH_PX: Final = 200


class AlertPanel(QWidget):
    """The dock's content: a tab of alerts and one of firings. It looks once a frame, and only while it is visible.

    row_wanted : an AlertRow whose chart is to be shown; edit_wanted : one that is to be changed; add_wanted : a new one
    """

    row_wanted = Signal(object)
    edit_wanted = Signal(object)
    add_wanted = Signal()

    def __init__(self, desk: Desk, edits: AlertEdits, log: FiringLog, channels: ChannelBook) -> None:
        super().__init__()
        self._edits = edits
        self.model = AlertModel(desk.look, desk.backend.clock.now_ns, self)
        self.proxy = AlertFilter(self.model)
        self.table = RowTable(self.proxy, "Alerts", _WIDTHS)
        self.table.menu_of = self._fill_menu
        self.history = HistoryView(desk, log, channels)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName("Alerts or history")
        for words in ("Alerts", "History"):
            self.tabs.addTab(words)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Filter")
        self.search.setAccessibleName("Filter alerts")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(64)
        self.search.setFixedWidth(_SEARCH_PX)
        self.status = Choice("Status", FILTERS)
        self.add = button("Add alert…", quiet=True)
        self._n_blind = label("", "warning")
        self._empty = EmptyState("No alerts yet", "", desk.look, "bell", (("Add alert…", self.add_wanted.emit),))
        self._deeds = self._make_deeds()
        self._stack = QStackedWidget()
        for part in (self._empty, self.table):
            self._stack.addWidget(part)
        self._pages = QStackedWidget()
        self._pages.addWidget(holding(column(self._stack, self._deeds, gap=0)))
        self._pages.addWidget(self.history)
        head = row(self.tabs, None, self._n_blind, self.search, self.status, self.add, margins=(8, 4, 8, 4), gap=6)
        self.setLayout(column(frame("panelHead", head), self._pages, gap=0))
        self.setProperty("role", "panel")
        self._connect(desk)
        self._listener = desk.frames.listen(self.refresh, is_visible=self.isVisible)
        self.refresh()

    @property
    def chosen(self) -> tuple[AlertRow, ...]:
        """The selected alerts."""
        return self.table.chosen

    def refresh(self) -> bool:
        """Take newer figures over, and say whether there were any."""
        chosen = {one.alert.id for one in self.chosen}
        if not self.model.show_snapshot(self._edits.snapshot):
            return False
        if chosen and not self.chosen:  # the rows were set anew
            self.table.pick(lambda one: one.alert.id in chosen)
        self._say()
        return True

    @property
    def kept(self) -> dict[str, str]:
        """Tab, filter, status, and how both tables are sorted."""
        set_now = {"tab": str(self.tabs.currentIndex()), "filter": self.search.text(), "status": self.status.currentText()}
        return set_now | kept_table(self.table) | kept_table(self.history.table, "history_")

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Filter and sort as a person left it."""
        self.search.setText(values.get("filter", ""))
        self.status.setCurrentIndex(max(self.status.findText(values.get("status", "")), 0))
        self.tabs.setCurrentIndex(1 if values.get("tab") == "1" else 0)
        show_kept_table(self.table, values)
        show_kept_table(self.history.table, values, "history_")

    def show_alerts(self) -> None:
        """Turn to the alerts."""
        self.tabs.setCurrentIndex(0)
        self.table.setFocus()

    def show_history(self) -> None:
        """Turn to what fired."""
        self.tabs.setCurrentIndex(1)
        self.history.table.setFocus()

    def close_panel(self) -> None:
        """Look and hear no more."""
        self._listener.close()
        self.history.close_panel()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self.refresh()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _connect(self, desk: Desk) -> None:
        self.tabs.currentChanged.connect(self._turned)
        self.search.textChanged.connect(self._narrow)
        self.status.currentIndexChanged.connect(self._narrow)
        self.add.clicked.connect(self.add_wanted)
        self.table.shown.connect(self._show_chosen)
        self.table.edited.connect(self._edit_chosen)
        self.table.removed.connect(self._remove_chosen)
        self.table.switched.connect(self._switch_chosen)
        self.table.selectionModel().selectionChanged.connect(self._say_deeds)
        desk.look.changed.connect(self.table.viewport().update)

    def _make_deeds(self) -> QWidget:
        deeds = (
            ("Show chart", self._show_chosen),
            ("Change…", self._edit_chosen),
            ("Arm", self._arm_chosen),
            ("Switch off", self._rest_chosen),
            ("Remove", self._remove_chosen),
        )
        self.buttons = {words: _pressed(words, act) for words, act in deeds}
        self._n_chosen = label("", "caption")
        return frame("panelFoot", row(*self.buttons.values(), None, self._n_chosen, margins=(8, 6, 8, 6)))

    def _turned(self, place: int) -> None:
        self._pages.setCurrentIndex(place)
        for part in (self.status, self.add):
            part.setVisible(place == 0)
        self._narrow()
        self._say()
        if place == 1:
            self.history.refresh()

    def _narrow(self) -> None:
        if self.tabs.currentIndex() == 0:
            self.proxy.narrow(self.search.text(), self.status.currentData())
        else:
            self.history.narrow(self.search.text())
        self._say()

    def _say(self) -> None:
        has_any, n_blind = bool(self.model.rows), sum(one.standing is Standing.BLIND for one in self.model.rows)
        alerts = "1 alert sees" if n_blind == 1 else f"{n_blind} alerts see"
        self._n_blind.setText(f"{alerts} nothing" if n_blind and self.tabs.currentIndex() == 0 else "")
        self._n_blind.setVisible(bool(self._n_blind.text()))
        self._empty.say(
            "Nothing like that" if has_any else "No alerts yet",
            "No alert matches the filter."
            if has_any
            else "Right-click a price, a drawing or an indicator on a chart, or press Alt+A. "
            "Typing “alert aapl > 180” into the palette (Ctrl+K) does it too.",
        )
        self._stack.setCurrentIndex(1 if self.proxy.rowCount() else 0)
        self._say_deeds()

    def _say_deeds(self) -> None:
        chosen = self.chosen
        self._deeds.setVisible(bool(self.proxy.rowCount()))
        awake = [one for one in chosen if one.standing in (Standing.ARMED, Standing.COOLING, Standing.BLIND)]
        possible = {
            "Show chart": len(chosen) == 1,
            "Change…": len(chosen) == 1,
            "Arm": len(awake) < len(chosen),
            "Switch off": bool(awake),
            "Remove": bool(chosen),
        }
        for words, made in self.buttons.items():
            made.setEnabled(possible[words])
        self._n_chosen.setText(f"{len(chosen)} chosen" if len(chosen) > 1 else "")

    def _fill_menu(self, menu: QMenu) -> None:
        for words, made in self.buttons.items():
            menu.addAction(words, made.click).setEnabled(made.isEnabled())

    def _show_chosen(self) -> None:
        if self.table.current is not None:
            self.row_wanted.emit(self.table.current)

    def _edit_chosen(self) -> None:
        if self.table.current is not None:
            self.edit_wanted.emit(self.table.current)

    def _remove_chosen(self) -> None:
        self._edits.remove([one.alert.id for one in self.chosen])

    def _arm_chosen(self) -> None:
        self._edits.enable([one.alert.id for one in self.chosen], is_enabled=True)

    def _rest_chosen(self) -> None:
        self._edits.enable([one.alert.id for one in self.chosen], is_enabled=False)

    def _switch_chosen(self) -> None:
        if any(one.standing in (Standing.ARMED, Standing.COOLING, Standing.BLIND) for one in self.chosen):
            self._rest_chosen()
        else:
            self._arm_chosen()


def _pressed(words: str, act: Callable[[], None]) -> QPushButton:
    made = button(words)
    made.clicked.connect(lambda _checked=False: act())
    return made
