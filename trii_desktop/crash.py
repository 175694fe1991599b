"""Crash reports on screen: a notice when there are some, and a dialog to read, copy and dismiss them."""

import asyncio

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QListWidget, QPlainTextEdit, QSplitter, QWidget

from backend.crash import CrashReport, dismiss_report, pending_reports
from backend.events import Level
from backend.storage.paths import Home
from trii_desktop.desk import Desk
from trii_desktop.notifications import Offer
from trii_desktop.widgets.layout import button, column, holding, label, row


class CrashReports:
    """Tells of reports that were not dismissed, and shows them."""

    def __init__(self, window: QWidget, desk: Desk) -> None:
        self._window = window
        self._desk = desk

    async def tell(self) -> None:
        """Raise a notice where there are reports; silent where there are none."""
        reports = await asyncio.to_thread(pending_reports, self._desk.backend.home)
        if reports:
            title = "A crash report is waiting." if len(reports) == 1 else f"{len(reports)} crash reports are waiting."
            text = "Nothing was sent anywhere. Look at it, and pass it on if you like."
            self._desk.notices.say(title, text, level=Level.WARNING, offer=Offer("Show", self.show_all, "help.crashes"))

    def show_all(self) -> None:
        """Open the dialog."""
        self._desk.start("Reading the crash reports", self._show())

    async def _show(self) -> None:
        reports = await asyncio.to_thread(pending_reports, self._desk.backend.home)
        CrashDialog(self._window, self._desk.backend.home, reports).show()


class CrashDialog(QDialog):
    """Reports on the left, the chosen one's words on the right."""

    def __init__(self, parent: QWidget, home: Home, reports: tuple[CrashReport, ...]) -> None:
        super().__init__(parent)
        self._home = home
        self._reports = list(reports)
        self.setWindowTitle("Crash reports")
        self.setAccessibleName("Crash reports")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(860, 540)
        self.view = QListWidget()
        self.view.setAccessibleName("Reports")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("The report")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setStyleSheet("font-family: monospace; font-size: 12px;")
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.view)
        splitter.addWidget(holding(column(self.text)))
        splitter.setSizes([260, 600])
        words = label(
            "What was not caught is written down here, without secrets. Nothing leaves this computer by itself.",
            "muted",
            wraps=True,
        )
        folder, self._copy, self._dismiss = button("Open folder"), button("Copy"), button("Dismiss")
        close = button("Close", primary=True)
        folder.clicked.connect(self._open_folder)
        self._copy.clicked.connect(self._copy_text)
        self._dismiss.clicked.connect(self.dismiss_current)
        close.clicked.connect(self.accept)
        body = column(words, splitter, row(folder, None, self._copy, self._dismiss, close), margins=(16, 16, 16, 12), gap=12)
        body.setStretchFactor(splitter, 1)
        self.setLayout(body)
        self.view.currentRowChanged.connect(self._show)
        self._fill()

    def dismiss_current(self) -> None:
        """Delete the report shown."""
        place = self.view.currentRow()
        if 0 <= place < len(self._reports):
            dismiss_report(self._home, self._reports.pop(place).id)
            self._fill()

    def _fill(self) -> None:
        self.view.clear()
        for report in self._reports:
            times = f", {report.n_times} times" if report.n_times > 1 else ""
            self.view.addItem(f"{report.kind}{times}\n{report.last}")
        has_some = bool(self._reports)
        self._copy.setEnabled(has_some)
        self._dismiss.setEnabled(has_some)
        if has_some:
            self.view.setCurrentRow(0)
        else:
            self.text.setPlainText("There are no crash reports.")

    def _show(self, place: int) -> None:
        if 0 <= place < len(self._reports):
            self.text.setPlainText(words_of(self._reports[place]))

    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._home.crashes)))


def words_of(report: CrashReport) -> str:
    """A report as text."""
    versions = "\n".join(f"{name} {version}" for name, version in report.versions.items())
    seen = f"Seen {report.n_times} times, first {report.first}, last {report.last}, in {report.where}"
    log = "\n".join(report.log)
    return f"{report.kind}: {report.text}\n{seen}\n\n{report.stack}\n{versions}\n\n{log}".rstrip() + "\n"
