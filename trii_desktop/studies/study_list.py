"""Everything on a chart as a list: studies by pane, comparisons; shown, moved, changed and removed from here."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHeaderView, QMenu, QPushButton, QStackedWidget, QTreeWidget, QTreeWidgetItem, QWidget

from backend.charts import study_edits
from backend.charts.chart_state import MAIN_PANE, ChartState
from trii_desktop.charts.study_looks import look_of, looks_of
from trii_desktop.look import Look
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, row

_ID: Final = Qt.ItemDataRole.UserRole
ROW_PX: Final = 28


class Deeds(Protocol):
    """What the list can have done."""

    def edit(self, chart: ChartPanel, ident: str) -> None:
        """Open the settings of a study or comparison."""
        ...

    def toggle(self, chart: ChartPanel, ident: str) -> None:
        """Hide or show it."""
        ...

    def remove(self, chart: ChartPanel, ident: str) -> None:
        """Take it off the chart."""
        ...

    def move(self, chart: ChartPanel, ident: str, by: int) -> None:
        """Change its place among the others."""
        ...

    def move_to_pane(self, chart: ChartPanel, study_id: str, pane: str) -> None:
        """Draw it in another pane."""
        ...

    def select(self, chart: ChartPanel, ident: str) -> None:
        """Mark it on the chart."""
        ...


class StudyList(QDialog):
    """Follows the active chart. Enter opens the settings, Delete removes, Space shows or hides, Ctrl with arrows moves."""

    def __init__(self, parent: QWidget, active: ActiveChart, look: Look, deeds: Deeds) -> None:
        super().__init__(parent)
        self._active = active
        self._deeds = deeds
        self._is_filling = False
        self.setWindowTitle("On this chart")
        self.setAccessibleName("On this chart")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(500, 400)
        self.tree = QTreeWidget()
        self.tree.setProperty("framed", True)
        self.tree.setAccessibleName("Indicators and comparisons")
        self.tree.setHeaderLabels(["Name", "Shown"])
        self.tree.setRootIsDecorated(False)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.itemChanged.connect(self._flag)
        self.tree.itemActivated.connect(self._edit)
        self.tree.currentItemChanged.connect(self._select)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.tree)
        self._stack.addWidget(EmptyState("Nothing but prices", "Press / on the chart to add an indicator.", look, "pulse"))
        self.buttons: dict[str, QPushButton] = {}
        self._add("Settings", self._edit, "")
        self._add("Up", partial(self._move, -1), "Ctrl+Up")
        self._add("Down", partial(self._move, 1), "Ctrl+Down")
        self._add("Move to", None, "")
        self._add("Remove", self._remove, "Del")
        self._places = QMenu(self)
        self._places.aboutToShow.connect(self._offer_panes)
        self.buttons["Move to"].setMenu(self._places)
        close = button("Close", primary=True)
        close.clicked.connect(self.accept)
        self.setLayout(column(self._stack, row(*self.buttons.values(), None, close), margins=(16,) * 4, gap=12))
        # Queued: a list must not be filled again while one of its rows tells a change.
        active.state_changed.connect(self.refresh, Qt.ConnectionType.QueuedConnection)
        self.refresh()

    def refresh(self) -> None:
        """Show the chart as it is now; the choice stays where it was."""
        chart = self._active.current
        state, errors = chart.state, chart.view.model.shown.errors
        chosen = self._chosen() or chart.view.selected_study
        self._is_filling = True
        self.tree.clear()
        for number, pane in enumerate(state.panes, 1):
            top = QTreeWidgetItem(["Prices" if pane.id == MAIN_PANE else f"Pane {number}", ""])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            top.setSizeHint(0, QSize(0, ROW_PX))
            font = top.font(0)
            font.setWeight(QFont.Weight.DemiBold)
            top.setFont(0, font)
            self.tree.addTopLevelItem(top)
            for look in (look for look in looks_of(state.studies) if look.pane == pane.id):
                self._put(top, look.id, look.title, is_shown=look.is_shown, error=errors.get(look.id, ""))
            for compared in state.comparisons if pane.id == MAIN_PANE else ():
                words = f"Compared: {compared.instrument}"
                self._put(top, compared.id, words, is_shown=compared.is_shown, error=errors.get(compared.id, ""))
        self.tree.expandAll()
        items = self._items()
        if items:
            self.tree.setCurrentItem(next((item for item in items if item.data(0, _ID) == chosen), items[0]))
        self._stack.setCurrentIndex(0 if items else 1)
        for made in self.buttons.values():
            made.setEnabled(bool(items))
        self.buttons["Move to"].setEnabled(state.study(self._chosen()) is not None)
        self._is_filling = False

    # --- inside -------------------------------------------------------------------------------------------------------

    def _add(self, words: str, act: Callable[[], None] | None, keys: str) -> None:
        made = button(words)
        if act is not None:
            made.clicked.connect(lambda _checked=False, go=act: go())
        if keys and act is not None:
            QShortcut(QKeySequence(keys), self.tree, act, context=Qt.ShortcutContext.WidgetShortcut)
            made.setToolTip(QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText))
        self.buttons[words] = made

    def _items(self) -> list[QTreeWidgetItem]:
        tops = [top for n in range(self.tree.topLevelItemCount()) if (top := self.tree.topLevelItem(n)) is not None]
        return [item for top in tops for n in range(top.childCount()) if (item := top.child(n)) is not None]

    @staticmethod
    def _put(top: QTreeWidgetItem, ident: str, words: str, *, is_shown: bool, error: str) -> None:
        item = QTreeWidgetItem([f"{words}: {error}" if error else words, ""])
        item.setData(0, _ID, ident)
        item.setSizeHint(0, QSize(0, ROW_PX))
        item.setToolTip(0, error)
        item.setCheckState(1, Qt.CheckState.Checked if is_shown else Qt.CheckState.Unchecked)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{words}, {'shown' if is_shown else 'hidden'}. {error}".strip())
        top.addChild(item)

    def _chosen(self) -> str:
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def _select(self, *_: object) -> None:
        if not self._is_filling:
            self._deeds.select(self._active.current, self._chosen())
            self.buttons["Move to"].setEnabled(self._active.current.state.study(self._chosen()) is not None)

    def _flag(self, item: QTreeWidgetItem, number: int) -> None:
        if not self._is_filling and number == 1 and item.data(0, _ID):
            self._deeds.toggle(self._active.current, item.data(0, _ID))

    def _edit(self, *_: object) -> None:
        if self._chosen():
            self._deeds.edit(self._active.current, self._chosen())

    def _move(self, by: int) -> None:
        if self._chosen():
            self._deeds.move(self._active.current, self._chosen(), by)

    def _remove(self) -> None:
        if self._chosen():
            self._deeds.remove(self._active.current, self._chosen())

    def _offer_panes(self) -> None:
        self._places.clear()
        chart, ident = self._active.current, self._chosen()
        for words, pane in pane_choices(chart.state, ident):
            self._places.addAction(words, partial(self._deeds.move_to_pane, chart, ident, pane))


def pane_choices(state: ChartState, study_id: str) -> list[tuple[str, str]]:
    """In words, the panes that a study can move to, with their ids."""
    study = state.study(study_id)
    if study is None:
        return []
    choices = [("Prices", MAIN_PANE)] if study.pane != MAIN_PANE else []
    for pane in state.panes:
        if pane.id not in (MAIN_PANE, study.pane):
            names = ", ".join(look_of(other).title for other in state.studies if other.pane == pane.id)
            choices.append((f"With {names}", pane.id))
    return choices if study_edits.is_alone(state, study) else [*choices, ("A new pane", study_edits.NEW_PANE)]
