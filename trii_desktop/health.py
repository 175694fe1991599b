"""The page of the program's health: everything it measures of itself, with what that means, looked at once a second."""

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QDialog, QHeaderView, QTableWidgetItem, QWidget

from trii_desktop.look import Look
from trii_desktop.reading import Reading
from trii_desktop.readings import Readings
from trii_desktop.widgets.layout import button, column, label, row
from trii_desktop.widgets.table import RowTable

LOOK_MS: Final = 1_000
ROW_PX: Final = 48
COLUMNS: Final = ("What", "Now", "What it means")


class HealthDialog(QDialog):
    """One row a reading; not modal, so that one can watch it while working."""

    def __init__(self, parent: QWidget, readings: Readings, look: Look) -> None:
        super().__init__(parent)
        self._readings = readings
        self._look = look
        self.setWindowTitle("Health of the program")
        self.setAccessibleName("Health of the program")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(820, 520)
        self.table = RowTable("Readings", COLUMNS)
        self.table.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.table.setWordWrap(True)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        copy, close = button("Copy"), button("Close", primary=True)
        copy.clicked.connect(self.copy)
        close.clicked.connect(self.accept)
        close.setDefault(True)
        words = "What the program measures of its own work. Nothing of it leaves this computer."
        self.setLayout(
            column(label(words, "muted", wraps=True), self.table, row(copy, None, close), margins=(16, 16, 16, 12), gap=12)
        )
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.refresh()

    def choose(self, name: str) -> None:
        """Select the row of a reading."""
        for place, reading in enumerate(self._readings.all()):
            if reading.name == name:
                self.table.selectRow(place)

    def refresh(self) -> None:
        """Show what is measured now."""
        readings = self._readings.all()
        if self.table.rowCount() != len(readings):
            self.table.setRowCount(len(readings))
            for place in range(len(readings)):
                for number in range(len(COLUMNS)):
                    self.table.setItem(place, number, QTableWidgetItem())
        for place, reading in enumerate(readings):
            self._fill(place, reading)

    def copy(self) -> None:
        """Put all of it on the clipboard as text."""
        lines = (f"{reading.title}: {reading.value}" for reading in self._readings.all())
        QGuiApplication.clipboard().setText("\n".join(lines))

    def done(self, result: int) -> None:
        """Look no more."""
        self._timer.stop()
        super().done(result)

    def _fill(self, place: int, reading: Reading) -> None:
        palette = self._look.palette
        inks = (palette.text, palette.warning if reading.is_warning else palette.text, palette.muted)
        for number, text in enumerate((reading.title, reading.value, reading.meaning)):
            item = self.table.item(place, number)
            if item is not None:
                item.setText(text)
                item.setForeground(QColor(inks[number]))
