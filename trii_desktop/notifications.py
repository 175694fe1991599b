"""Notices to the person: the list of all of them in this session, the panel that shows it, and toasts for new ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStackedLayout, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from backend.clock import Clock
from backend.events import Level, Notice
from trii_desktop.look import Look
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, label, row
from trii_desktop.widgets.numbers import format_clock

N_KEPT: Final = 500
ICONS: Final = {Level.INFO: "info", Level.SUCCESS: "check-mark", Level.WARNING: "warning", Level.ERROR: "error"}
WORDS: Final = {Level.INFO: "Information", Level.SUCCESS: "Done", Level.WARNING: "Warning", Level.ERROR: "Error"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button on a notice: what it says and what it does."""

    title: str
    accept: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice with the time it was raised (UTC ns) and, perhaps, a button."""

    notice: Notice
    at_ns: int
    offer: Offer | None = None


class Notices(QObject):
    """Every notice of this session, newest first, up to 500; ``added`` carries the Entry."""

    added = Signal(object)
    changed = Signal()

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.entries: list[Entry] = []
        self.n_unread = 0

    def add(self, notice: Notice, offer: Offer | None = None) -> None:
        """Keep ``notice`` and show it as a toast."""
        entry = Entry(notice, self._clock.now_ns(), offer)
        self.entries.insert(0, entry)
        del self.entries[N_KEPT:]
        self.n_unread += 1
        self.changed.emit()
        self.added.emit(entry)

    def say(self, title: str, text: str = "", *, level: Level = Level.INFO, offer: Offer | None = None) -> None:
        """Tell something of our own."""
        self.add(Notice(level, title, text), offer)

    def mark_read(self) -> None:
        """Forget which ones are new."""
        self.n_unread = 0
        self.changed.emit()

    def clear(self) -> None:
        """Empty the list."""
        self.entries.clear()
        self.mark_read()


class NoticeListModel(QAbstractListModel):
    """The notices as Qt's list: the entry itself under UserRole, all its words under the accessible text."""

    def __init__(self, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._notices = notices
        self._shown: tuple[Entry, ...] = tuple(notices.entries)
        notices.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show the list as it is now."""
        self.beginResetModel()
        self._shown = tuple(self._notices.entries)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        """How many notices there are."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The entry, its title, or all its words."""
        entry = self._shown[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.notice.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            notice = entry.notice
            return " ".join(part for part in (f"{WORDS[notice.level]}:", notice.title, notice.text, notice.hint) if part)
        return None


class NoticeDelegate(QStyledItemDelegate):
    """Paints a notice: icon and time, title, text and hint, wrapped to the width of the list."""

    def __init__(self, look: Look, view: QListView) -> None:
        super().__init__(view)
        self._look = look
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As tall as the wrapped words need."""
        width = max(120, self._view.viewport().width())
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        height = sum(self._height(text, font, width - 56) for text, font, _ in self._lines(entry, option.font))
        return QSize(width, height + 20)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one notice."""
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        palette = self._look.palette
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(palette.selection))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, QColor(palette.border))
        tints = {
            Level.WARNING: palette.warning,
            Level.ERROR: palette.error,
            Level.SUCCESS: palette.up,
            Level.INFO: palette.accent_text,
        }
        self._look.icon(ICONS[entry.notice.level], tints[entry.notice.level]).paint(
            painter, area.left() + 12, area.top() + 11, 18, 18
        )
        top = area.top() + 10
        for text, font, color in self._lines(entry, option.font):
            height = self._height(text, font, area.width() - 56)
            painter.setFont(font)
            painter.setPen(QColor(color))
            painter.drawText(QRect(area.left() + 40, top, area.width() - 56, height), int(_FLAGS), text)
            top += height

    def _lines(self, entry: Entry, font: QFont) -> list[tuple[str, QFont, str]]:
        palette, notice = self._look.palette, entry.notice
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        lines = [(notice.title, strong, palette.text), (notice.text, font, palette.text), (notice.hint, font, palette.muted)]
        small = QFont(font)
        small.setPixelSize(11)
        return [part for part in lines if part[0]] + [(format_clock(entry.at_ns), small, palette.muted)]

    @staticmethod
    def _height(text: str, font: QFont, width: int) -> int:
        return QFontMetrics(font).boundingRect(QRect(0, 0, width, 10_000), int(_FLAGS), text).height() + 3


_FLAGS: Final = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop


class NoticePanel(QWidget):
    """The dock's content: every notice of this session, or a word that there is none."""

    def __init__(self, notices: Notices, look: Look) -> None:
        super().__init__()
        self._notices = notices
        self._view = QListView()
        self._view.setAccessibleName("Notifications")
        self._view.setModel(NoticeListModel(notices, self))
        self._view.setItemDelegate(NoticeDelegate(look, self._view))
        self._view.setResizeMode(QListView.ResizeMode.Adjust)
        self._view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._clear = button("Clear all", quiet=True)
        self._clear.clicked.connect(notices.clear)
        self._count = label("", "muted")
        head = frame("panelHead", row(self._count, None, self._clear, margins=(12, 4, 4, 4)))
        self._stack = QStackedLayout()
        self._stack.addWidget(
            EmptyState("No notifications", "What the program did, and what needs you, is listed here.", look, "bell")
        )
        self._stack.addWidget(self._view)
        self.setLayout(column(head, self._stack, gap=0))
        self.setProperty("role", "panel")
        look.changed.connect(self._view.viewport().update)
        notices.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        n = len(self._notices.entries)
        self._stack.setCurrentIndex(1 if n else 0)
        self._clear.setEnabled(n > 0)
        self._count.setText("1 notification" if n == 1 else f"{n} notifications")
