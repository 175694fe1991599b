"""The import dialog: choose, preview and correct, import with progress, read the report; the window stays usable."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QSplitter, QStackedWidget, QWidget

from backend.errors import TriiError
from backend.events import ImportProgressed
from backend.market.importers.plan import Choices, ImportPlan
from backend.market.importers.report import ImportReport
from trii_desktop.desk import Desk
from trii_desktop.market.import_files import DropZone, dropped_paths, expand
from trii_desktop.market.import_list import ImportList, Item, ItemState
from trii_desktop.market.import_mapping import MappingForm
from trii_desktop.market.import_progress import ProgressView
from trii_desktop.market.import_report import ReportView
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, holding, label, line, row

CHOOSE, WORK = range(2)
NOTHING, MAPPING, RUNNING, REPORT, PROBLEM = range(5)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How one table ended: its report, or the words of what went wrong."""

    report: ImportReport | None = None
    problem: str = ""


class ImportDialog(QDialog):
    """Not modal. ``wants_chart`` carries the Series of a report that the user wants to see; ``closed`` comes at the end."""

    wants_chart = Signal(object)
    closed = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._known: tuple[str, ...] = ()
        self._reading: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._previewing: asyncio.Task[None] | None = None
        self.setWindowTitle("Import prices")
        self.setAccessibleName("Import prices")
        self.setAcceptDrops(True)
        self.setModal(False)
        self.resize(1080, 720)
        self.setMinimumSize(760, 520)
        self.zone = DropZone(desk.look)
        self.zone.chosen.connect(self.read)
        self.items = ImportList(desk.look)
        self.items.current_changed.connect(self._show_current)
        self.mapping = MappingForm(desk.look)
        self.mapping.corrected.connect(self._correct)
        self.progress = ProgressView()
        self.report = ReportView(desk.look)
        self.report.wants_chart.connect(self.wants_chart)
        self._nothing = EmptyState("Reading the files", "What they hold is being recognised.", desk.look, "file")
        self._problem = EmptyState("This file cannot be imported", "", desk.look, "warning")
        self._right = QStackedWidget()
        for part in (self._nothing, self.mapping, self.progress, self.report, self._problem):
            self._right.addWidget(part)
        self._pages = QStackedWidget()
        self._pages.addWidget(holding(column(self.zone, margins=(16, 16, 16, 0))))
        self._pages.addWidget(self._make_work_page())
        self._status = label("", "muted")
        self._more = button("Add files…")
        self._more.clicked.connect(self.zone.files.click)
        self._cancel = button("Cancel")
        self._cancel.clicked.connect(self.cancel)
        self._start = button("Import", primary=True)
        self._start.clicked.connect(self.start_import)
        self._close = button("Close")
        self._close.clicked.connect(self.close)
        foot = row(self._status, None, self._more, self._close, self._cancel, self._start, margins=(16, 12, 16, 12))
        self.setLayout(column(self._pages, line(), foot, gap=0))
        self._subscription = desk.bridge.subscribe(ImportProgressed, self._progressed)
        self._refresh()

    @property
    def is_running(self) -> bool:
        """Whether an import is under way."""
        return self._running is not None and not self._running.done()

    def read(self, paths: tuple[Path, ...]) -> None:
        """Add files and folders and recognise what they hold."""
        if paths and not self.is_running:
            self._pages.setCurrentIndex(WORK)
            before, self._reading = self._reading, None
            self._reading = self._desk.tasks.start("reading files", self._read(paths, before))
            self._refresh()

    def start_import(self) -> None:
        """Import every table that is ticked and ready."""
        if not self.is_running and self.items.ready():
            self._running = self._desk.tasks.start("import", self._run())

    def cancel(self) -> None:
        """Stop the import; the table under way leaves nothing behind, those before it stay."""
        if self._running is not None:
            self._running.cancel()

    # --- reading ---------------------------------------------------------------------------------------------------------

    async def _read(self, paths: tuple[Path, ...], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        backend, call = self._desk.backend, self._desk.bridge.call
        self._known = tuple(str(i.id) for i in await call(self._desk.engine.instruments()))
        files = [path for path in await asyncio.to_thread(expand, paths) if not self.items.has(path)]
        for number, path in enumerate(files, 1):
            self._status.setText(f"Reading {path.name} ({number} of {len(files)})" if len(files) > 1 else f"Reading {path.name}")
            try:
                for plan in await call(backend.importer.preview(path)):
                    self.items.add(Item(path, plan))
            except TriiError as error:
                self.items.add(Item(path, problem=str(error), state=ItemState.FAILED))
        if not files:
            self._problem.say("Nothing to import here", "The folder holds no files, or they are on the list already.", "folder")
        self._status.setText("")
        self._refresh()
        self._show_current()
        if not backend.settings.current.data.ask_before_import:
            self.start_import()

    def _correct(self, choices: Choices) -> None:
        item = self.items.current()
        if item is not None and item.plan is not None and not self.is_running:
            if self._previewing is not None:
                self._previewing.cancel()
            self._previewing = self._desk.tasks.start("preview", self._preview(item, choices))

    async def _preview(self, item: Item, choices: Choices) -> None:
        assert item.plan is not None
        inside = item.plan.inside
        try:
            plans = await self._desk.bridge.call(self._desk.backend.importer.preview(item.path, choices))
        except TriiError as error:
            self.mapping.refuse(str(error))
            return
        fresh = next((plan for plan in plans if plan.inside == inside), None)
        if fresh is not None:
            item.plan = fresh
            item.state = ItemState.READY if fresh.is_ready else ItemState.OPEN
            self.items.refresh(item)
            if self.items.current() is item:
                self.mapping.show_plan(fresh, self._known)
        self._refresh()

    # --- importing -------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        items = self.items.ready()
        self._right.setCurrentIndex(RUNNING)
        self.progress.begin(len(items))
        self.items.lock(locked=True)
        self._refresh()
        newest = ""
        try:
            for item in items:
                assert item.plan is not None
                newest = await self._newest_import()
                self.progress.next_table(item.plan)
                self.items.mark(item, ItemState.RUNNING)
                outcome = await self._import(item.plan)
                item.report, item.problem = outcome.report, outcome.problem
                self.items.mark(item, ItemState.DONE if outcome.report else ItemState.FAILED)
                self.items.select(item)
        except asyncio.CancelledError:
            is_stored = newest != await self._newest_import()
            for item in items:
                if item.state is ItemState.RUNNING:
                    self.items.mark(item, ItemState.DONE if is_stored else ItemState.READY)
            stored = "was stored already" if is_stored else "was not stored"
            self._status.setText(f"Cancelled; the table under way {stored}.")
        finally:
            self._running = None
            self.items.lock(locked=False)
            self._refresh()
            self._show_current()

    async def _newest_import(self) -> str:
        records = await self._desk.bridge.call(self._desk.backend.importer.history(1))
        return records[0].import_id if records else ""

    async def _import(self, plan: ImportPlan) -> _Outcome:
        try:
            return _Outcome(await self._desk.bridge.call(self._desk.backend.importer.run(plan)))
        except TriiError as error:
            return _Outcome(problem=str(error))

    def _progressed(self, event: ImportProgressed) -> None:
        if self.is_running:
            self.progress.show_progress(event)

    # --- what is shown ---------------------------------------------------------------------------------------------------

    def _make_work_page(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        left = frame("panel", column(self.items))
        left.setMinimumWidth(220)
        splitter.addWidget(left)
        splitter.addWidget(self._right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([280, 800])
        return splitter

    def _show_current(self) -> None:
        item = self.items.current()
        if self.is_running and (item is None or item.state is ItemState.RUNNING):
            self._right.setCurrentIndex(RUNNING)
        elif item is None:
            self._right.setCurrentIndex(NOTHING if self._reading is not None and not self._reading.done() else PROBLEM)
        elif item.report is not None:
            self.report.show_report(item.report)
            self._right.setCurrentIndex(REPORT)
        elif item.plan is not None and not item.problem:
            self.mapping.show_plan(item.plan, self._known)
            self._right.setCurrentIndex(MAPPING)
        else:
            self._problem.say(f"{item.path.name} cannot be imported", item.problem, "warning")
            self._right.setCurrentIndex(PROBLEM)

    def _refresh(self) -> None:
        ready, is_working = self.items.ready(), self._pages.currentIndex() == WORK
        self._start.setVisible(is_working and not self.is_running and (bool(ready) or not self.items.n_done()))
        self._start.setEnabled(bool(ready))
        self._start.setText(f"Import {len(ready)} tables" if len(ready) > 1 else "Import")
        self._start.setDefault(bool(ready))
        self._cancel.setVisible(self.is_running)
        self._more.setVisible(is_working and not self.is_running)
        self._close.setVisible(not self.is_running)

    # --- Qt --------------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the dialog."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the files."""
        self.read(dropped_paths(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what is under way and let the subscription go."""
        for task in (self._reading, self._previewing, self._running):
            if task is not None:
                task.cancel()
        self._subscription.close()
        self.closed.emit()
        super().closeEvent(event)

    def reject(self) -> None:
        """Esc closes, but not while an import runs."""
        if not self.is_running:
            self.close()
