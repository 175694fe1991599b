"""What an import did: counts, and every row that was not taken as it stood, with line and reason."""

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QFrame, QHeaderView, QStackedWidget, QTableView, QWidget

from backend.market.importers.report import ImportReport, RowKind, RowNote
from trii_desktop.look import Look
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, label, row
from trii_desktop.widgets.numbers import format_count, format_seconds, format_time

HEADERS: Final = ("Line", "What", "Why", "Row")
KIND_WORDS: Final = {
    RowKind.MISSING: "Missing",
    RowKind.REPAIRED: "Repaired",
    RowKind.REFUSED: "Refused",
    RowKind.REPLACED: "Replaced",
    RowKind.OFF_CALENDAR: "Market closed",
}
Index = QModelIndex | QPersistentModelIndex


class RowNoteModel(QAbstractTableModel):
    """The notes of a report as Qt's table; the kind under UserRole."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._notes: tuple[RowNote, ...] = ()

    def show_notes(self, notes: tuple[RowNote, ...]) -> None:
        """Replace what is shown."""
        self.beginResetModel()
        self._notes = notes
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many notes there are."""
        return 0 if parent is not None and parent.isValid() else len(self._notes)

    def columnCount(self, parent: Index | None = None) -> int:
        """Line, kind, reason, text."""
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column names."""
        is_name = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return HEADERS[section] if is_name else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; whole texts as tooltips."""
        note = self._notes[index.row()]
        texts = (format_count(note.line), KIND_WORDS[note.kind], note.reason, note.text)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return texts[index.column()]
        if role == Qt.ItemDataRole.UserRole:
            return str(note.kind)
        return None


class ReportView(QWidget):
    """One report; ``wants_chart`` carries the Series to show."""

    wants_chart = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._report: ImportReport | None = None
        self._title = label("", "title", wraps=True)
        self._summary = label("", "muted", wraps=True)
        self._numbers = [_Count(words, meaning) for words, meaning in COUNTS]
        self._remarks = label("", "muted", wraps=True)
        self._model = RowNoteModel(self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._model)
        self._proxy.setFilterRole(Qt.ItemDataRole.UserRole)
        self._table = QTableView()
        self._table.setProperty("framed", True)
        self._table.setAccessibleName("Rows that were not taken as they stood")
        self._table.setModel(self._proxy)
        self._table.setShowGrid(False)
        self._table.setTabKeyNavigation(False)
        self._table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self._table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(26)
        header = self._table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for section, width in ((0, 76), (1, 110), (2, 330)):
            header.resizeSection(section, width)
        self._kinds = QComboBox()
        self._kinds.setAccessibleName("Kind of rows shown")
        self._kinds.currentIndexChanged.connect(self._filter)
        self._shown = label("", "caption")
        self._full = button("Show full report file", quiet=True)
        self._full.clicked.connect(self._show_file)
        self.chart = button("Show on the chart")
        self.chart.clicked.connect(self._ask_for_chart)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._table)
        self._stack.addWidget(
            EmptyState("Every row was taken as it stood", "Nothing was refused, repaired or replaced.", look, "check-mark")
        )
        numbers = row(*self._numbers, gap=8)
        head = row(column(self._title, self._summary, gap=2), self.chart, gap=16)
        head.setAlignment(self.chart, Qt.AlignmentFlag.AlignTop)
        head.setStretch(0, 1)
        self._rows_title = label("Rows to look at", "heading")
        filters = row(self._rows_title, self._kinds, self._shown, None, self._full)
        self.setLayout(column(head, numbers, self._remarks, filters, self._stack, margins=(16, 12, 16, 12), gap=12))

    def show_report(self, report: ImportReport) -> None:
        """Show ``report``."""
        self._report = report
        self._title.setText(report.name)
        self._summary.setText(_summary(report))
        counts = (report.n_accepted, report.n_same, report.n_missing, report.n_repaired, report.n_refused, report.n_replaced)
        for shown, n in zip(self._numbers, counts, strict=True):
            shown.show_count(n)
        remarks = list(report.remarks)
        if report.actions:
            remarks.append(f"{format_count(len(report.actions))} splits and dividends were read from the adjusted prices.")
        self._remarks.setText("\n".join(remarks))
        self._remarks.setVisible(bool(remarks))
        self._model.show_notes(report.rows)
        self._kinds.clear()
        self._kinds.addItem("All", "")
        for kind in dict.fromkeys(note.kind for note in report.rows):
            self._kinds.addItem(KIND_WORDS[kind], str(kind))
        hidden = report.n_notes - len(report.rows)
        self._shown.setText(f"the first {format_count(len(report.rows))} of {format_count(report.n_notes)}" if hidden > 0 else "")
        self._full.setVisible(report.rows_path is not None)
        for part in (self._rows_title, self._kinds, self._shown):
            part.setVisible(bool(report.rows))
        self._stack.setCurrentIndex(0 if report.rows else 1)
        self.chart.setEnabled(report.n_accepted + report.n_same > 0)

    def _filter(self) -> None:
        kind = self._kinds.currentData() or ""
        self._proxy.setFilterRegularExpression(f"^{kind}$" if kind else "")

    def _show_file(self) -> None:
        if self._report is not None and self._report.rows_path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report.rows_path.parent)))

    def _ask_for_chart(self) -> None:
        if self._report is not None:
            self.wants_chart.emit(self._report.series)


COUNTS: Final = (
    ("Accepted", "Rows whose values are now stored"),
    ("Same", "Rows that were stored before with equal values"),
    ("Missing", "Rows without values, such as holidays"),
    ("Repaired", "Accepted rows whose high or low was widened by a rounding error of the file"),
    ("Refused", "Rows that break a rule; they are not stored"),
    ("Replaced", "Accepted rows that replaced other values; the old ones are kept and can be restored"),
)


class _Count(QFrame):
    """A number with its word; greyed at 0."""

    def __init__(self, words: str, meaning: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setToolTip(meaning)
        self._words = words
        self._number = label("0", "number")
        self.setLayout(column(self._number, label(words, "caption"), margins=(12, 8, 12, 8), gap=0))

    def show_count(self, n: int) -> None:
        """Show ``n``."""
        self._number.setText(format_count(n))
        self._number.setEnabled(n > 0)
        self.setAccessibleName(f"{self._words}: {n}")


def _summary(report: ImportReport) -> str:
    rows = f"{format_count(report.n_rows)} rows into {report.series.instrument} {report.series.spec}"
    seconds = f"in {report.seconds:.1f} s" if report.seconds < 60 else f"in {format_seconds(report.seconds)}"
    if report.first_ns is None or report.last_ns is None:
        return f"{rows} {seconds}"
    dates = [format_time(ns, is_dated=True) for ns in (report.first_ns, report.last_ns)]
    return f"{rows}, {dates[0]} to {dates[1]}, {seconds}"
