"""The jobs dock: what runs in the background, what it came to, and how it is cancelled or tried again; by pointer or keys."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QMenu, QStackedWidget, QTableView, QWidget

from backend.events import JobChanged
from backend.jobs.imports import KIND as IMPORT
from backend.jobs.job import Job, JobState
from trii_desktop.desk import Desk
from trii_desktop.jobs.model import JOB_ROLE, JobFilter, JobModel
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.headers import kept_table, show_kept_table
from trii_desktop.widgets.layout import button, column, frame, row

FILTERS: Final = (
    ("All", None),
    ("Under way", frozenset({JobState.WAITING, JobState.RUNNING})),
    ("Failed or cancelled", frozenset({JobState.FAILED, JobState.CANCELLED})),
)
LISTED: Final = 500
ROW_PX: Final = 28
_WIDTHS: Final = (200, 116, 64, 0, 110, 110)
_TAKEN_BACK: Final = (JobState.FAILED, JobState.CANCELLED)
_PICK: Final = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class JobTable(QTableView):
    """Enter shows, Delete cancels; every other key is Qt's."""

    shown = Signal()
    cancelled = Signal()

    def __init__(self, proxy: JobFilter) -> None:
        super().__init__()
        self.setModel(proxy)
        self.setAccessibleName("Jobs")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for place, width in enumerate(_WIDTHS):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Interactive if width else QHeaderView.ResizeMode.Stretch)
            if width:
                header.resizeSection(place, width)
        self.setSortingEnabled(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys named above."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.shown.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)


class JobPanel(QWidget):
    """The dock's content. It reads jobs while it is visible; ``import_wanted`` carries the id of an import to be shown."""

    import_wanted = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._is_due = True
        self._is_reading = False
        self.model = JobModel(desk.look, desk.backend.jobs.title, desk.backend.clock.now_ns, self)
        self.proxy = JobFilter(self.model)
        self.table = JobTable(self.proxy)
        self.states = QComboBox()
        self.states.setAccessibleName("State of jobs")
        for title, states in FILTERS:
            self.states.addItem(title, states)
        self.show_button, self.retry_button, self.cancel_button = button("Show import"), button("Try again"), button("Cancel job")
        self._deeds = frame("panelFoot", row(self.show_button, self.retry_button, self.cancel_button, None, margins=(8, 6, 8, 6)))
        self._empty = EmptyState("No jobs", "", desk.look, "list")
        self._stack = QStackedWidget()
        for part in (self._empty, self.table):
            self._stack.addWidget(part)
        head = frame("panelHead", row(None, self.states, margins=(8, 4, 8, 4)))
        self.setLayout(column(head, self._stack, self._deeds, gap=0))
        self.setProperty("role", "panel")
        self._connect(desk)
        self._subscription = desk.bridge.subscribe(JobChanged, self._job_changed)
        self._listener = desk.frames.listen(self.look, is_visible=self.isVisible)
        self._say()

    @property
    def current(self) -> Job | None:
        """The chosen job."""
        chosen = self.table.selectionModel().selectedRows()
        return chosen[0].data(JOB_ROLE) if chosen else None

    @property
    def kept(self) -> dict[str, str]:
        """Which states are shown, and how they are sorted."""
        return {"states": self.states.currentText(), **kept_table(self.table)}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Filter and sort as a person left it."""
        self.states.setCurrentIndex(max(self.states.findText(values.get("states", "")), 0))
        show_kept_table(self.table, values)

    def look(self) -> bool:
        """Read the jobs where something is new; whether it was."""
        if not self._is_due or self._is_reading:
            return False
        self._is_due, self._is_reading = False, True
        self._desk.start("Reading the jobs", self._read())
        return True

    def close_panel(self) -> None:
        """Look and hear no more."""
        self._listener.close()
        self._subscription.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self._want()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _connect(self, desk: Desk) -> None:
        self.states.currentIndexChanged.connect(self._narrow)
        self.table.shown.connect(self._show_import)
        self.table.doubleClicked.connect(self._show_import)
        self.table.cancelled.connect(self._cancel)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.table.selectionModel().selectionChanged.connect(self._say)
        self.show_button.clicked.connect(self._show_import)
        self.retry_button.clicked.connect(self._retry)
        self.cancel_button.clicked.connect(self._cancel)
        desk.look.changed.connect(self.table.viewport().update)

    def _want(self) -> None:
        self._is_due = True
        self._desk.frames.request()

    def _job_changed(self, event: JobChanged) -> None:
        if self.isVisible() and self.model.move_on(event):
            return
        self._want()

    async def _read(self) -> None:
        chosen = self.current
        try:
            jobs = await self._desk.bridge.call(self._desk.backend.jobs.jobs(limit=LISTED))
        finally:
            self._is_reading = False
        self.model.show_jobs(jobs)
        if chosen is not None and self.current is None:
            self._pick(chosen.id)
        self._say()
        if self._is_due:
            self._desk.frames.request()

    def _pick(self, job_id: int) -> None:
        for place in range(self.proxy.rowCount()):
            index = self.proxy.index(place, 0)
            if index.data(JOB_ROLE).id == job_id:
                self.table.selectionModel().setCurrentIndex(index, _PICK)

    def _narrow(self) -> None:
        self.proxy.narrow(self.states.currentData())
        self._say()

    def _say(self) -> None:
        has_any = bool(self.model.jobs)
        self._empty.say(
            "No job of this kind" if has_any else "No jobs",
            "Others are under All."
            if has_any
            else "Imports, backups, back-fills of live charts and messages of alerts are listed here while they run and after.",
        )
        self._stack.setCurrentIndex(1 if self.proxy.rowCount() else 0)
        job = self.current
        self._deeds.setVisible(bool(self.proxy.rowCount()))
        self.show_button.setEnabled(job is not None and job.kind == IMPORT)
        self.retry_button.setEnabled(job is not None and job.state in _TAKEN_BACK)
        self.cancel_button.setEnabled(job is not None and not job.is_over)

    def _open_menu(self, place: QPoint) -> None:
        if self.current is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for made in (self.show_button, self.retry_button, self.cancel_button):
            menu.addAction(made.text(), made.click).setEnabled(made.isEnabled())
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _show_import(self) -> None:
        job = self.current
        if job is not None and job.kind == IMPORT:
            self.import_wanted.emit(job.id)

    def _retry(self) -> None:
        if (job := self.current) is not None:
            self._desk.start("Trying the job again", self._desk.bridge.call(self._desk.backend.jobs.retry(job.id)))

    def _cancel(self) -> None:
        job = self.current
        if job is not None and not job.is_over:
            self._desk.start("Cancelling the job", self._desk.bridge.call(self._desk.backend.jobs.cancel(job.id)))
