"""One place of the grid: a chart, and above it, where there are several, its name, link group and buttons."""

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

from backend.domain.instruments import InstrumentId
from trii_desktop.desk import Desk
from trii_desktop.grid.drop_mark import DropMark
from trii_desktop.grid.groups import GROUPS, chip
from trii_desktop.look import Look
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.market.dragged import dragged_instrument
from trii_desktop.widgets.layout import column, frame, label, restyle, row

HEAD_PX: Final = 28
_COMPARES: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class ChartCell(QFrame):
    """``picked`` comes when the head is clicked, ``group_chosen`` with the number of a link group.

    An instrument that is dropped is shown by this chart; with Ctrl or Alt held it is laid over what is shown.
    """

    picked = Signal(object)
    group_chosen = Signal(object, int)
    wants_maximising = Signal(object)
    wants_closing = Signal(object)

    def __init__(self, parent: QWidget, desk: Desk, group: int) -> None:
        super().__init__(parent)
        self._look: Look = desk.look
        self.group = group
        self.chart = ChartPanel(desk)
        self.setProperty("role", "cell")
        self._name = label("", "caption")
        self.link = _head_button("Link group")
        self.maximise = _head_button("Maximise this chart")
        self.close_button = _head_button("Close this chart")
        self.link.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.link.setMenu(self._group_menu())
        self.maximise.setCheckable(True)
        self.maximise.clicked.connect(self._ask_maximising)
        self.close_button.clicked.connect(self._ask_closing)
        self.head = frame(
            "cellHead", row(self.link, self._name, None, self.maximise, self.close_button, margins=(4, 0, 4, 0), gap=2)
        )
        self.head.setFixedHeight(HEAD_PX)
        self.head.hide()
        self.setLayout(column(self.head, self.chart, gap=0))
        self.drop_mark = DropMark(self.chart)
        self.setAcceptDrops(True)
        self.chart.shown_changed.connect(self._say_shown)
        self._look.changed.connect(self.wear)
        self.wear()
        self._say_shown()

    @property
    def name(self) -> str:
        """What is shown, in a few words."""
        shown = self.chart.shown
        return f"{shown.instrument.id} {shown.spec}" if shown is not None else "Empty chart"

    def show_place(self, *, has_head: bool, is_active: bool, is_maximised: bool) -> None:
        """Say how this chart stands among the others."""
        self.head.setVisible(has_head)
        self.maximise.setChecked(is_maximised)
        self.maximise.setToolTip("Show all charts" if is_maximised else "Maximise this chart")
        self.maximise.setAccessibleName(f"{self.maximise.toolTip()}: {self.name}")
        if self.property("active") != is_active:
            restyle(self, active=is_active)
            restyle(self.head, active=is_active)
            restyle(self._name, role="cellName" if is_active else "caption")

    def set_group(self, group: int) -> None:
        """Belong to ``group`` from now on."""
        self.group = group
        self.wear()

    def wear(self) -> None:
        """Follow the theme."""
        palette = self._look.palette
        self.link.setIcon(chip(self.group, palette.muted))
        words = (
            "Not linked to other charts" if not self.group else f"Linked with charts of group {self.group}, {GROUPS[self.group][0]}"
        )
        self.link.setToolTip(words)
        self.link.setAccessibleName(words)
        self.maximise.setIcon(self._look.icon("maximise"))
        self.close_button.setIcon(self._look.icon("close"))
        for number, action in enumerate(self.link.menu().actions()):
            action.setIcon(chip(number, palette.muted))
            action.setChecked(number == self.group)

    def close_panel(self) -> None:
        """Close the chart; the cell goes with the next turn of the loop."""
        self._look.changed.disconnect(self.wear)
        self.chart.close_panel()
        self.hide()
        self.deleteLater()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the buttons makes this chart the active one."""
        self.picked.emit(self)
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double-click on the head shows this chart alone, or all again."""
        self.wants_maximising.emit(self)
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Mark the chart that would take what is dragged."""
        self._mark_drop(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Follow the keys that are held."""
        self._mark_drop(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It goes elsewhere."""
        self.drop_mark.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Have this chart take it."""
        self.drop_mark.hide()
        if (instrument := _accepted(event)) is not None:
            self.picked.emit(self)
            self.chart.instrument_dropped.emit(instrument, self._compares(event))

    def _mark_drop(self, event: QDropEvent) -> None:
        if (instrument := _accepted(event)) is not None:
            self.drop_mark.say(f"Compare with {instrument}" if self._compares(event) else f"Show {instrument}")

    def _compares(self, event: QDropEvent) -> bool:
        return self.chart.shown is not None and bool(event.modifiers() & _COMPARES)

    def _group_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName("Link group")
        for number, (name, _) in enumerate(GROUPS):
            action = menu.addAction(f"{number}  {name}" if number else name)
            action.setCheckable(True)
            action.setData(number)
        menu.triggered.connect(self._ask_group)
        return menu

    def _say_shown(self) -> None:
        self._name.setText(self.name)
        self.close_button.setToolTip("Close this chart")
        self.close_button.setAccessibleName(f"Close this chart: {self.name}")

    def _ask_group(self, action: QAction) -> None:
        self.group_chosen.emit(self, action.data())

    def _ask_maximising(self) -> None:
        self.wants_maximising.emit(self)

    def _ask_closing(self) -> None:
        self.wants_closing.emit(self)


def _accepted(event: QDropEvent) -> InstrumentId | None:
    instrument = dragged_instrument(event.mimeData())
    if instrument is None:
        event.ignore()
    else:
        event.setDropAction(Qt.DropAction.CopyAction)  # the list that it comes from keeps it
        event.accept()
    return instrument


def _head_button(tip: str) -> QToolButton:
    made = QToolButton()
    made.setProperty("role", "cellButton")
    made.setIconSize(QSize(16, 16))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
