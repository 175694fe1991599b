"""The command palette over the window: one field, one ranked list of everything that can be done or found."""

import asyncio
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from trii_desktop.actions.keymap import shortcut_text
from trii_desktop.desk import Desk
from trii_desktop.look import Look
from trii_desktop.palette.entry import AskedSource, Kind, PaletteEntry, Source
from trii_desktop.palette.ranking import ranked, read_query
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, label, line, row
from trii_desktop.widgets.overlay import Overlay
from trii_desktop.widgets.rows import RowsModel
from trii_desktop.widgets.steering import ListSteering

ROW_PX: Final = 36
FRAME_PX: Final = 92
N_ROWS_MIN: Final = 6
N_ROWS_MAX: Final = 12
N_RECENT: Final = 20
_MARKS: Final = "> actions   @ instruments   / indicators   . workspaces   # settings"


class EntryRows(RowsModel[PaletteEntry]):
    """Entries, with all their words for screen readers."""

    def words(self, row: PaletteEntry, role: int) -> str | None:
        """The title, or all that is painted."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            keys = shortcut_text(row.keys[0]) if row.keys else ""
            parts = (row.title, row.detail, row.kind.value, "on" if row.is_ticked else "", keys)
            return ", ".join(part for part in (*parts, "" if row.is_possible else "not possible now") if part)
        return None


class EntryDelegate(QStyledItemDelegate):
    """Paints an entry on one line: sign, title and detail left, keys or kind right."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every row is 36 px high."""
        return QSize(200, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one entry."""
        entry: PaletteEntry = index.data(Qt.ItemDataRole.UserRole)
        palette = self._look.palette
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.selection if is_chosen else palette.hover))
            painter.drawRoundedRect(option.rect.adjusted(6, 1, -6, -1), 6, 6)
        area = option.rect.adjusted(16, 0, -16, 0)
        sign = "check-mark" if entry.is_ticked else entry.icon
        if sign:
            tint = palette.accent_text if entry.is_ticked else palette.muted if entry.is_possible else palette.faint
            self._look.icon(sign, tint).paint(painter, area.left(), area.center().y() - 8, 18, 18)
        small = QFont(option.font)
        small.setPixelSize(12)
        right = self._paint_keys(painter, area, entry, small)
        left = area.adjusted(30, 0, -right - 12, 0)
        ink = palette.text if entry.is_possible else palette.faint
        strong = QFont(option.font)
        strong.setWeight(QFont.Weight.Medium)
        title_px = self._text(painter, left, entry.title, strong, ink)
        self._text(painter, left.adjusted(title_px + 10, 0, 0, 0), entry.detail, small, palette.muted)
        painter.restore()

    def _paint_keys(self, painter: QPainter, area: QRect, entry: PaletteEntry, font: QFont) -> int:
        """The shortcut in a frame, else the kind where it is no action; how wide that is."""
        palette, metrics = self._look.palette, QFontMetrics(font)
        text = shortcut_text(entry.keys[0]) if entry.keys else "" if entry.kind is Kind.ACTION else entry.kind.value
        if not text:
            return 0
        width = metrics.horizontalAdvance(text)
        painter.setFont(font)
        if entry.keys:
            width += 14
            box = QRect(area.right() - width, area.center().y() - 10, width, 21)
            painter.setPen(QColor(palette.border_strong))
            painter.setBrush(QColor(palette.field))
            painter.drawRoundedRect(box, 4, 4)
        else:
            box = QRect(area.right() - width, area.top(), width, area.height())
        painter.setPen(QColor(palette.muted))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        return width

    @staticmethod
    def _text(painter: QPainter, area: QRect, text: str, font: QFont, color: str) -> int:
        metrics = QFontMetrics(font)
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, area.width()))
        painter.setFont(font)
        painter.setPen(QColor(color))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)
        return metrics.horizontalAdvance(elided)


class CommandPalette(Overlay):
    """Opens with what was used lately in front; arrows choose, Enter does it, Esc closes.

    sources : what is listed at once; asked : what is looked up on the engine as one types
    """

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window, 680, 520)
        self._desk = desk
        self.sources: list[Source] = []
        self.asked: list[AskedSource] = []
        self._listed: tuple[PaletteEntry, ...] = ()
        self._found: tuple[PaletteEntry, ...] = ()
        self._has_moved = False
        self._task: asyncio.Task[None] | None = None
        self.field = QLineEdit()
        self.field.setProperty("bare", True)
        self.field.setAccessibleName("Search everything")
        self.field.setPlaceholderText("An action, an instrument, a setting…")
        self.field.setMaxLength(64)
        self.field.textChanged.connect(self._typed)
        self.model = EntryRows(self)
        self.view = QListView()
        self.view.setAccessibleName("Actions and things found")
        self.view.setModel(self.model)
        self.view.setItemDelegate(EntryDelegate(desk.look, self.view))
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.clicked.connect(self._choose)
        self.steering = ListSteering(self.field, self.view, self._choose)
        self.steering.moved.connect(self._moved)
        self._empty = EmptyState("", "", desk.look, "search")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        self._sign = label("")
        self._hint = label(_MARKS, "caption")
        head = row(self._sign, self.field, margins=(14, 4, 12, 4), gap=6)
        keys = label("↑ ↓ choose    Enter do it    Esc close", "caption")
        self.setLayout(column(head, line(), self._stack, line(), row(self._hint, None, keys, margins=(14, 7, 14, 9)), gap=0))
        self.setAccessibleName("Command palette")
        desk.look.changed.connect(self._paint_sign)
        self._paint_sign()

    @property
    def recent(self) -> tuple[str, ...]:
        """Keys of what was chosen lately, the newest first."""
        return self._desk.backend.settings.current.workspace.palette_recent

    def open_palette(self, text: str = "") -> None:
        """Open with ``text`` typed already."""
        self._listed = (*self._recalled(), *(entry for source in self.sources for entry in source.entries()))
        self._found = ()
        self.open_over(self.field)
        self.field.setText(text)
        self.field.selectAll()
        self._typed(text)

    def _recalled(self) -> tuple[PaletteEntry, ...]:
        """What was looked up before and chosen; it is listed without being asked for again."""
        made = (source.recall(key) for key in self.recent for source in self.asked)
        return tuple(entry for entry in made if entry is not None)

    def _typed(self, text: str) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._has_moved = False
        self._hint.setText(_MARKS)
        self._show(text)
        kind, query = read_query(text)
        wanted = [source for source in self.asked if kind in (None, source.kind)]
        if wanted and (query or kind is not None) and self.isVisible():
            self._task = self._desk.tasks.start("palette", self._look_up(text, query, tuple(wanted)))

    async def _look_up(self, text: str, query: str, sources: tuple[AskedSource, ...]) -> None:
        found: list[PaletteEntry] = []
        for source in sources:
            found.extend(await source.find(query))
        self._found = tuple(found)
        self._show(text)

    def _show(self, text: str) -> None:
        """List what matches; what was chosen by hand stays chosen while more is found."""
        chosen = self._chosen() if self._has_moved else None
        found = {entry.key for entry in self._found}
        entries = ranked([*(e for e in self._listed if e.key not in found), *self._found], text, self.recent)
        self.model.show_rows(entries)
        if entries:
            self._stack.setCurrentIndex(0)
            place = next((n for n, entry in enumerate(entries) if chosen is not None and entry.key == chosen.key), 0)
            self.steering.select(place)
        else:
            self._empty.say(f"Nothing matches “{text.strip()}”", "Try another word, or a part of one.")
            self._stack.setCurrentIndex(1)
        self.fit(FRAME_PX + ROW_PX * max(N_ROWS_MIN, min(len(entries), N_ROWS_MAX)))

    def _moved(self) -> None:
        self._has_moved = True
        self._hint.setText(_MARKS)

    def _chosen(self) -> PaletteEntry | None:
        index = self.view.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

    def _choose(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        entry = self.model.rows[index.row()]
        if not entry.is_possible:
            self._hint.setText(f"{entry.title} is not possible now.")
            return
        self.dismiss()
        self._remember(entry.key)
        entry.run()

    def _remember(self, key: str) -> None:
        recent = tuple(dict.fromkeys((key, *self.recent)))[:N_RECENT]
        change = self._desk.backend.settings.change("workspace", palette_recent=recent)
        self._desk.start("Remembering what was chosen", self._desk.bridge.call(change))

    def _paint_sign(self) -> None:
        self._sign.setPixmap(self._desk.look.icon("command").pixmap(18, 18))
