"""How one table will be read: every decision as a field that can be corrected, and the first rows below it."""

from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from backend.domain.bars import Bar
from backend.domain.instruments import InstrumentKind
from backend.market.importers.plan import Choices, Column, FileFormat, ImportPlan, Role
from trii_desktop.look import Look
from trii_desktop.widgets.layout import column, holding, label, restyle, row
from trii_desktop.widgets.numbers import format_compact, format_price, format_time

LIVE_MS: Final = 300
N_SAMPLE_ROWS: Final = 12
COLUMN_PX: Final = 142
Options = tuple[tuple[str, Any], ...]

ROLE_WORDS: Final = {
    Role.NONE: "Not used",
    Role.TIME: "Time or date",
    Role.CLOCK: "Time of day",
    Role.OPEN: "Open",
    Role.HIGH: "High",
    Role.LOW: "Low",
    Role.CLOSE: "Close",
    Role.VOLUME: "Volume",
    Role.ADJUSTED: "Adjusted close",
    Role.DIVIDEND: "Dividend",
    Role.SPLIT: "Split",
    Role.SYMBOL: "Symbol",
    Role.INTERVAL: "Interval",
}
INTERVALS: Final = ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo")
ZONES: Final = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Tokyo",
    "Australia/Sydney",
)
DATE_ORDERS: Final[Options] = (("Year, month, day", "ymd"), ("Day, month, year", "dmy"), ("Month, day, year", "mdy"))
DELIMITERS: Final[Options] = (("Comma  ,", ","), ("Semicolon  ;", ";"), ("Tab", "\t"), ("Bar  |", "|"), ("Blanks", " "))
DECIMALS: Final[Options] = (("Point  1.5", "."), ("Comma  1,5", ","))
THOUSANDS: Final[Options] = (
    ("None  1000", ""),
    ("Comma  1,000", ","),
    ("Point  1.000", "."),
    ("Blank  1 000", " "),
    ("Apostrophe  1'000", "'"),
)
STAMPS: Final[Options] = (("Opening of the bar", "open"), ("Close of the bar", "close"))


class MappingForm(QWidget):
    """The decisions of one plan; ``corrected`` carries the Choices, shortly after the last change."""

    corrected = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._plan: ImportPlan | None = None
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(LIVE_MS)
        self._live.timeout.connect(self._tell)
        self.instrument = _editable((), "Instrument, as in AAPL.XNAS")
        self.name = QLineEdit()
        self.kind = _fixed(tuple((str(k).capitalize(), str(k)) for k in InstrumentKind))
        self.interval = _editable(INTERVALS, "Interval")
        self.timezone = _editable(ZONES, "Time zone")
        self.date_order = _fixed(DATE_ORDERS)
        self.stamp = _fixed(STAMPS)
        self.delimiter = _fixed(DELIMITERS)
        self.header_row = _fixed((("No header", 0), *((f"Line {n}", n) for n in range(1, 31))))
        self.decimal = _fixed(DECIMALS)
        self.thousands = _fixed(THOUSANDS)
        left = self._form(
            ("Instrument", self.instrument),
            ("Name", self.name),
            ("Kind", self.kind),
            ("Interval", self.interval),
            ("Times are the", self.stamp),
        )
        right = self._form(
            ("Time zone", self.timezone),
            ("Dates", self.date_order),
            ("Columns split by", self.delimiter),
            ("Header", self.header_row),
            ("Decimals", self.decimal),
            ("Thousands", self.thousands),
        )
        self._problem = label("", "error", wraps=True)
        self._notes = QVBoxLayout()
        self._notes.setSpacing(4)
        self.sample = _Sample(self)
        self.sample.changed.connect(self._live.start)
        self.sample_title = label("First rows", "heading")
        hint = label("Say above each column what it holds.", "caption")
        sides = row(left, right, gap=24)
        sides.setStretch(0, 1)
        sides.setStretch(1, 1)
        notes = holding(column(label("How this was recognised", "heading"), self._notes, None))
        body = column(
            self._problem, sides, row(self.sample_title, None, hint), self.sample, notes, margins=(16, 12, 16, 12), gap=12
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(holding(body))
        self.setLayout(column(scroll))

    def show_plan(self, plan: ImportPlan, known: tuple[str, ...] = ()) -> None:
        """Show ``plan``; ``known`` are the ids of the catalog's instruments."""
        is_other = self._plan is None or (self._plan.path, self._plan.inside) != (plan.path, plan.inside)
        self._plan = plan
        if is_other:
            self._live.stop()
        self._problem.setText("\n".join(_capital(problem) for problem in plan.problems))
        self._problem.setVisible(bool(plan.problems))
        with QSignalBlocker(self.instrument):
            if self.instrument.count() != len(known):
                self.instrument.clear()
                self.instrument.addItems(list(known))
        _write(self.instrument, str(plan.instrument.id))
        if not self.name.hasFocus():
            with QSignalBlocker(self.name):
                self.name.setText(plan.instrument.name)
        self.name.setEnabled(plan.is_new_instrument)
        self.kind.setEnabled(plan.is_new_instrument)
        _pick(self.kind, str(plan.instrument.kind))
        _write(self.interval, str(plan.spec))
        _write(self.timezone, plan.timezone)
        _pick(self.date_order, plan.dialect.date_order)
        _pick(self.stamp, plan.stamp)
        for box, value in (
            (self.delimiter, plan.dialect.delimiter),
            (self.header_row, plan.dialect.header_row),
            (self.decimal, plan.dialect.decimal),
            (self.thousands, plan.dialect.thousands),
        ):
            _pick(box, value)
            box.setEnabled(plan.format is FileFormat.TEXT)
        self.sample.show_plan(plan)
        self._show_notes(plan)

    def choices(self) -> Choices:
        """The user's corrections: what differs from the detection, and what was corrected before."""
        assert self._plan is not None
        plan, changes = self._plan, _given(self._plan.choices)
        for name, value, detected in self._values(plan):
            if value != detected:
                changes[name] = value
        columns = self.sample.columns()
        if columns != {str(c.role): f"#{c.index + 1}" for c in plan.columns if c.role is not Role.NONE}:
            changes["columns"] = {str(role): columns.get(str(role), "") for role in Role if role is not Role.NONE}
        return Choices(**changes)

    def _values(self, plan: ImportPlan) -> tuple[tuple[str, Any, Any], ...]:
        return (
            ("instrument", self.instrument.currentText().strip(), str(plan.instrument.id)),
            ("name", self.name.text().strip(), plan.instrument.name),
            ("kind", self.kind.currentData(), str(plan.instrument.kind)),
            ("interval", self.interval.currentText().strip(), str(plan.spec)),
            ("timezone", self.timezone.currentText().strip(), plan.timezone),
            ("date_order", self.date_order.currentData(), plan.dialect.date_order),
            ("stamp", self.stamp.currentData(), plan.stamp),
            ("delimiter", self.delimiter.currentData(), plan.dialect.delimiter),
            ("header_row", self.header_row.currentData(), plan.dialect.header_row),
            ("decimal", self.decimal.currentData(), plan.dialect.decimal),
            ("thousands", self.thousands.currentData(), plan.dialect.thousands),
        )

    def refuse(self, words: str) -> None:
        """Say why the latest correction cannot be followed."""
        self._problem.setText(words)
        self._problem.setVisible(True)

    def _tell(self) -> None:
        if self._plan is not None:
            self.corrected.emit(self.choices())

    def _form(self, *rows: tuple[str, QWidget]) -> QWidget:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, field in rows:
            form.addRow(label(words, "muted"), field)
            field.setAccessibleName(words)
            if isinstance(field, QComboBox):
                field.currentTextChanged.connect(self._live.start)
            elif isinstance(field, QLineEdit):
                field.textEdited.connect(self._live.start)
        return holding(form)

    def _show_notes(self, plan: ImportPlan) -> None:
        while (item := self._notes.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for note in plan.notes:
            words = f"{_capital(note.decision)}: {note.value}" + (f" ({note.reason})" if note.reason else "")
            made = label(words if note.is_sure else f"Please check. {words}", "muted" if note.is_sure else "warning", wraps=True)
            self._notes.addWidget(made)


class _Sample(QTableWidget):
    """The first rows as text under one role chooser a column, with what they mean as tooltips."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("framed", True)
        self.setAccessibleName("First rows of the file")
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumHeight(236)
        self._shown: tuple[Column, ...] = ()

    def show_plan(self, plan: ImportPlan) -> None:
        """Show the rows of ``plan``; choosers are made anew only when the columns are others."""
        names = tuple((c.index, c.name) for c in plan.columns)
        if names != tuple((c.index, c.name) for c in self._shown) or self.rowCount() == 0:
            self._rebuild(plan)
        self._shown = plan.columns
        for place, shown in enumerate(plan.columns):
            chooser = self.cellWidget(0, place)
            assert isinstance(chooser, QComboBox)
            _pick(chooser, shown.role)
        self._fill(plan)

    def columns(self) -> dict[str, str]:
        """Role to column, as Choices wants it."""
        chosen: dict[str, str] = {}
        for place, shown in enumerate(self._shown):
            chooser = self.cellWidget(0, place)
            assert isinstance(chooser, QComboBox)
            if chooser.currentData() is not Role.NONE:
                chosen.setdefault(str(chooser.currentData()), f"#{shown.index + 1}")
        return chosen

    def _rebuild(self, plan: ImportPlan) -> None:
        self.clear()
        self.setColumnCount(len(plan.columns))
        self.setRowCount(1)
        self.setRowHeight(0, 38)
        self.setHorizontalHeaderLabels([c.name for c in plan.columns])
        for place, shown in enumerate(plan.columns):
            chooser = _fixed(tuple((words, role) for role, words in ROLE_WORDS.items()))
            chooser.setAccessibleName(f"Meaning of column {shown.name}")
            chooser.currentIndexChanged.connect(self.changed)
            self.setCellWidget(0, place, chooser)
            self.setColumnWidth(place, COLUMN_PX)

    def _fill(self, plan: ImportPlan) -> None:
        rows = plan.sample[:N_SAMPLE_ROWS]
        self.setRowCount(1 + len(rows))
        for number, cells in enumerate(rows, 1):
            meaning = _words_of(plan.sample_bars[number - 1], plan) if number <= len(plan.sample_bars) else ""
            for place, text in enumerate(cells[: len(plan.columns)]):
                item = QTableWidgetItem(text)
                item.setToolTip(meaning)
                self.setItem(number, place, item)


def _words_of(bar: Bar, plan: ImportPlan) -> str:
    when = format_time(bar.event_ns, is_dated=plan.spec.is_dated)
    prices = "  ".join(
        f"{name} {format_price(p)}" for name, p in zip("OHLC", (bar.open, bar.high, bar.low, bar.close), strict=True)
    )
    return f"Read as {when}{'' if plan.spec.is_dated else ' UTC'}  {prices}  V {format_compact(bar.volume)}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _given(choices: Choices) -> dict[str, Any]:
    return {name: value for name in choices.__struct_fields__ if (value := getattr(choices, name)) is not None}


def _fixed(options: Options) -> QComboBox:
    box = QComboBox()
    for words, value in options:
        box.addItem(words, value)
    return box


def _editable(options: tuple[str, ...], hint: str) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItems(list(options))
    field = box.lineEdit()
    assert field is not None
    field.setPlaceholderText(hint)
    field.setMaxLength(64)
    return box


def _pick(box: QComboBox, value: Any) -> None:
    with QSignalBlocker(box):
        box.setCurrentIndex(next((n for n in range(box.count()) if box.itemData(n) == value), -1))


def _write(box: QComboBox, text: str) -> None:
    field = box.lineEdit()
    assert field is not None
    if not field.hasFocus():
        with QSignalBlocker(box), QSignalBlocker(field):
            box.setCurrentText(text)
    restyle(box, invalid=False)
