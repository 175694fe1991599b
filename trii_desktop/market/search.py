"""Finding an instrument as one types: ranked results with name, venue, kind and number of bars."""

import asyncio
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from trii_desktop.desk import Desk
from trii_desktop.engine_side import Found
from trii_desktop.look import Look
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, label, line, row
from trii_desktop.widgets.numbers import format_count
from trii_desktop.widgets.overlay import Overlay
from trii_desktop.widgets.rows import RowsModel
from trii_desktop.widgets.steering import ListSteering

ROW_PX: Final = 48
FRAME_PX: Final = 92
N_ROWS_MIN: Final = 5
N_ROWS_MAX: Final = 9
_EMPTY_TITLE: Final = "No instruments yet"
_EMPTY_TEXT: Final = "Import a file of prices, or drop one onto the window, and its instrument can be found here."


class FoundRows(RowsModel[Found]):
    """Instruments that were found."""

    def words(self, row: Found, role: int) -> str | None:
        """What is known of it."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.instrument.id} {row.instrument.name}, {row.instrument.kind}, {format_count(row.n_bars)} bars"
        return None


class FoundDelegate(QStyledItemDelegate):
    """Paints a result on two lines: code and name left, kind and number of bars right."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every row is 48 px high."""
        return QSize(200, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one result."""
        found: Found = index.data(Qt.ItemDataRole.UserRole)
        palette = self._look.palette
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.selection if is_selected else palette.hover))
            painter.drawRoundedRect(option.rect.adjusted(4, 1, -4, -1), 6, 6)
        area = option.rect.adjusted(14, 6, -14, -6)
        top = QRect(area.left(), area.top(), area.width(), 20)
        low = QRect(area.left(), area.top() + 19, area.width(), 18)
        strong, small = QFont(option.font), QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(12)
        right = f"{format_count(found.n_bars)} bars" if found.n_bars else "no bars"
        taken = (
            max(QFontMetrics(small).horizontalAdvance(text) for text in (right, found.intervals, str(found.instrument.kind))) + 16
        )
        end, start = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
        code = found.instrument.id.code
        self._text(painter, top, code, strong, palette.text, start)
        venue = top.adjusted(QFontMetrics(strong).horizontalAdvance(code) + 8, 0, 0, 0)
        self._text(painter, venue, f"{found.instrument.id.venue}  ·  {found.instrument.kind}", small, palette.muted, start)
        self._text(painter, top, right, small, palette.muted, end)
        self._text(painter, low.adjusted(0, 0, -taken, 0), found.instrument.name, option.font, palette.text, start)
        self._text(painter, low, found.intervals, small, palette.muted, end)
        painter.restore()

    @staticmethod
    def _text(painter: QPainter, area: QRect, text: str, font: QFont, color: str, side: Qt.AlignmentFlag) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), elided)


class InstrumentSearch(Overlay):
    """The search over the window; ``chosen`` carries the InstrumentId. Its purpose line tells what a choice will do."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window, 640, 460)
        self._desk = desk
        self._asked = 0
        self._task: asyncio.Task[None] | None = None
        self.field = QLineEdit()
        self.field.setProperty("bare", True)
        self.field.setAccessibleName("Search instruments")
        self.field.setMaxLength(64)
        self.field.textChanged.connect(self._ask)
        self.model = FoundRows(self)
        self.view = QListView()
        self.view.setAccessibleName("Search results")
        self.view.setModel(self.model)
        self.view.setItemDelegate(FoundDelegate(desk.look, self.view))
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.clicked.connect(self._choose)
        self._steering = ListSteering(self.field, self.view, self._choose)
        self._empty = EmptyState(_EMPTY_TITLE, _EMPTY_TEXT, desk.look, "search")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        self._sign = label("")
        self._hint = label("", "caption")
        head = row(self._sign, self.field, margins=(14, 4, 12, 4), gap=6)
        keys = label("↑ ↓ choose    Enter open    Esc close", "caption")
        foot = row(self._hint, None, keys, margins=(14, 7, 14, 9))
        self.setLayout(column(head, line(), self._stack, line(), foot, gap=0))
        self.setAccessibleName("Find an instrument")
        desk.look.changed.connect(self._paint_sign)
        self._paint_sign()

    def search(self, text: str = "", *, purpose: str = "Open on the chart") -> None:
        """Open with ``text`` typed already."""
        self._hint.setText(purpose)
        self.field.setPlaceholderText("Code, name or venue")
        self.open_over(self.field)
        if self.field.text() == text:
            self._ask(text)
        self.field.setText(text)

    def _ask(self, text: str) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._desk.tasks.start("search", self._answer(text))

    async def _answer(self, text: str) -> None:
        results = await self._desk.bridge.call(self._desk.engine.find(text))
        self.model.show_rows(results)
        self._steering.select(0)
        if text.strip():
            self._empty.say(f"Nothing matches “{text.strip()}”", "Check the spelling, or import a file that holds this instrument.")
        else:
            self._empty.say(_EMPTY_TITLE, _EMPTY_TEXT)
        self._stack.setCurrentIndex(0 if results else 1)
        self.fit(FRAME_PX + ROW_PX * max(N_ROWS_MIN, min(len(results), N_ROWS_MAX)))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            found = self.model.rows[index.row()]
            self.dismiss()
            self.chosen.emit(found.instrument.id)

    def _paint_sign(self) -> None:
        self._sign.setPixmap(self._desk.look.icon("search").pixmap(18, 18))
