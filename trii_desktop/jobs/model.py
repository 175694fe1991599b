"""Jobs as Qt's table: words for eyes and screen readers, keys to sort by, and the jobs themselves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon

from backend.events import JobChanged
from backend.jobs.job import Job, JobState
from trii_desktop.look import Look
from trii_desktop.widgets.numbers import DASH, format_moment

JOB_ROLE: Final = Qt.ItemDataRole.UserRole
SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
HEADERS: Final = ("Job", "State", "Done", "What it does or came to", "Asked for", "Ended")
TITLE, STATE, DONE, WORDS, ASKED, ENDED = range(len(HEADERS))
STATES: Final = {
    JobState.WAITING: "Waits",
    JobState.RUNNING: "Runs",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
ICONS: Final = {
    JobState.WAITING: "pause",
    JobState.RUNNING: "play",
    JobState.DONE: "check-mark",
    JobState.FAILED: "error",
    JobState.CANCELLED: "stop",
}
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

Index = QModelIndex | QPersistentModelIndex


class JobModel(QAbstractTableModel):
    """The jobs as last read, newest first, moved on by events between two readings."""

    def __init__(self, look: Look, title_of: Callable[[str], str], now_ns: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._title_of = title_of
        self._now_ns = now_ns
        self.jobs: tuple[Job, ...] = ()
        self._makers: dict[int, Callable[[Job, int], Any]] = {
            JOB_ROLE: lambda job, _column: job,
            SORT_ROLE: self._sort_key,
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.AccessibleTextRole: lambda job, column: f"{HEADERS[column]} {self._text(job, column)}",
            Qt.ItemDataRole.ToolTipRole: lambda job, column: self._text(job, column) or None,
            Qt.ItemDataRole.TextAlignmentRole: lambda _job, column: _RIGHT if column == DONE else _LEFT,
            Qt.ItemDataRole.DecorationRole: lambda job, column: self._icon(job) if column == STATE else None,
            Qt.ItemDataRole.ForegroundRole: self._ink,
        }

    def show_jobs(self, jobs: tuple[Job, ...]) -> None:
        """Show these; rows of the same jobs stay where they are."""
        before, self.jobs = self.jobs, jobs
        if [job.id for job in before] == [job.id for job in jobs]:
            if jobs:
                self.dataChanged.emit(self.index(0, 0), self.index(len(jobs) - 1, len(HEADERS) - 1))
            return
        self.jobs = before
        self.beginResetModel()
        self.jobs = jobs
        self.endResetModel()

    def move_on(self, event: JobChanged) -> bool:
        """Show how far a running job is; whether it is listed as running, so that nothing else needs to be read."""
        place = next((n for n, job in enumerate(self.jobs) if job.id == event.job_id), None)
        if place is None or event.state != JobState.RUNNING or self.jobs[place].state is not JobState.RUNNING:
            return False
        job = replace(self.jobs[place], progress=event.progress, words=event.words)
        self.jobs = (*self.jobs[:place], job, *self.jobs[place + 1 :])
        self.dataChanged.emit(self.index(place, DONE), self.index(place, WORDS))
        return True

    def rowCount(self, parent: Index | None = None) -> int:
        """How many jobs are listed."""
        return 0 if parent is not None and parent.isValid() else len(self.jobs)

    def columnCount(self, parent: Index | None = None) -> int:
        """As many as there are headers."""
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column names."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return (_RIGHT if section == DONE else _LEFT) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, icons, colours and sort keys of a cell."""
        job, column = self.jobs[index.row()], index.column()
        make = self._makers.get(role)
        return make(job, column) if make is not None else None

    def _text(self, job: Job, column: int) -> str:
        title = self._title_of(job.kind).removeprefix("The ")
        words = {TITLE: title[:1].upper() + title[1:], STATE: STATES[job.state], DONE: "", WORDS: self._words(job)}
        if job.state is JobState.RUNNING:
            words[DONE] = f"{100 * job.progress:.0f} %"
        if column in words:
            return words[column]
        event_ns = job.created_ns if column == ASKED else job.finished_ns
        return format_moment(event_ns, self._now_ns()) if event_ns else DASH

    def _words(self, job: Job) -> str:
        if job.state is JobState.WAITING and job.error:
            return f"Tried {job.n_attempts} times; again at {format_moment(job.due_ns, self._now_ns())}. {job.error}"
        return (job.error or job.words).replace("\n", " ")

    def _ink(self, job: Job, column: int) -> QColor | None:
        return QColor(self._look.palette.error) if column == WORDS and job.error else None

    def _icon(self, job: Job) -> QIcon:
        palette = self._look.palette
        tints = {JobState.DONE: palette.up, JobState.FAILED: palette.error, JobState.RUNNING: palette.accent_text}
        return self._look.icon(ICONS[job.state], tints.get(job.state, ""))

    def _sort_key(self, job: Job, column: int) -> Any:
        keys = {STATE: tuple(JobState).index(job.state), DONE: job.progress, ASKED: job.created_ns, ENDED: job.finished_ns}
        return keys[column] if column in keys else self._text(job, column)


class JobFilter(QSortFilterProxyModel):
    """Jobs of the states that were chosen, sorted by what cells mean."""

    def __init__(self, source: JobModel) -> None:
        super().__init__(source)
        self.states: frozenset[JobState] | None = None
        self.setSourceModel(source)
        self.setSortRole(SORT_ROLE)

    def narrow(self, states: frozenset[JobState] | None) -> None:
        """Show only these; None for any state."""
        self.beginFilterChange()
        self.states = states
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """Whether a job is shown."""
        job: Job = self.sourceModel().index(source_row, 0, source_parent).data(JOB_ROLE)
        return self.states is None or job.state in self.states
