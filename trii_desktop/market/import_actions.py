"""What can be done to bring data in: the import dialog, of which there is one at most."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from trii_desktop.desk import Desk
from trii_desktop.market.chart_actions import ChartActions
from trii_desktop.market.import_dialog import ImportDialog
from trii_desktop.market.import_files import open_folder_dialog


class ImportActions:
    """Methods that the action table names."""

    def __init__(self, window: QWidget, desk: Desk, chart: ChartActions) -> None:
        self._window = window
        self._desk = desk
        self._chart = chart
        self.dialog: ImportDialog | None = None

    def open_dialog(self, paths: tuple[Path, ...] = ()) -> None:
        """Open the import dialog, or bring it up, with ``paths`` added."""
        self._open().read(paths)

    def show_job(self, job_id: int) -> None:
        """Show how far an import is that was asked for before, or what became of it."""
        self._desk.start("Showing the import", self._show_job(job_id))

    async def _show_job(self, job_id: int) -> None:
        batch = await self._desk.bridge.call(self._desk.backend.imports.batch(job_id))
        self._open().show_job(batch)

    async def _show_open_job(self) -> None:
        batch = await self._desk.bridge.call(self._desk.backend.imports.open_batch())
        if batch is not None and self.dialog is not None:
            self.dialog.show_job(batch)

    def _open(self) -> ImportDialog:
        if self.dialog is None:
            self.dialog = ImportDialog(self._desk, self._window)
            self.dialog.wants_chart.connect(self._chart.show_series)
            self.dialog.closed.connect(self._closed)
            self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        return self.dialog

    def files(self) -> None:
        """Open the import dialog, with the import that is under way where there is one."""
        self.open_dialog()
        self._desk.start("Looking for imports under way", self._show_open_job())

    def folder(self) -> None:
        """Choose a folder to import."""
        dialog = open_folder_dialog(self._window)
        dialog.fileSelected.connect(self._folder_chosen)
        dialog.open()

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def _folder_chosen(self, name: str) -> None:
        self.open_dialog((Path(name),))

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
