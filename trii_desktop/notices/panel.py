"""The panel of notices: filtered by how much they matter, each with what can be done about it, by pointer or keys."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QButtonGroup,
    QListView,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from backend.events import Level
from trii_desktop.look import Look
from trii_desktop.notifications import Entry, Notices
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, row
from trii_desktop.widgets.numbers import format_moment
from trii_desktop.widgets.rows import RowsModel

ICONS: Final = {Level.INFO: "info", Level.SUCCESS: "check-mark", Level.WARNING: "warning", Level.ERROR: "error"}
WORDS: Final = {Level.INFO: "Information", Level.SUCCESS: "Done", Level.WARNING: "Warning", Level.ERROR: "Error"}
FILTERS: Final = (
    ("All", tuple(Level)),
    ("Warnings", (Level.WARNING, Level.ERROR)),
    ("Errors", (Level.ERROR,)),
)
_FLAGS: Final = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
DOT_PX: Final = 6


class NoticeRows(RowsModel[Entry]):
    """The notices of the levels asked for."""

    def __init__(self, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._notices = notices
        self.levels: tuple[Level, ...] = tuple(Level)
        self.refresh()

    def refresh(self) -> None:
        """Show the list as it is now."""
        self.show_rows(tuple(entry for entry in self._notices.entries if entry.notice.level in self.levels))

    def words(self, row: Entry, role: int) -> str | None:
        """The title, or all words."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.notice.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return words_of(row)
        return None


class NoticeDelegate(QStyledItemDelegate):
    """Paints a notice: icon and time, title, text and hint, wrapped to the width of the list; a dot while it is new."""

    def __init__(self, look: Look, view: QListView, now_ns: Callable[[], int]) -> None:
        super().__init__(view)
        self._look = look
        self._now_ns = now_ns
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
        level = entry.notice.level
        self._look.icon(ICONS[level], tints[level]).paint(painter, area.left() + 14, area.top() + 11, 18, 18)
        if entry.is_new:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.focus))
            painter.drawEllipse(area.left() + 4, area.top() + 17, DOT_PX, DOT_PX)
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
        times = f", {entry.n_times} times" if entry.n_times > 1 else ""
        offer = f"  ·  {entry.offer.title}: Enter" if entry.offer is not None and entry.offer.is_open() else ""
        last = (f"{format_moment(entry.at_ns, self._now_ns())}{times}{offer}", small, palette.muted)
        return [*(part for part in lines if part[0]), last]

    @staticmethod
    def _height(text: str, font: QFont, width: int) -> int:
        return QFontMetrics(font).boundingRect(QRect(0, 0, width, 10_000), int(_FLAGS), text).height() + 3


class NoticeList(QListView):
    """Enter takes a notice's offer, Delete removes it, Ctrl+C copies its words."""

    def __init__(self, panel: "NoticePanel") -> None:
        super().__init__()
        self._panel = panel
        self.setAccessibleName("Notifications")
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of a notice."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._panel.act()
        elif event.key() == Qt.Key.Key_Delete:
            self._panel.remove()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._panel.copy()
        else:
            super().keyPressEvent(event)


class NoticePanel(QWidget):
    """The dock's content: a filter, the notices, and what can be done with the chosen one."""

    def __init__(self, notices: Notices, look: Look) -> None:
        super().__init__()
        self._notices = notices
        self.view = NoticeList(self)
        self.model = NoticeRows(notices, self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(NoticeDelegate(look, self.view, notices.now_ns))
        self.view.doubleClicked.connect(self.act)
        self.view.selectionModel().currentRowChanged.connect(self._show_deeds)
        self.filters = QButtonGroup(self)
        self._clear = button("Clear all", quiet=True)
        self._clear.clicked.connect(notices.clear)
        head = row(gap=2, margins=(8, 4, 4, 4))
        for place, (title, _levels) in enumerate(FILTERS):
            head.addWidget(self._filter_button(place, title))
        head.addStretch(1)
        head.addWidget(self._clear)
        self.filters.idClicked.connect(self.filter)
        self._act, self._copy, self._remove = QPushButton(), button("Copy"), button("Remove")
        self._act.setAutoDefault(False)
        self._act.clicked.connect(self.act)
        self._copy.clicked.connect(self.copy)
        self._remove.clicked.connect(self.remove)
        self._deeds = frame("panelFoot", row(self._act, None, self._copy, self._remove, margins=(8, 6, 8, 6)))
        self._empty = EmptyState("No notifications", "", look, "bell")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        self.setLayout(column(frame("panelHead", head), self._stack, self._deeds, gap=0))
        self.setProperty("role", "panel")
        look.changed.connect(self.view.viewport().update)
        notices.changed.connect(self.refresh)
        notices.offers_changed.connect(self._show_deeds)
        notices.offers_changed.connect(self.view.viewport().update)
        self.refresh()

    @property
    def current(self) -> Entry | None:
        """The chosen notice."""
        place = self.view.currentIndex().row()
        return self.model.rows[place] if 0 <= place < len(self.model.rows) else None

    @property
    def kept(self) -> dict[str, str]:
        """Which levels are shown."""
        return {"levels": FILTERS[self.filters.checkedId()][0]}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Filter as a person left it."""
        titles = [title for title, _ in FILTERS]
        wanted = values.get("levels", "")
        self.filter(titles.index(wanted) if wanted in titles else 0)

    def filter(self, place: int) -> None:
        """Show the levels of ``FILTERS[place]`` only."""
        self.filters.button(place).setChecked(True)
        self.model.levels = FILTERS[place][1]
        self.refresh()

    def refresh(self) -> None:
        """Show the list as it is now; the chosen notice stays chosen, or its neighbour is."""
        place, chosen = self.view.currentIndex().row(), self.current
        self.model.refresh()
        n = len(self.model.rows)
        if n and place >= 0:
            same = [at for at, entry in enumerate(self.model.rows) if chosen is not None and entry.notice == chosen.notice]
            self.view.setCurrentIndex(self.model.index(same[0] if same else min(place, n - 1)))
        has_any = bool(self._notices.entries)
        self._empty.say(
            "Nothing of this kind" if has_any else "No notifications",
            "Other notifications are under All." if has_any else "What the program did, and what needs you, is listed here.",
        )
        self._stack.setCurrentIndex(1 if n else 0)
        self._clear.setEnabled(has_any)
        self._show_deeds()

    def act(self) -> None:
        """Take the offer of the chosen notice."""
        entry = self.current
        if entry is not None and entry.offer is not None and entry.offer.is_open():
            entry.offer.accept()
            self._show_deeds()

    def copy(self) -> None:
        """Put the words of the chosen notice on the clipboard."""
        if self.current is not None:
            QGuiApplication.clipboard().setText(words_of(self.current))

    def remove(self) -> None:
        """Take the chosen notice out of the list."""
        if self.current is not None:
            self._notices.remove(self.current)

    def _filter_button(self, place: int, title: str) -> QToolButton:
        made = QToolButton()
        made.setText(title)
        made.setCheckable(True)
        made.setChecked(place == 0)
        made.setAccessibleName(f"Show {title.lower()}")
        self.filters.addButton(made, place)
        return made

    def _show_deeds(self) -> None:
        entry = self.current
        self._deeds.setVisible(entry is not None)
        offer = entry.offer if entry is not None and entry.offer is not None and entry.offer.is_open() else None
        self._act.setVisible(offer is not None)
        if offer is not None:
            self._act.setText(offer.title)
            self._act.setAccessibleName(offer.title)


def words_of(entry: Entry) -> str:
    """All that a notice says, on one line."""
    notice = entry.notice
    times = f"({entry.n_times} times)" if entry.n_times > 1 else ""
    return " ".join(part for part in (f"{WORDS[notice.level]}:", notice.title, notice.text, notice.hint, times) if part)
