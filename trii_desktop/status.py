"""The status bar: what is being done, the feed's age, what is saved, how fast and how large the program is, who keeps the key."""

from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QStatusBar, QToolButton

from backend.bus import Subscription
from backend.events import ImportFinished, ImportProgressed, JobChanged, ReplayMoved
from backend.jobs.imports import KIND as IMPORT
from backend.jobs.job import JobState
from backend.storage.secrets import Custody
from trii_desktop.desk import Desk
from trii_desktop.look import Look
from trii_desktop.reading import Reading
from trii_desktop.readings import Readings
from trii_desktop.widgets.layout import label, restyle
from trii_desktop.widgets.numbers import format_count

LOOK_MS: Final = 1_000
NAMES: Final = ("replay", "feed", "saved", "engine", "memory")

CUSTODY_WORDS: Final = {
    Custody.KEYRING: "Key in the system keyring",
    Custody.PASSPHRASE: "Key under your passphrase",
    Custody.DEVICE_FILE: "Key not protected",
}


class StatusLine(QStatusBar):
    """Looks once a second while it is visible. ``wants_health`` carries the name of the reading that was clicked."""

    wants_passphrase = Signal()
    wants_health = Signal(str)
    wants_feeds = Signal()
    wants_firings = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setAccessibleName("Status")
        self._look = look
        self._readings: Readings | None = None
        self._subscriptions: list[Subscription[Any]] = []
        self._doing = label("Opening your data…")
        self._doing.setContentsMargins(10, 0, 8, 0)
        self.addWidget(self._doing, 1)
        self.alerts = QToolButton()
        self.alerts.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.alerts.setToolTip("Alerts fired that nobody has looked at. Click for the list.")
        self.alerts.clicked.connect(self.wants_firings)
        self.alerts.hide()
        self.addPermanentWidget(self.alerts)
        self.parts = {name: self._add(name) for name in NAMES}
        self.custody = QToolButton()
        self.custody.clicked.connect(self.wants_passphrase)
        self.custody.hide()
        self.addPermanentWidget(self.custody)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look_once)

    def attach(self, desk: Desk) -> None:
        """Show this backend from now on."""
        self._readings = Readings(desk)
        self._subscriptions = [
            desk.bridge.subscribe(ImportProgressed, self._import_progressed),
            desk.bridge.subscribe(ImportFinished, self._import_finished),
            desk.bridge.subscribe(JobChanged, self._job_changed),
            desk.bridge.subscribe(ReplayMoved, self._replay_moved),
        ]
        self._doing.setText("Ready")
        self.show_custody(desk.backend.custody)
        self._timer.start()
        self._look_once()

    @property
    def readings(self) -> Readings:
        """What is measured; only while a backend is attached."""
        assert self._readings is not None, "The status bar has no backend yet."
        return self._readings

    def show_custody(self, custody: Custody) -> None:
        """Say who keeps the key of the ledgers; loudly where it lies unprotected."""
        is_open = custody is Custody.DEVICE_FILE
        self.custody.setText(CUSTODY_WORDS[custody])
        self.custody.setVisible(is_open)
        self.custody.setToolTip("The key of your ledgers lies unprotected in a file. Set a passphrase.")
        self.custody.setAccessibleName(self.custody.text())
        restyle(self.custody, level="warning" if is_open else "")

    def show_alerts(self, n_unread: int) -> None:
        """Say how many firings nobody has looked at; nothing for none."""
        self.alerts.setIcon(self._look.icon("bell", self._look.palette.accent_text))
        self.alerts.setText(format_count(n_unread))
        self.alerts.setAccessibleName("1 alert fired" if n_unread == 1 else f"{format_count(n_unread)} alerts fired")
        self.alerts.setVisible(n_unread > 0)

    def say(self, words: str) -> None:
        """Say what is being done."""
        self._doing.setText(words)

    def close_panel(self) -> None:
        """Hear and look no more."""
        self._timer.stop()
        for subscription in self._subscriptions:
            subscription.close()
        if self._readings is not None:
            self._readings.close()
            self._readings = None

    def _add(self, name: str) -> QToolButton:
        made = QToolButton()
        made.hide()
        made.clicked.connect(partial(self._ask, name))
        self.addPermanentWidget(made)
        return made

    def _ask(self, name: str, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - the button tells it
        if name == "feed":
            self.wants_feeds.emit()
        else:
            self.wants_health.emit(name)

    def _look_once(self) -> None:
        if self._readings is not None and self.isVisible():
            for reading in self._readings.brief():
                _show(self.parts[reading.name], reading)

    def _import_progressed(self, event: ImportProgressed) -> None:
        share = f"{100 * event.done_bytes / event.total_bytes:.0f} %, " if event.total_bytes else ""
        self.say(f"Importing {event.name}: {share}{format_count(event.n_rows)} rows")

    def _import_finished(self, event: ImportFinished) -> None:
        refused = f", {format_count(event.n_refused)} refused" if event.n_refused else ""
        self.say(f"Imported {event.name}: {format_count(event.n_accepted)} rows accepted{refused}")

    def _replay_moved(self, _event: ReplayMoved) -> None:
        self._look_once()

    def _job_changed(self, event: JobChanged) -> None:
        if event.kind == IMPORT and event.state == JobState.RUNNING:
            return  # each table tells more of itself
        if event.state == JobState.RUNNING:
            self.say(f"{event.title}: {100 * event.progress:.0f} %")
        elif event.words:
            self.say(f"{event.title}: {event.words}")


def _show(part: QToolButton, reading: Reading) -> None:
    level = "warning" if reading.is_warning else ""
    part.setVisible(bool(reading.brief))
    if part.text() != reading.brief:
        part.setText(reading.brief)
        part.setAccessibleName(f"{reading.title}: {reading.value}")
        part.setToolTip(f"{reading.title}: {reading.value}. {reading.meaning}")
    if part.property("level") != level:
        restyle(part, level=level)
