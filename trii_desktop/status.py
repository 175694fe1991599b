"""The status bar: what is saved, how an import goes, how fast and how large the program is, and who keeps the key."""

from typing import Any

import psutil
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton

from backend.events import BarsSaved, ImportFinished, ImportProgressed, Subscription
from backend.storage.secrets import Custody
from trii_desktop.desk import Desk
from trii_desktop.look import Look
from trii_desktop.widgets.layout import label
from trii_desktop.widgets.numbers import format_bytes, format_clock, format_count

LOOK_MS = 1_000
CUSTODY_WORDS = {
    Custody.KEYRING: "Key in the system keyring",
    Custody.PASSPHRASE: "Key under your passphrase",
    Custody.DEVICE_FILE: "Key not protected",
}


class StatusLine(QStatusBar):
    """Looks once a second while it is visible; ``wants_passphrase`` comes from the warning about the key."""

    wants_passphrase = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setAccessibleName("Status")
        self._look = look
        self._desk: Desk | None = None
        self._subscriptions: list[Subscription[Any]] = []
        self._process = psutil.Process()
        self._doing = label("Opening your data…")
        self._doing.setContentsMargins(10, 0, 8, 0)
        self.addWidget(self._doing, 1)
        self._saved = self._add("Everything received up to this time is on the disk")
        self._lag = self._add("How late the engine wakes up, 95 % of the time; below 50 ms is fine")
        self._frame = self._add("Time to prepare and paint a frame, half of them; below 16 ms is smooth")
        self._memory = self._add("Memory this program holds")
        self.custody = QToolButton()
        self.custody.clicked.connect(self.wants_passphrase)
        self.custody.hide()
        self.addPermanentWidget(self.custody)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look_once)

    def attach(self, desk: Desk) -> None:
        """Show this backend from now on."""
        self._desk = desk
        self._subscriptions = [
            desk.bridge.subscribe(BarsSaved, self._bars_saved),
            desk.bridge.subscribe(ImportProgressed, self._import_progressed),
            desk.bridge.subscribe(ImportFinished, self._import_finished),
        ]
        self._doing.setText("Ready")
        self._saved.setText(f"Saved up to {format_clock(desk.backend.clock.now_ns())}")
        self.show_custody(desk.backend.custody)
        self._timer.start()
        self._look_once()

    def show_custody(self, custody: Custody) -> None:
        """Say who keeps the key of the ledgers; loudly where it lies unprotected."""
        is_open = custody is Custody.DEVICE_FILE
        self.custody.setText(CUSTODY_WORDS[custody])
        self.custody.setVisible(is_open)
        self.custody.setProperty("level", "warning" if is_open else "")
        self.custody.setToolTip("The key of your ledgers lies unprotected in a file. Set a passphrase.")
        self.custody.setAccessibleName(self.custody.text())
        self.custody.style().unpolish(self.custody)
        self.custody.style().polish(self.custody)

    def say(self, words: str) -> None:
        """Say what is being done."""
        self._doing.setText(words)

    def close_panel(self) -> None:
        """Hear and look no more."""
        self._timer.stop()
        for subscription in self._subscriptions:
            subscription.close()
        self._desk = None

    def _add(self, tip: str) -> QLabel:
        made = label("")
        made.setToolTip(tip)
        made.setContentsMargins(8, 0, 8, 0)
        self.addPermanentWidget(made)
        return made

    def _look_once(self) -> None:
        if self._desk is None or not self.isVisible():
            return
        metrics = self._desk.backend.metrics
        lag, frame = metrics.histogram("engine.lag_ms").read(), metrics.histogram("ui.frame_ms").read()
        self._lag.setText(f"Engine {lag.p95:.0f} ms" if lag.n else "")
        self._frame.setText(f"Frame {frame.p50:.1f} ms" if frame.n else "")
        self._memory.setText(format_bytes(self._process.memory_info().rss))

    def _bars_saved(self, event: BarsSaved) -> None:
        self._saved.setText(f"Saved up to {format_clock(event.up_to_ns)}")

    def _import_progressed(self, event: ImportProgressed) -> None:
        share = f"{100 * event.done_bytes / event.total_bytes:.0f} %, " if event.total_bytes else ""
        self._doing.setText(f"Importing {event.name}: {share}{format_count(event.n_rows)} rows")

    def _import_finished(self, event: ImportFinished) -> None:
        refused = f", {format_count(event.n_refused)} refused" if event.n_refused else ""
        self._doing.setText(f"Imported {event.name}: {format_count(event.n_accepted)} rows accepted{refused}")
