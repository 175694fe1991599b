"""Alerts and firings as Qt's tables: words for eyes and screen readers, keys to sort by, and the rows themselves."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon

from backend.alerts.firing import AlertRow, AlertsSnapshot, Firing, Standing
from trii_desktop.alerts.looks import ICONS, IS_AWAKE, WORDS, level_of
from trii_desktop.look import Look
from trii_desktop.widgets.numbers import DASH, decimals_of, format_count, format_moment, format_percent, format_price

ROW_ROLE: Final = Qt.ItemDataRole.UserRole
SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
HEADERS: Final = ("Status", "Instrument", "Condition", "Last value", "Level", "Distance", "Last fired", "Fired")
STATUS, INSTRUMENT, CONDITION, VALUE, LEVEL, DISTANCE, LAST_FIRED, COUNT = range(len(HEADERS))
FIRING_HEADERS: Final = ("Time", "Instrument", "What happened", "Price", "", "Told")
TIME, FIRED_ON, WHAT, PRICE, LATE, TOLD = range(len(FIRING_HEADERS))
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_FAR: Final = float("inf")

Index = QModelIndex | QPersistentModelIndex


class _Table(QAbstractTableModel):
    """What both tables share: headers, alignment, nothing below rows."""

    headers: tuple[str, ...] = ()
    numbers: frozenset[int] = frozenset()

    def __init__(self, look: Look, now_ns: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._now_ns = now_ns

    def columnCount(self, parent: Index | None = None) -> int:
        """As many as there are headers."""
        return 0 if parent is not None and parent.isValid() else len(self.headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column names."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.headers[section]
        return self._side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _side(self, column: int) -> Qt.AlignmentFlag:
        return _RIGHT if column in self.numbers else _LEFT

    def _moment(self, event_ns: int) -> str:
        return format_moment(event_ns, self._now_ns()) if event_ns else DASH


class AlertModel(_Table):
    """Every alert, in the order in which they were made."""

    headers = HEADERS
    numbers = frozenset({VALUE, LEVEL, DISTANCE, COUNT})

    def __init__(self, look: Look, now_ns: Callable[[], int], parent: QObject) -> None:
        super().__init__(look, now_ns, parent)
        self.rows: tuple[AlertRow, ...] = ()
        self._version = -1
        self._makers: dict[int, Callable[[AlertRow, int], Any]] = {
            ROW_ROLE: lambda row, _column: row,
            SORT_ROLE: _sort_key,
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            Qt.ItemDataRole.TextAlignmentRole: lambda _row, column: self._side(column),
            Qt.ItemDataRole.DecorationRole: lambda row, column: self._icon(row) if column == STATUS else None,
            Qt.ItemDataRole.ForegroundRole: self._ink,
            Qt.ItemDataRole.ToolTipRole: lambda row, _column: row.blind_words or row.alert.message or None,
        }

    def show_snapshot(self, snapshot: AlertsSnapshot) -> bool:
        """Take newer rows over, and say whether there were any; only rows that differ are painted again."""
        if snapshot.version == self._version:
            return False
        self._version = snapshot.version
        before, fresh = self.rows, tuple(snapshot.rows.values())
        if [row.alert.id for row in before] != [row.alert.id for row in fresh]:
            self.beginResetModel()
            self.rows = fresh
            self.endResetModel()
            return True
        self.rows = fresh
        for place, (old, new) in enumerate(zip(before, fresh, strict=True)):
            if old is not new and old != new:
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(HEADERS) - 1))
        return True

    def rowCount(self, parent: Index | None = None) -> int:
        """How many alerts there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, icons, colours and sort keys of a cell."""
        row, column = self.rows[index.row()], index.column()
        make = self._makers.get(role)
        return make(row, column) if make is not None else None

    def _text(self, row: AlertRow, column: int) -> str:
        if column == STATUS:
            return WORDS[row.standing]
        if column == INSTRUMENT:
            return row.alert.instrument.partition(".")[0]
        if column == CONDITION:
            name = f"{row.alert.name}: " if row.alert.name else ""
            why = f" · {row.blind_words}" if row.standing is Standing.BLIND and row.blind_words else ""
            return f"{name}{row.words}{why}"
        if column in (VALUE, LEVEL):
            value = row.value if column == VALUE else level_of(row)
            return format_price(value, None if abs(value) < 10 or row.is_price_level else decimals_of(value))
        if column == DISTANCE:
            return format_percent(row.distance_pct)
        return self._moment(row.last_fired_ns) if column == LAST_FIRED else format_count(row.n_fired)

    def _spoken(self, row: AlertRow, column: int) -> str:
        why = f", {row.blind_words}" if column == STATUS and row.blind_words else ""
        return f"{HEADERS[column]} {self._text(row, column)}{why}"

    def _icon(self, row: AlertRow) -> QIcon:
        palette = self._look.palette
        tint = palette.warning if row.standing is Standing.BLIND else palette.up if row.standing is Standing.FIRED else ""
        if row.standing is Standing.ARMED:
            tint = palette.accent_text
        return self._look.icon(ICONS[row.standing], tint)

    def _ink(self, row: AlertRow, column: int) -> QColor | None:
        palette = self._look.palette
        if row.standing is Standing.BLIND and column in (STATUS, CONDITION):
            return QColor(palette.warning)
        is_resting = row.standing not in IS_AWAKE and row.standing is not Standing.BLIND
        return QColor(palette.muted) if is_resting or column in (LAST_FIRED, COUNT) else None


class FiringModel(_Table):
    """What fired, newest first; ``outcomes`` says in words what became of each on its channels, by the firing's id."""

    headers = FIRING_HEADERS
    numbers = frozenset({PRICE})

    def __init__(self, look: Look, now_ns: Callable[[], int], parent: QObject) -> None:
        super().__init__(look, now_ns, parent)
        self.firings: tuple[Firing, ...] = ()
        self.outcomes: Mapping[str, str] = {}
        self._makers: dict[int, Callable[[Firing, int], Any]] = {
            ROW_ROLE: lambda firing, _column: firing,
            SORT_ROLE: self._sort_key,
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.AccessibleTextRole: lambda one, column: f"{FIRING_HEADERS[column]} {self._text(one, column)}".strip(),
            Qt.ItemDataRole.TextAlignmentRole: lambda _firing, column: self._side(column),
            Qt.ItemDataRole.ToolTipRole: self._tip,
            Qt.ItemDataRole.ForegroundRole: self._ink,
        }

    def show_firings(self, firings: tuple[Firing, ...]) -> None:
        """Show these."""
        if firings != self.firings:
            self.beginResetModel()
            self.firings = firings
            self.endResetModel()

    def show_outcomes(self, outcomes: Mapping[str, str]) -> None:
        """Say what became of them on their channels."""
        if outcomes != self.outcomes and self.firings:
            self.outcomes = outcomes
            self.dataChanged.emit(self.index(0, TOLD), self.index(len(self.firings) - 1, TOLD))

    def rowCount(self, parent: Index | None = None) -> int:
        """How many firings are listed."""
        return 0 if parent is not None and parent.isValid() else len(self.firings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, colours and sort keys of a cell."""
        firing, column = self.firings[index.row()], index.column()
        make = self._makers.get(role)
        return make(firing, column) if make is not None else None

    def _text(self, firing: Firing, column: int) -> str:
        if column == TIME:
            return self._moment(firing.event_ns)
        if column == FIRED_ON:
            return firing.instrument.partition(".")[0]
        if column == WHAT:
            return firing.words
        if column == PRICE:
            return format_price(firing.price)
        if column == LATE:
            return "in the replay" if firing.is_replay else "late" if firing.is_late else ""
        return self.outcomes.get(firing.id, "")

    def _sort_key(self, firing: Firing, column: int) -> str | float:
        return firing.event_ns if column == TIME else firing.price if column == PRICE else self._text(firing, column)

    def _tip(self, firing: Firing, column: int) -> str | None:
        late = "Found afterwards, in data that came late or after a pause."
        return late if firing.is_late else self._text(firing, column) or None

    def _ink(self, firing: Firing, column: int) -> QColor | None:
        palette = self._look.palette
        if column == TOLD and "failed" in self.outcomes.get(firing.id, ""):
            return QColor(palette.error)
        if column == LATE:
            return QColor(palette.warning)
        return QColor(palette.muted) if firing.is_read and column in (TIME, TOLD) else None


class AlertFilter(QSortFilterProxyModel):
    """Rows whose words hold every word that was typed, of the standings that were chosen; sorted by what cells mean."""

    def __init__(self, source: QAbstractTableModel) -> None:
        super().__init__(source)
        self.words: tuple[str, ...] = ()
        self.standings: frozenset[Standing] | None = None
        self.setSourceModel(source)
        self.setSortRole(SORT_ROLE)

    def narrow(self, text: str, standings: frozenset[Standing] | None = None) -> None:
        """Show only these; None for any standing."""
        self.beginFilterChange()
        self.words, self.standings = tuple(text.casefold().split()), standings
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """Whether a row is shown."""
        model = self.sourceModel()
        row = model.index(source_row, 0, source_parent).data(ROW_ROLE)
        if self.standings is not None and isinstance(row, AlertRow) and row.standing not in self.standings:
            return False
        if not self.words:
            return True
        said = " ".join(str(model.index(source_row, n, source_parent).data() or "") for n in range(model.columnCount())).casefold()
        return all(word in said for word in self.words)


def _sort_key(row: AlertRow, column: int) -> str | float:
    if column == STATUS:
        return tuple(Standing).index(row.standing)
    if column in (INSTRUMENT, CONDITION):
        return row.alert.instrument if column == INSTRUMENT else row.words
    if column == DISTANCE:
        return abs(row.distance_pct) if math.isfinite(row.distance_pct) else _FAR
    if column in (LAST_FIRED, COUNT):
        return float(row.last_fired_ns if column == LAST_FIRED else row.n_fired)
    value = row.value if column == VALUE else level_of(row)
    return value if math.isfinite(value) else -_FAR
