"""The import dialog: choose, preview and correct, import with progress, read the report; the window stays usable."""

import asyncio
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QSplitter, QStackedWidget, QWidget

from backend.bus import Subscription
from backend.errors import TriiError
from backend.events import ImportProgressed, JobChanged
from backend.jobs.imports import Batch
from backend.jobs.job import Job, JobState
from backend.market.importers.plan import Choices
from trii_desktop.desk import Desk
from trii_desktop.market.import_files import DropZone, dropped_paths, expand
from trii_desktop.market.import_list import ImportList, Item, ItemState
from trii_desktop.market.import_mapping import MappingForm
from trii_desktop.market.import_progress import ProgressView
from trii_desktop.market.import_report import ReportView
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, holding, label, line, row
from trii_desktop.widgets.numbers import format_count

CHOOSE, WORK = range(2)
NOTHING, MAPPING, RUNNING, REPORT, PROBLEM = range(5)


class ImportDialog(QDialog):
    """Not modal. What it imports is a job, which goes on when it is closed, and is shown again by ``show_job``.

    ``wants_chart`` carries the Series of a report that the user wants to see; ``closed`` comes at the end.
    """

    wants_chart = Signal(object)
    closed = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._known: tuple[str, ...] = ()
        self._reading: asyncio.Task[None] | None = None
        self._submitting: asyncio.Task[None] | None = None
        self._job_id = 0  # of the import that is followed; 0 for none
        self._followed: list[Item] = []  # its tables, in its order
        self._hearing: asyncio.Task[None] | None = None
        self._has_news = False
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
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(ImportProgressed, self._progressed),
            desk.bridge.subscribe(JobChanged, self._job_changed),
        ]
        self._refresh()

    @property
    def is_running(self) -> bool:
        """Whether an import is under way, or waits for its turn."""
        return bool(self._job_id) or (self._submitting is not None and not self._submitting.done())

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
            self._submitting = self._desk.tasks.start("import", self._submit())
            self._refresh()

    def cancel(self) -> None:
        """Stop the import; the table under way leaves nothing behind, those before it stay."""
        if self._job_id:
            self._desk.start("Cancelling the import", self._desk.bridge.call(self._desk.backend.imports.stop(self._job_id)))

    def show_job(self, batch: Batch) -> None:
        """Follow the tables of a job that was asked for before, or show what became of them."""
        if self.is_running:
            return
        self._pages.setCurrentIndex(WORK)
        self._follow(batch.job.id, [self.items.put(plan) for plan in batch.plans])
        self._take(batch)

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

    async def _submit(self) -> None:
        items = self.items.ready()
        plans = tuple(item.plan for item in items if item.plan is not None)
        try:
            job = await self._desk.bridge.call(self._desk.backend.imports.submit(plans))
        except TriiError as error:
            self._status.setText(str(error))
        else:
            self._follow(job.id, items)
            self._hear()
        finally:
            self._submitting = None
            self._refresh()

    def _follow(self, job_id: int, items: list[Item]) -> None:
        self._job_id, self._followed = job_id, items
        self._status.setText("")
        self.progress.begin(len(items))
        self.items.lock(locked=True)
        self._right.setCurrentIndex(RUNNING)
        self._refresh()

    def _job_changed(self, event: JobChanged) -> None:
        if self._job_id and event.job_id == self._job_id:
            self._hear()

    def _hear(self) -> None:
        """Look at the job: now, or once more when the look that is under way has ended."""
        if self._hearing is not None and not self._hearing.done():
            self._has_news = True
        else:
            self._hearing = self._desk.tasks.start("looking at the import", self._look_at_job())

    async def _look_at_job(self) -> None:
        self._has_news = True
        while self._has_news and self._job_id:
            self._has_news = False
            self._take(await self._desk.bridge.call(self._desk.backend.imports.batch(self._job_id)))

    def _take(self, batch: Batch) -> None:
        """Show how far each table of the job is."""
        for item, outcome in zip(self._followed, batch.outcomes, strict=False):
            if item.state not in (ItemState.DONE, ItemState.FAILED):
                item.take(outcome)
                self.items.refresh(item)
                self.items.select(item)
        state, n_ended = batch.job.state, len(batch.outcomes)
        if batch.job.is_over:
            self._end(batch.job)
        elif state is JobState.RUNNING and n_ended < len(self._followed):
            item = self._followed[n_ended]
            if item.state is not ItemState.RUNNING and item.plan is not None:
                self.progress.next_table(item.plan, n_ended + 1)
                self.items.mark(item, ItemState.RUNNING)
        elif state is JobState.WAITING:
            self.progress.wait()
        self._refresh()

    def _end(self, job: Job) -> None:
        for item in self._followed:
            if item.state is ItemState.RUNNING:
                self.items.mark(item, ItemState.READY)
        if job.state is JobState.CANCELLED:
            self._status.setText(f"Cancelled. {job.words or 'Nothing was imported.'}")
        self._job_id, self._followed = 0, []
        self.items.lock(locked=False)
        self._refresh()
        self._show_current()

    def _progressed(self, event: ImportProgressed) -> None:
        running = next((item for item in self._followed if item.state is ItemState.RUNNING), None)
        if running is not None and event.name == running.name:
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
        if self.is_running and (item is None or item.state in (ItemState.RUNNING, ItemState.READY)):
            self._right.setCurrentIndex(RUNNING)
        elif item is None:
            self._right.setCurrentIndex(NOTHING if self._reading is not None and not self._reading.done() else PROBLEM)
        elif item.report is not None:
            self.report.show_report(item.report)
            self._right.setCurrentIndex(REPORT)
        elif item.record is not None:
            words = (
                f"{format_count(item.record.n_accepted)} rows of it were new, {format_count(item.record.n_refused)} were refused."
            )
            self._problem.say(f"{item.name} is stored", words, "check-mark")
            self._right.setCurrentIndex(PROBLEM)
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
        self._close.setText("Close; it goes on" if self.is_running else "Close")

    # --- Qt --------------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the dialog."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the files."""
        self.read(dropped_paths(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Look no more; an import that is under way goes on as a job."""
        for task in (self._reading, self._previewing, self._hearing):
            if task is not None:
                task.cancel()
        if self.is_running:
            self._desk.notices.say("The import goes on.", "The list of jobs (View) shows how far it is, and can cancel it.")
        self._job_id = 0
        for subscription in self._subscriptions:
            subscription.close()
        self.closed.emit()
        super().closeEvent(event)

    def reject(self) -> None:
        """Esc closes."""
        self.close()
