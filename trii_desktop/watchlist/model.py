"""The rows of one watchlist as Qt's table: figures come from the board's snapshot, order and headings from the list."""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QByteArray, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.watchlists.board import BoardSnapshot, QuoteRow
from backend.watchlists.watchlist import Entry, Section, Watchlist
from trii_desktop.look import Look
from trii_desktop.market.dragged import MIME, drag_data, dragged_instrument
from trii_desktop.sight.live_rows import LiveRows
from trii_desktop.widgets.numbers import DASH, format_change, format_compact, format_price, format_time

SECTION_MIME: Final = "application/x-trii-section"
HEADERS: Final = ("Symbol", "Trend", "Last", "Change", "Chg %", "Volume", "Bid", "Ask")
TIPS: Final = (
    "Instrument",
    "The newest closes, up to 30",
    "Newest close",
    "Against the previous session's close",
    "Against the previous session's close, in percent",
    "Volume of the newest session",
    "Best bid of a live feed",
    "Best ask of a live feed",
)
SYMBOL, TREND, LAST, CHANGE, PERCENT, VOLUME, BID, ASK = range(8)
ENTRY_ROLE: Final = Qt.ItemDataRole.UserRole
SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 2
STANDING_ROLE: Final = Qt.ItemDataRole.UserRole + 3
_UNKNOWN: Final = float("-inf")

Index = QModelIndex | QPersistentModelIndex


class WatchlistModel(QAbstractTableModel):
    """Entries of one list; ``moved`` asks for (entry, its place among the others) after a drop."""

    moved = Signal(object, int)

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._entries: tuple[Entry, ...] = ()
        self._places: dict[InstrumentId, int] = {}
        self._sections: list[int] = []
        self._rows: dict[InstrumentId, QuoteRow] = {}
        self._board_version = -1
        self.live = LiveRows()
        self.may_move = True

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Instruments and sections in the list's own order."""
        return self._entries

    @property
    def order(self) -> tuple[InstrumentId, ...]:
        """The instruments in the list's own order."""
        return tuple(self._places)

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these rows in this order."""
        if entries == self._entries:
            return
        self.beginResetModel()
        self._entries = entries
        self._places = {entry: place for place, entry in enumerate(entries) if isinstance(entry, InstrumentId)}
        self._sections = list(accumulate((n if isinstance(e, Section) else -1 for n, e in enumerate(entries)), max))
        self.endResetModel()

    def show_board(self, board: BoardSnapshot) -> bool:
        """Take over new figures, and say whether there were any; only rows that differ are painted again."""
        if board.version == self._board_version:
            return False
        self._board_version = board.version
        for instrument, place in self._places.items():
            fresh = board.rows.get(instrument)
            if fresh is not None and fresh != self._rows.get(instrument):
                self._rows[instrument] = fresh
                self.dataChanged.emit(self.index(place, 0), self.index(place, ASK))
        self._rows = {i: r for i, r in {**self._rows, **board.rows}.items() if i in board.rows}
        return True

    def show_live(self, fresh: LiveRows) -> None:
        """Take over how the instruments stand, and their quotes; only rows that differ are painted again."""
        before, self.live = self.live, fresh
        for instrument, place in self._places.items():
            if fresh.differs(before, instrument):
                self.dataChanged.emit(self.index(place, 0), self.index(place, ASK))

    def entry_at(self, place: int) -> Entry:
        """The instrument or section in row ``place``."""
        return self._entries[place]

    def place_of(self, instrument: InstrumentId) -> int | None:
        """The row of ``instrument``."""
        return self._places.get(instrument)

    def section_above(self, place: int) -> int:
        """The row of the section that row ``place`` belongs to; -1 for rows above the first one."""
        return self._sections[place]

    def rowCount(self, parent: Index | None = None) -> int:
        """How many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index | None = None) -> int:
        """Symbol, trend and six figures."""
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column names, their meaning as tooltips."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, colours and sort keys of a cell."""
        entry = self._entries[index.row()]
        if role == ENTRY_ROLE:
            return entry
        if isinstance(entry, Section):
            return self._of_section(entry, index.row(), role)
        row = self._rows.get(entry, QuoteRow(entry))
        makers: dict[int, Callable[[QuoteRow, int], Any]] = {
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.TextAlignmentRole: lambda _row, column: _alignment(column),
            Qt.ItemDataRole.ForegroundRole: self._ink,
            Qt.ItemDataRole.ToolTipRole: lambda row, _column: self._tip(row),
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            ROW_ROLE: lambda row, _column: row,
            STANDING_ROLE: lambda row, _column: self.live.standing(row.instrument),
            SORT_ROLE: self._sort_key,
        }
        make = makers.get(role)
        return make(row, index.column()) if make is not None else None

    def _of_section(self, section: Section, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return section.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            n_rows = next((n for n, e in enumerate(self._entries[place + 1 :]) if isinstance(e, Section)), None)
            count = n_rows if n_rows is not None else len(self._entries) - place - 1
            return f"Section {section.name}, {count} rows, {'folded' if section.is_collapsed else 'open'}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return "Click to fold or unfold; drag to move with its rows"
        return None

    def _ink(self, row: QuoteRow, column: int) -> QColor | None:
        palette = self._look.palette
        if column in (CHANGE, PERCENT):
            return QColor(palette.up if row.change > 0 else palette.down if row.change < 0 else palette.muted)
        is_doubtful = column in (LAST, BID, ASK) and self.live.standing(row.instrument).is_doubtful
        return QColor(palette.muted) if column == VOLUME or is_doubtful else None

    def _text(self, row: QuoteRow, column: int) -> str:
        if column in (BID, ASK):
            return format_price(self.live.quoted(row.instrument, is_bid=column == BID), row.decimals)
        return _text(row, column)

    def _tip(self, row: QuoteRow) -> str:
        tip = self.live.standing(row.instrument).tip
        return f"{_tip(row)}\n{tip}" if tip else _tip(row)

    def _spoken(self, row: QuoteRow, column: int) -> str:
        words = f"{HEADERS[column]} {self._text(row, column) if column in (BID, ASK) else _spoken(row, column)}"
        tip = self.live.standing(row.instrument).tip
        return f"{words}, {tip}" if tip and column == SYMBOL else words

    def _sort_key(self, row: QuoteRow, column: int) -> str | float:
        if column not in (BID, ASK):
            return _sort_key(row, column)
        quoted = self.live.quoted(row.instrument, is_bid=column == BID)
        return _UNKNOWN if math.isnan(quoted) else quoted

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can always be dragged, onto a chart or between rows; they take drops while the list's own order is shown."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDragActions(self) -> Qt.DropAction:
        """Rows move in the list; elsewhere an instrument is only shown."""
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def supportedDropActions(self) -> Qt.DropAction:
        """Moves only."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Our own kinds."""
        return [MIME, SECTION_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The dragged instrument's id, also as text, or the section's name."""
        entry = self._entries[indexes[0].row()]
        if isinstance(entry, InstrumentId):
            return drag_data(entry)
        made = QMimeData()
        made.setData(SECTION_MIME, QByteArray(entry.name.encode()))
        return made

    def dropMimeData(self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: Index) -> bool:
        """Ask for the move; the list answers with its new order, so Qt must not move rows itself."""
        entry = self._dragged(data) if self.may_move else None
        if entry is None:
            return False
        start, stop = Watchlist("", "", self._entries).block_of(entry)
        target = row if row >= 0 else parent.row() if parent.isValid() else len(self._entries)
        if not start < target < stop:
            self.moved.emit(entry, target - (stop - start) if target >= stop else target)
        return False

    def _dragged(self, data: QMimeData) -> Entry | None:
        entry: Entry | None = dragged_instrument(data)
        try:
            if entry is None and data.hasFormat(SECTION_MIME):
                entry = Section(bytes(data.data(SECTION_MIME).data()).decode("utf-8", "replace"))
            return self._entries[Watchlist("", "", self._entries).place_of(entry)] if entry is not None else None
        except TriiError:  # dragged from elsewhere
            return None


def _tip(row: QuoteRow) -> str:
    when = f"Newest bar {format_time(row.event_ns, is_dated=True)}" if row.event_ns else "No bars yet"
    return f"{row.instrument}\n{row.name}\n{when}"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (SYMBOL, TREND) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _text(row: QuoteRow, column: int) -> str:
    match column:
        case 0:
            return row.instrument.code
        case 1:
            return ""
        case 2:
            return format_price(row.last, row.decimals)
        case 3:
            return format_change(row.change, row.decimals)
        case 4:
            return f"{format_change(row.change_pct)}%" if row.change_pct == row.change_pct else DASH
        case _:
            return format_compact(row.volume)


def trend_percent(row: QuoteRow) -> float:
    """What the trend gained from its first close to its last, in percent; NaN where that says nothing."""
    first = row.trend[0] if row.trend else 0.0
    return 100 * (row.trend[-1] - first) / abs(first) if first else float("nan")


def _spoken(row: QuoteRow, column: int) -> str:
    if column != TREND:
        return _text(row, column)
    percent = trend_percent(row)
    return f"{format_change(percent)}% over {len(row.trend)} closes" if math.isfinite(percent) else "unknown"


def _sort_key(row: QuoteRow, column: int) -> str | float:
    if column == SYMBOL:
        return str(row.instrument)
    value = (trend_percent(row), row.last, row.change, row.change_pct, row.volume)[column - 1]
    return value if value == value else _UNKNOWN  # noqa: PLR0124 - NaN is the only value unequal to itself
