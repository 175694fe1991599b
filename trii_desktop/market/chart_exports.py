"""The chart taken elsewhere: as a picture or as numbers, into a file or onto the clipboard."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from backend.commands.bar_files import replacing
from backend.errors import InvalidInput
from backend.events import Level
from backend.storage.durable import explain_os_error
from trii_desktop.charts.chart_table import ChartTable, table_of
from trii_desktop.charts.render import png_of
from trii_desktop.charts.still_picture import image_of, svg_of
from trii_desktop.desk import Desk
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.widgets.numbers import format_count

COPIED_MAX: Final = 100_000  # rows: beyond, programs that paste them stall
_PICTURES: Final = "Picture (*.png);;Shapes that can be enlarged (*.svg)"
_TABLES: Final = "Table (*.csv)"


class ChartExports:
    """Methods that the action table names; all of them act on what the active chart shows at that moment."""

    def __init__(self, window: QWidget, desk: Desk, active: ActiveChart) -> None:
        self._window = window
        self._desk = desk
        self._active = active

    @property
    def _panel(self) -> ChartPanel:
        return self._active.current

    def save_picture(self) -> None:
        """Ask where to, and save the chart as PNG or SVG."""
        self._ask("Save picture of the chart", ".png", _PICTURES).fileSelected.connect(self.save_picture_to)

    def save_table(self) -> None:
        """Ask where to, and save the bars in view and their studies as CSV."""
        self._ask("Save numbers of the chart", ".csv", _TABLES).fileSelected.connect(self.save_table_to)

    def save_picture_to(self, name: str) -> None:
        """Save the chart at ``name``, as SVG where it ends in that."""
        path, view = Path(name), self._panel.view
        if path.suffix.lower() == ".svg":
            self._desk.start("Saving the picture", self._save(path, [svg_of(view, self._title).encode()], "The picture was saved."))
        else:
            self._desk.start("Saving the picture", self._save_image(path, image_of(view)))

    def save_table_to(self, name: str) -> None:
        """Save the bars in view at ``name``."""
        table = self._table()
        words = f"{format_count(table.n_bars)} bars were saved."
        self._desk.start("Saving the numbers", self._save(Path(name), _encoded(table), words))

    def copy_picture(self) -> None:
        """Put a picture of the chart on the clipboard."""
        QGuiApplication.clipboard().setImage(image_of(self._panel.view))
        self._desk.notices.say("The picture was copied.")

    def copy_table(self) -> None:
        """Put the bars in view on the clipboard, as a spreadsheet takes them."""
        table = self._table()
        self._desk.start("Copying the numbers", self._copy(table))

    @property
    def _title(self) -> str:
        shown = self._panel.shown
        return f"{shown.instrument.id} {shown.spec}" if shown is not None else "Chart"

    def _table(self) -> ChartTable:
        view = self._panel.view
        with view.still():  # brings what is in view up to date, also where nothing was painted since it changed
            return table_of(view.model)

    def _ask(self, title: str, suffix: str, kinds: str) -> QFileDialog:
        name = f"{self._title}{suffix}".replace("/", "-")
        dialog = _SaveDialog(self._window, title, str(Path.home() / name), kinds)
        dialog.follow_kind(dialog.selectedNameFilter())
        dialog.open()
        return dialog

    async def _save_image(self, path: Path, image: QImage) -> None:
        picture = await asyncio.to_thread(png_of, image)
        await self._save(path, [picture], "The picture was saved.")

    async def _save(self, path: Path, pieces: Iterable[bytes], words: str) -> None:
        await asyncio.to_thread(_write, path, pieces)
        self._desk.notices.say(words, str(path), level=Level.SUCCESS)

    async def _copy(self, table: ChartTable) -> None:
        if table.n_bars > COPIED_MAX:
            raise InvalidInput(
                f"{format_count(table.n_bars)} bars are too many for the clipboard.",
                hint=f"Zoom in until at most {format_count(COPIED_MAX)} are in view, or save the numbers as a file.",
                code="chart.copy",
            )
        text = await asyncio.to_thread(_joined, table)
        made = QMimeData()
        made.setText(text)
        QGuiApplication.clipboard().setMimeData(made)
        self._desk.notices.say(f"{format_count(table.n_bars)} bars were copied.")


class _SaveDialog(QFileDialog):
    """Names without an ending get that of the kind of file that is chosen."""

    def __init__(self, window: QWidget, title: str, name: str, kinds: str) -> None:
        super().__init__(window, title, name, kinds)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.filterSelected.connect(self.follow_kind)

    def follow_kind(self, kind: str) -> None:
        """Take the ending from a filter like ``Table (*.csv)``."""
        self.setDefaultSuffix(kind.rpartition("(*.")[2].rstrip(")"))


def _encoded(table: ChartTable) -> Iterator[bytes]:
    return (piece.encode() for piece in table.pieces())


def _joined(table: ChartTable) -> str:
    return "".join(table.pieces("\t"))


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        with replacing(path) as file:
            for piece in pieces:
                file.write(piece)
    except OSError as e:
        raise explain_os_error(e, "save the chart", path) from e
