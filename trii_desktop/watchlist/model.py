"""The rows of one watchlist as Qt's table: figures come from the board's snapshot, order from the list."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QByteArray, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from backend.domain.instruments import InstrumentId
from backend.watchlists.board import BoardSnapshot, QuoteRow
from trii_desktop.look import Look
from trii_desktop.widgets.numbers import DASH, format_change, format_compact, format_price, format_time

MIME: Final = "application/x-trii-instrument"
HEADERS: Final = ("Symbol", "Last", "Change", "Chg %", "Volume")
TIPS: Final = (
    "Instrument",
    "Newest close",
    "Against the previous session's close",
    "Against the previous session's close, in percent",
    "Volume of the newest session",
)
SYMBOL, LAST, CHANGE, PERCENT, VOLUME = range(5)
SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_UNKNOWN: Final = float("-inf")

Index = QModelIndex | QPersistentModelIndex


class WatchlistModel(QAbstractTableModel):
    """Instruments of one list; ``moved`` asks for (instrument, new place) after a drop."""

    moved = Signal(object, int)

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._order: tuple[InstrumentId, ...] = ()
        self._rows: dict[InstrumentId, QuoteRow] = {}
        self._board_version = -1
        self.may_move = True

    @property
    def order(self) -> tuple[InstrumentId, ...]:
        """The instruments in the list's own order."""
        return self._order

    def show_order(self, order: tuple[InstrumentId, ...]) -> None:
        """Show these instruments in this order."""
        if order == self._order:
            return
        self.beginResetModel()
        self._order = order
        self.endResetModel()

    def show_board(self, board: BoardSnapshot) -> None:
        """Take over new figures; only rows that differ are painted again."""
        if board.version == self._board_version:
            return
        self._board_version = board.version
        for place, instrument in enumerate(self._order):
            fresh = board.rows.get(instrument)
            if fresh is not None and fresh != self._rows.get(instrument):
                self._rows[instrument] = fresh
                self.dataChanged.emit(self.index(place, 0), self.index(place, VOLUME))
        self._rows = {i: r for i, r in {**self._rows, **board.rows}.items() if i in board.rows}

    def instrument_at(self, place: int) -> InstrumentId:
        """The instrument in row ``place``."""
        return self._order[place]

    def rowCount(self, parent: Index | None = None) -> int:
        """How many instruments there are."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: Index | None = None) -> int:
        """Symbol and four figures."""
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
        instrument = self._order[index.row()]
        row = self._rows.get(instrument, QuoteRow(instrument))
        makers: dict[int, Callable[[QuoteRow, int], Any]] = {
            Qt.ItemDataRole.DisplayRole: _text,
            Qt.ItemDataRole.TextAlignmentRole: lambda _row, column: _alignment(column),
            Qt.ItemDataRole.ForegroundRole: self._ink,
            Qt.ItemDataRole.UserRole: lambda row, _column: row.instrument,
            Qt.ItemDataRole.ToolTipRole: lambda row, _column: _tip(row),
            Qt.ItemDataRole.AccessibleTextRole: lambda row, column: f"{HEADERS[column]} {_text(row, column)}",
            SORT_ROLE: _sort_key,
        }
        make = makers.get(role)
        return make(row, index.column()) if make is not None else None

    def _ink(self, row: QuoteRow, column: int) -> QColor | None:
        palette = self._look.palette
        if column in (CHANGE, PERCENT):
            return QColor(palette.up if row.change > 0 else palette.down if row.change < 0 else palette.muted)
        return QColor(palette.muted) if column == VOLUME else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows are dragged and dropped between rows while the list's own order is shown."""
        base = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return base | Qt.ItemFlag.ItemIsDragEnabled if self.may_move else base

    def supportedDropActions(self) -> Qt.DropAction:
        """Moves only."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Our own kind."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The dragged instrument's id."""
        made = QMimeData()
        made.setData(MIME, QByteArray(str(self._order[indexes[0].row()]).encode()))
        return made

    def dropMimeData(self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: Index) -> bool:
        """Ask for the move; the list answers with its new order, so Qt must not move rows itself."""
        if not data.hasFormat(MIME) or not self.may_move:
            return False
        instrument = InstrumentId.parse(bytes(data.data(MIME).data()).decode())
        if instrument not in self._order:
            return False
        target = row if row >= 0 else parent.row() if parent.isValid() else len(self._order)
        source = self._order.index(instrument)
        self.moved.emit(instrument, target - 1 if target > source else target)
        return False


def _tip(row: QuoteRow) -> str:
    when = f"Newest bar {format_time(row.event_ns, is_dated=True)}" if row.event_ns else "No bars yet"
    return f"{row.instrument}\n{row.name}\n{when}"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == SYMBOL else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _text(row: QuoteRow, column: int) -> str:
    match column:
        case 0:
            return row.instrument.code
        case 1:
            return format_price(row.last, row.decimals)
        case 2:
            return format_change(row.change, row.decimals)
        case 3:
            return f"{format_change(row.change_pct)}%" if row.change_pct == row.change_pct else DASH
        case _:
            return format_compact(row.volume)


def _sort_key(row: QuoteRow, column: int) -> str | float:
    if column == SYMBOL:
        return str(row.instrument)
    value = (row.last, row.change, row.change_pct, row.volume)[column - 1]
    return value if value == value else _UNKNOWN  # noqa: PLR0124 - NaN is the only value unequal to itself
