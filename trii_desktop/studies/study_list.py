"""Everything on a chart as a list: studies by pane, comparisons; shown, moved, changed and removed from here."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from backend.charts import study_edits
from backend.charts.chart_state import MAIN_PANE, ChartState, Comparison, Study
from backend.errors import TriiError
from trii_desktop.charts.study_looks import look_of
from trii_desktop.look import Look
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, row

_ID = Qt.ItemDataRole.UserRole


class StudyList(QDialog):
    """Follows the active chart; ``settings`` opens the editor of a study."""

    def __init__(self, parent: QWidget, active: ActiveChart, look: Look) -> None:
        super().__init__(parent)
        self._active = active
        self._is_filling = False
        self.edit_study: Callable[[Study | Comparison], None] = _nothing
        self.setWindowTitle("On this chart")
        self.setAccessibleName("On this chart")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(460, 420)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Indicators and comparisons")
        self.tree.setHeaderLabels(["Name", "Shown"])
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.itemChanged.connect(self._flag)
        self.tree.itemDoubleClicked.connect(self._edit)
        self._empty = EmptyState("Nothing but prices", "Press / on the chart to add an indicator.", look, "pulse")
        buttons = []
        for words, act in (
            ("Settings", self._edit),
            ("Up", partial(self._move, -1)),
            ("Down", partial(self._move, 1)),
            ("Remove", self._remove),
        ):
            made = button(words)
            made.clicked.connect(act)
            buttons.append(made)
        close = button("Close", primary=True)
        close.clicked.connect(self.accept)
        self.setLayout(column(self.tree, self._empty, row(*buttons, None, close, margins=(12, 8, 12, 12)), gap=0))
        active.state_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the chart as it is now."""
        state = self._active.current.state
        chosen = self._chosen()
        self._is_filling = True
        self.tree.clear()
        for number, pane in enumerate(state.panes, 1):
            top = QTreeWidgetItem(["Prices" if pane.id == MAIN_PANE else f"Pane {number}", ""])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(top)
            for study in (study for study in state.studies if study.pane == pane.id):
                top.addChild(self._item(look_of(study).title, study.id, is_shown=study.is_shown))
            if pane.id == MAIN_PANE:
                for comparison in state.comparisons:
                    top.addChild(self._item(f"Compared: {comparison.instrument}", comparison.id, is_shown=comparison.is_shown))
        self.tree.expandAll()
        for found in self.tree.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive):
            if found.data(0, _ID) == chosen and chosen:
                self.tree.setCurrentItem(found)
        is_empty = not state.studies and not state.comparisons
        self.tree.setVisible(not is_empty)
        self._empty.setVisible(is_empty)
        self._is_filling = False

    # --- inside -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _item(words: str, ident: str, *, is_shown: bool) -> QTreeWidgetItem:
        item = QTreeWidgetItem([words, ""])
        item.setData(0, _ID, ident)
        item.setCheckState(1, Qt.CheckState.Checked if is_shown else Qt.CheckState.Unchecked)
        return item

    def _chosen(self) -> str:
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def _flag(self, item: QTreeWidgetItem, number: int) -> None:
        ident = item.data(0, _ID)
        if self._is_filling or number != 1 or not ident:
            return
        is_shown = item.checkState(1) is Qt.CheckState.Checked
        state = self._active.current.state
        study = state.study(ident)
        if study is not None:
            self._change(state.with_study(replace(study, is_shown=is_shown)), "Show or hide")
        else:
            comparison = study_edits.comparison_of(state, ident)
            self._change(study_edits.with_comparison(state, replace(comparison, is_shown=is_shown)), "Show or hide")

    def _edit(self, *_: object) -> None:
        study = self._active.current.state.study(self._chosen())
        if study is not None:
            self.edit_study(study)

    def _move(self, by: int) -> None:
        state, ident = self._active.current.state, self._chosen()
        study = state.study(ident)
        if study is None:
            return
        moved = study_edits.moved_study(state, ident, by)
        if moved == state and study.pane != MAIN_PANE:
            moved = study_edits.moved_pane(state, study.pane, by)
        self._change(moved, "Move an indicator")

    def _remove(self) -> None:
        state, ident = self._active.current.state, self._chosen()
        if state.study(ident) is not None:
            self._change(state.without_study(ident), "Remove an indicator")
        elif ident:
            self._change(study_edits.without_comparison(state, ident), "Remove a comparison")

    def _change(self, state: ChartState, title: str) -> None:
        try:
            self._active.current.change_now(state, title)
        except TriiError:
            self.refresh()  # it was changed elsewhere meanwhile


def _nothing(_study: Study | Comparison) -> None:
    """Where nobody opens editors."""
