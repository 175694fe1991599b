"""Tells what fires: a toast and a sound while few alerts do, one line for all others, and the system's tray when nobody looks."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from backend.events import AlertFired, Level
from trii_desktop.alerts.alert_actions import AlertActions
from trii_desktop.desk import Desk
from trii_desktop.main_window import MainWindow
from trii_desktop.widgets.toast import Toast

N_TOASTS_MAX: Final = 3  # within SPAN_S
SPAN_S: Final = 2.0
REST_MS: Final = 1_000  # how long a burst is gathered before it is told, and between two sounds
TRAY_MS: Final = 8_000


class AlertTelling(QObject):
    """Hears every firing of ``alerts.log``. Late ones are silent: they stand in the history and are counted."""

    def __init__(self, window: MainWindow, desk: Desk, alerts: AlertActions, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._alerts = alerts
        self._clock = clock
        self._told_at_s: deque[float] = deque(maxlen=N_TOASTS_MAX)
        self._sounded_at_s = float("-inf")
        self._n_rolled = 0
        self._summary: Toast | None = None
        self._tray: QSystemTrayIcon | None = None
        self._from_tray = ""  # id of the firing that the tray told last; empty for several
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self._tell_rolled)
        alerts.log.told.connect(self.tell)
        alerts.log.changed.connect(self._count)
        self._count()

    def tell(self, event: AlertFired) -> None:
        """Tell one firing."""
        if event.is_late:
            return
        settings, now_s = self._desk.backend.settings.current.alerts, self._clock()
        if settings.sounds and event.sound and now_s - self._sounded_at_s >= REST_MS / 1_000:
            self._sounded_at_s = now_s
            self._alerts.play(event.sound)
        if len(self._told_at_s) == N_TOASTS_MAX and now_s - self._told_at_s[0] < SPAN_S:
            self._n_rolled += 1
            if not self._timer.isActive():
                self._timer.start()
            return
        self._told_at_s.append(now_s)
        if settings.toasts:
            self._show_toast(event)
        if settings.tray and not event.is_replay:
            self._say_in_tray(event.title, event.words, event.firing)

    def close(self) -> None:
        """Tell no more."""
        self._timer.stop()
        self._alerts.log.told.disconnect(self.tell)
        self._alerts.log.changed.disconnect(self._count)
        if self._tray is not None:
            self._tray.hide()
            self._tray = None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _show_toast(self, event: AlertFired) -> None:
        title = f"{event.title} (replay)" if event.is_replay else event.title
        toast = self._window.toasts.show(Level.INFO, title, event.words, icon="bell")
        firing = self._alerts.log.get(event.firing)
        if firing is not None:
            toast.offer("Show chart", lambda: self._alerts.show_firing(firing))
        row = self._alerts.edits.row(event.alert)
        if row is not None and not event.is_replay:
            is_once = row.alert.repeat == "once"
            words = "Arm again" if is_once else "Switch off"
            toast.offer(words, lambda: self._alerts.edits.enable((event.alert,), is_enabled=is_once))
        self._window.toasts.place()

    def _tell_rolled(self) -> None:
        # What came in a burst beyond the first few, in one toast that is told anew while the burst goes on.
        n_rolled, self._n_rolled = self._n_rolled, 0
        settings = self._desk.backend.settings.current.alerts
        words = f"And {n_rolled} more alerts fired" if n_rolled > 1 else "And one more alert fired"
        if settings.toasts and n_rolled:
            self._summary = self._window.toasts.show(Level.INFO, words, icon="bell")
            self._summary.offer("Show them", self._alerts.show_history)
            self._window.toasts.place()
        if settings.tray and n_rolled:
            self._say_in_tray(words, "", "")

    def _say_in_tray(self, title: str, words: str, firing: str) -> None:
        if self._window.isActiveWindow() or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.look.icon("trii"), self)
            self._tray.setToolTip("TRII Desktop")
            self._tray.messageClicked.connect(self._come_up)
            self._tray.activated.connect(self._come_up)
            self._tray.show()
        self._from_tray = firing
        self._tray.showMessage(title, words, QSystemTrayIcon.MessageIcon.Information, TRAY_MS)
        QApplication.alert(self._window)

    def _come_up(self, *_: object) -> None:
        self._window.come_up()
        firing = self._alerts.log.get(self._from_tray)
        if firing is not None:
            self._alerts.show_firing(firing)
        else:
            self._alerts.show_history()

    def _count(self) -> None:
        n_unread = self._alerts.log.n_unread
        self._window.status.show_alerts(n_unread)
        dock = self._window.docks.get("alerts")
        if dock is not None:
            dock.say_title(f"Alerts ({n_unread})" if n_unread else "Alerts")
