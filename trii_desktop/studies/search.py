"""Finding an indicator as one types: name, family and what it says, the last used in front."""

from typing import Any, Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from backend.indicators.registry import SPECS, find_indicators
from backend.indicators.spec import IndicatorSpec
from trii_desktop.look import Look
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, label, line, row
from trii_desktop.widgets.overlay import Overlay
from trii_desktop.widgets.rows import RowsModel
from trii_desktop.widgets.steering import ListSteering

ROW_PX: Final = 48
HEADING_PX: Final = 28
HEADING_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_LAST_USED: Final = "Used last"
FRAME_PX: Final = 92
N_ROWS_MIN: Final = 4
N_ROWS_MAX: Final = 9
Index = QModelIndex | QPersistentModelIndex


class IndicatorRows(RowsModel[IndicatorSpec]):
    """Indicators; under HEADING_ROLE the words that stand above one, if any."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._groups: tuple[str, ...] = ()

    def show_groups(self, rows: tuple[IndicatorSpec, ...], groups: tuple[str, ...]) -> None:
        """Replace what is shown; ``groups`` says what each belongs to, and is empty where that shall not be said."""
        self._groups = groups
        self.show_rows(rows)

    def heading(self, place: int) -> str:
        """What stands above a row: its group, where that begins."""
        groups = self._groups[max(place - 1, 0) : place + 1]
        return groups[-1] if groups and (place == 0 or groups[0] != groups[1]) else ""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The spec, its words, or its heading."""
        return self.heading(index.row()) if role == HEADING_ROLE else super().data(index, role)

    def words(self, row: IndicatorSpec, role: int) -> str | None:
        """What it is, and who says so."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.title}, {row.family}. {row.description}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.description}\nSource: {row.source}\nChecked against {row.verified}"
        return None


class IndicatorDelegate(QStyledItemDelegate):
    """Paints a result on two lines: title and family, then what it says; above it a heading where there is one."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every row is 48 px high, and more where a heading stands above it."""
        return QSize(200, ROW_PX + (HEADING_PX if index.data(HEADING_ROLE) else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one result."""
        spec: IndicatorSpec = index.data(Qt.ItemDataRole.UserRole)
        palette = self._look.palette
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        heading: str = index.data(HEADING_ROLE)
        whole = option.rect.adjusted(0, HEADING_PX if heading else 0, 0, 0)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.selection if is_selected else palette.hover))
            painter.drawRoundedRect(whole.adjusted(4, 1, -4, -1), 6, 6)
        area = whole.adjusted(14, 6, -14, -6)
        top = QRect(area.left(), area.top(), area.width(), 20)
        low = QRect(area.left(), area.top() + 19, area.width(), 18)
        strong, small = QFont(option.font), QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(12)
        start, end = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        _write(painter, top, spec.title, strong, palette.text, start)
        _write(painter, top, f"{spec.short}  ·  {spec.family}", small, palette.muted, end)
        _write(painter, low, spec.description, small, palette.muted, start)
        if heading:
            small.setWeight(QFont.Weight.DemiBold)
            above = QRect(area.left(), option.rect.top() + 6, area.width(), HEADING_PX - 8)
            _write(painter, above, heading, small, palette.accent_text, start)
        painter.restore()


class IndicatorSearch(Overlay):
    """The search over the window; ``chosen`` carries the IndicatorSpec. It stays open for several, Esc closes it.

    ``recent`` are the names of the indicators used last, which stand in front where nothing is typed.
    """

    chosen = Signal(object)

    def __init__(self, window: QWidget, look: Look) -> None:
        super().__init__(window, 600, 460)
        self._look = look
        self.recent: tuple[str, ...] = ()
        self._is_on_other = False
        self.field = QLineEdit()
        self.field.setProperty("bare", True)
        self.field.setPlaceholderText("Indicator, family or what it shows")
        self.field.setAccessibleName("Search indicators")
        self.field.setMaxLength(64)
        self.field.textChanged.connect(self._answer)
        self.model = IndicatorRows(self)
        self.view = QListView()
        self.view.setAccessibleName("Indicators")
        self.view.setModel(self.model)
        self.view.setItemDelegate(IndicatorDelegate(look, self.view))
        self.view.setMouseTracking(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.clicked.connect(self._choose)
        self._steering = ListSteering(self.field, self.view, self._choose)
        self._empty = EmptyState("Nothing matches", "Try another word, such as average, bands or volume.", look, "search")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        self._sign = label("")
        self._said = label("Add to the chart", "caption")
        head = row(self._sign, self.field, margins=(14, 4, 12, 4), gap=6)
        keys = label("↑ ↓ choose    Enter add    Esc close", "caption")
        foot = row(self._said, None, keys, margins=(14, 7, 14, 9))
        self.setLayout(column(head, line(), self._stack, line(), foot, gap=0))
        self.setAccessibleName("Add an indicator")
        look.changed.connect(self._paint_sign)
        self._paint_sign()

    def search(self, *, on: str = "") -> None:
        """Open with nothing typed; ``on`` names what the choice shall read, and leaves out what can read bars only."""
        self._is_on_other = bool(on)
        self._said.setText(f"Add on {on}" if on else "Add to the chart")
        self.field.clear()
        self._answer("")
        self.open_over(self.field)

    def _answer(self, text: str) -> None:
        found = tuple(spec for spec in find_indicators(text) if spec.has_source or not self._is_on_other)
        groups: tuple[str, ...] = ()
        if not text.strip():
            last = tuple(SPECS[name] for name in self.recent if name in SPECS and SPECS[name] in found)
            found = (*last, *(spec for spec in found if spec not in last))
            groups = tuple(_LAST_USED if spec in last else spec.family for spec in found)
        self.model.show_groups(found, groups)
        self._steering.select(0)
        self._stack.setCurrentIndex(0 if found else 1)
        self.fit(FRAME_PX + ROW_PX * max(N_ROWS_MIN, min(len(found), N_ROWS_MAX)))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            spec = self.model.rows[index.row()]
            self._said.setText(f"{spec.title} was added")
            self.chosen.emit(spec)

    def _paint_sign(self) -> None:
        self._sign.setPixmap(self._look.icon("pulse").pixmap(18, 18))


def _write(painter: QPainter, area: QRect, text: str, font: QFont, color: str, side: Qt.AlignmentFlag) -> None:
    painter.setFont(font)
    painter.setPen(QColor(color))
    elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), elided)
