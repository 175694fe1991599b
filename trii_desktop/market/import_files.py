"""The import dialog's first page: choose files or a folder, or drop them."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QWidget

from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, label, restyle, row

N_FILES_MAX: Final = 2_000
_FILTER: Final = (
    "Tables (*.csv *.tsv *.txt *.prn *.dat *.parquet *.arrow *.feather *.ipc *.json *.jsonl *.ndjson *.xlsx *.xls *.ods *.zip *.gz)"
    ";;All files (*)"
)


def dropped_paths(data: QMimeData) -> tuple[Path, ...]:
    """Local files and folders among what is dragged."""
    return tuple(Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())


def expand(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Files as they are, folders as the visible files inside them, in order; at most 2,000."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file() and not _is_hidden(p, path)) if path.is_dir() else [path]
        found.update(dict.fromkeys(inside))
    return tuple(found)[:N_FILES_MAX]


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def open_file_dialog(parent: QWidget, folder: Path | None = None) -> QFileDialog:
    """A dialog that chooses files; connect ``filesSelected`` and call ``open``."""
    dialog = QFileDialog(parent, "Choose files to import", str(folder or Path.home()), _FILTER)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


def open_folder_dialog(parent: QWidget, folder: Path | None = None) -> QFileDialog:
    """A dialog that chooses a folder; connect ``fileSelected`` and call ``open``."""
    dialog = QFileDialog(parent, "Choose a folder to import", str(folder or Path.home()))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


class DropZone(QFrame):
    """Where files are dropped or chosen; ``chosen`` carries a tuple of paths."""

    chosen = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setAcceptDrops(True)
        self.setProperty("role", "dropZone")
        self.setAccessibleName("Drop files here")
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = label("Drop files or a folder here", "heading")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        kinds = label("CSV and other text, Excel, Parquet, Arrow, JSON, also inside zip and gz", "muted", wraps=True)
        kinds.setAlignment(Qt.AlignmentFlag.AlignCenter)
        origins = label("Exports of TradingView, MetaTrader, Yahoo Finance and Binance are recognised.", "caption", wraps=True)
        origins.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.files = button("Choose files…", primary=True)
        self.folder = button("Choose folder…")
        self.files.clicked.connect(self._choose_files)
        self.folder.clicked.connect(self._choose_folder)
        choices = row(None, self.files, self.folder, None)
        self.setLayout(column(None, self._icon, title, kinds, 8, choices, 8, origins, None, margins=(24, 24, 24, 24)))
        look.changed.connect(self._paint_icon)
        self._paint_icon()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Light up for local files."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            restyle(self, over=True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Fade again."""
        restyle(self, over=False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the files."""
        restyle(self, over=False)
        self.chosen.emit(dropped_paths(event.mimeData()))

    def _choose_files(self) -> None:
        dialog = open_file_dialog(self)
        dialog.filesSelected.connect(self._selected)
        dialog.open()

    def _choose_folder(self) -> None:
        dialog = open_folder_dialog(self)
        dialog.fileSelected.connect(self._selected_one)
        dialog.open()

    def _selected(self, names: list[str]) -> None:
        self.chosen.emit(tuple(Path(name) for name in names))

    def _selected_one(self, name: str) -> None:
        self.chosen.emit((Path(name),))

    def _paint_icon(self) -> None:
        self._icon.setPixmap(self._look.icon("import", self._look.palette.muted).pixmap(36, 36))
