"""The dialog of models: taken in by file or address, examined on this computer, chosen for modes; it stays open beside the work."""

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, SignalInstance
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHideEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QPushButton, QSplitter, QStackedWidget, QWidget

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard
from trii_desktop.assistant.models.deeds import ModelDeeds
from trii_desktop.assistant.models.download_form import DownloadForm
from trii_desktop.assistant.models.model_details import WIDTH_PX, ModelDetails
from trii_desktop.assistant.models.model_table import ModelTable
from trii_desktop.assistant.models.words import TITLES
from trii_desktop.assistant.models.work_strip import WorkStrip
from trii_desktop.look import Look
from trii_desktop.market.import_files import dropped_paths
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, holding, label, line, row

LOOK_MS: Final = 250
_SUFFIX: Final = ".gguf"
_INTRO: Final = (
    "Models phrase the assistant's answers on this computer; every number in them is computed by code, whichever model writes. "
    "One that is not fit for a mode leaves it to plain wording."
)
_EMPTY: Final = (
    "Without one, answers and analyses are complete, in plain wording. To have them phrased, drop a .gguf file here, "
    "add one from this computer, or download one."
)


class ModelsDialog(QDialog):
    """Not modal. Enter examines the chosen model, Delete removes it; a .gguf file may be dropped anywhere on it."""

    def __init__(self, parent: QWidget, look: Look, deeds: ModelDeeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self.setWindowTitle("Models")
        self.setAccessibleName("Models")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(1280, 720)
        self.setMinimumSize(960, 560)
        self.table = ModelTable(look)
        self.table.currentCellChanged.connect(self._show_chosen)
        self.table.cellActivated.connect(self._open_examine_menu)
        self.details = ModelDetails()
        self.details.use_changed.connect(self._use)
        self.details.examine_wanted.connect(self._examine_one)
        self.form = DownloadForm(deeds.download)
        self.form.closed.connect(self._form_closed)
        self.form.hide()
        self.works = WorkStrip(deeds)
        self.add_button, self.download_button = button("Add file…", primary=True), button("Download…")
        self.starter_button = button("Use the starter model")
        self.examine_button, self.remove_button = button("Examine"), button("Remove")
        self.adapter_button = button("Additions", name="Adapters and projector of the chosen model")
        self._adapter_menu = QMenu(self)
        self._adapter_menu.aboutToShow.connect(self._fill_adapter_menu)
        self.adapter_button.setMenu(self._adapter_menu)
        self._make_examine_menu()
        self.add_button.clicked.connect(self.choose_file)
        self.download_button.clicked.connect(self.form.open)
        self.starter_button.clicked.connect(deeds.add_starter)
        self.remove_button.clicked.connect(self._remove)
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table, self._remove, context=Qt.ShortcutContext.WidgetShortcut)
        close = button("Close")
        close.clicked.connect(self.accept)
        self._stack = QStackedWidget()
        self._empty = self._make_empty(look)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._make_full())
        head = row(label(_INTRO, "muted", wraps=True), margins=(16, 14, 16, 8))
        middle = column(self.form, self.works, margins=(16, 0, 16, 0), gap=8)
        own = (
            self.add_button,
            self.download_button,
            self.starter_button,
            None,
            self.adapter_button,
            self.examine_button,
            self.remove_button,
            close,
        )
        foot = row(*own, margins=(16, 10, 16, 12))
        self.setLayout(column(head, self._stack, middle, 8, line(), foot, gap=0))
        self._drop_words = label("Drop it to add the model", "dropWords")
        self._drop_words.setParent(self)
        self._drop_words.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._show_works)
        self.refresh()
        (self.table if self.table.cards else self._empty.findChildren(QPushButton)[0]).setFocus()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the models as they are now."""
        cards = self._deeds.cards()
        self._stack.setCurrentIndex(1 if cards else 0)
        self.table.show_cards(cards)
        has_starter = any(card.origin.startswith("package ") for card in cards)
        self.starter_button.setVisible(bool(cards) and self._deeds.has_starter and not has_starter)
        for made in (self.add_button, self.download_button, self.adapter_button, self.examine_button, self.remove_button):
            made.setVisible(bool(cards))
        self._show_chosen()
        self._show_works()

    def choose(self, model_id: str) -> None:
        """Put the cursor on a model."""
        self.table.choose(model_id)

    def _show_works(self) -> None:
        works = self._deeds.works()
        self.works.show_works(works, self._deeds.cut_short())
        self._show_details()

    def _show_chosen(self, *_places: int) -> None:
        chosen = self.table.current
        self.examine_button.setEnabled(chosen is not None and not chosen.is_embedding)
        self.adapter_button.setEnabled(chosen is not None and chosen.is_usable)
        self.remove_button.setEnabled(chosen is not None)
        self._show_details()

    def _show_details(self) -> None:
        if (chosen := self.table.current) is not None:
            self.details.show_card(chosen, self._busy(chosen))

    def _busy(self, card: ModelCard) -> frozenset[Mode]:
        """Modes for which it is being examined."""
        return frozenset(work.mode for work in self._deeds.works() if work.model == card.id and work.mode is not None)

    # --- deeds --------------------------------------------------------------------------------------------------------

    def choose_file(self) -> None:
        """Ask for files to add."""
        dialog = QFileDialog(self, "Add models", str(Path.home()), "Models (*.gguf);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._add_files)
        dialog.open()

    def _add_files(self, names: list[str]) -> None:
        for name in names:
            self._deeds.add(Path(name))

    def _use(self, mode: Mode, is_on: bool) -> None:  # noqa: FBT001 - the box tells it
        if (chosen := self.table.current) is not None:
            self._deeds.choose(mode, chosen if is_on else None)

    def _examine_one(self, mode: Mode, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - the action tells it
        self._examine((mode,))

    def _examine(self, modes: tuple[Mode, ...]) -> None:
        if (chosen := self.table.current) is not None and not chosen.is_embedding:
            self._deeds.examine(chosen, modes)

    def _remove(self) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.remove(chosen)

    def _form_closed(self) -> None:
        self.download_button.setFocus()

    def _fill_adapter_menu(self) -> None:
        self._adapter_menu.clear()
        chosen = self.table.current
        for mode, title in TITLES.items() if chosen is not None else ():
            adapter = chosen.adapter_for(mode) if chosen is not None else None
            if adapter is None:
                self._adapter_menu.addAction(f"Add an adapter for {title}…", partial(self._ask_adapter, mode))
            else:
                self._adapter_menu.addAction(f"Remove the adapter {adapter.name} from {title}", partial(self._remove_adapter, mode))

        if chosen is None:
            return
        self._adapter_menu.addSeparator()
        if chosen.projector is None:
            self._adapter_menu.addAction("Add a projector, to see charts…", self._ask_projector)
        else:
            self._adapter_menu.addAction(
                f"Remove the projector {chosen.projector.name}", partial(self._deeds.remove_projector, chosen)
            )

    def _ask_adapter(self, mode: Mode) -> None:
        self._ask_file("Add an adapter", "Adapters (*.gguf);;All files (*)").connect(partial(self._add_adapter, mode))

    def _ask_projector(self) -> None:
        self._ask_file("Add a projector", "Projectors (*mmproj*.gguf *.gguf);;All files (*)").connect(self._add_projector)

    def _ask_file(self, title: str, kinds: str) -> SignalInstance:
        """Ask for a file; the signal that brings its name."""
        dialog = QFileDialog(self, title, str(Path.home()), kinds)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog.fileSelected

    def _add_projector(self, name: str) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.add_projector(chosen, Path(name))

    def _add_adapter(self, mode: Mode, name: str) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.add_adapter(chosen, mode, Path(name))

    def _remove_adapter(self, mode: Mode) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.remove_adapter(chosen, mode)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_full(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(holding(column(self.table, margins=(16, 4, 0, 8))))
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([930, WIDTH_PX])
        return splitter

    def _make_empty(self, look: Look) -> QWidget:
        starter = (("Use the starter model", self._deeds.add_starter),) if self._deeds.has_starter else ()
        offers = (*starter, ("Add file…", self.choose_file), ("Download…", self.form.open))
        return EmptyState("No models yet", _EMPTY, look, "import", offers)

    def _make_examine_menu(self) -> None:
        self._examine_menu = QMenu(self)
        every = self._examine_menu.addAction("For all modes")
        every.triggered.connect(self._examine_all)
        self._examine_menu.addSeparator()
        for mode, title in TITLES.items():
            action = self._examine_menu.addAction(f"For {title}")
            action.triggered.connect(partial(self._examine_one, mode))
        self.examine_button.setMenu(self._examine_menu)

    def _examine_all(self) -> None:
        self._examine(tuple(Mode))

    def _open_examine_menu(self, *_place: int) -> None:
        if self.examine_button.isEnabled():
            self._examine_menu.popup(self.examine_button.mapToGlobal(self.examine_button.rect().topLeft()))

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Light up for models."""
        if _models_among(dropped_paths(event.mimeData())):
            event.acceptProposedAction()
            self._drop_words.adjustSize()
            self._place_drop_words()
            self._drop_words.show()
            self._drop_words.raise_()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Fade again."""
        self._drop_words.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the models."""
        self._drop_words.hide()
        for path in _models_among(dropped_paths(event.mimeData())):
            self._deeds.add(path)
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is said of a drop in the middle."""
        self._place_drop_words()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Look while it is seen."""
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no more."""
        self._timer.stop()
        super().hideEvent(event)

    def _place_drop_words(self) -> None:
        place = self.rect().center() - self._drop_words.rect().center()
        self._drop_words.move(place)


def _models_among(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(path for path in paths if path.suffix.lower() == _SUFFIX)
