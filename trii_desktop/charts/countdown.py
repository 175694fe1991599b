"""Tells a chart once a second how late it is, while there is a bar to count down to and someone may see it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal


class Countdown(QObject):
    """``now_ns`` is None until a clock is there to be read. Seconds pass on the clock; the timer only looks again."""

    ticked = Signal()

    def __init__(self, clock: Callable[[], int] | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._timer = QTimer(self)
        self._timer.setInterval(1_000)
        self._timer.timeout.connect(self.ticked)

    @property
    def now_ns(self) -> int | None:
        """The time."""
        return self._clock() if self._clock is not None else None

    @property
    def is_running(self) -> bool:
        """Whether it ticks."""
        return self._timer.isActive()

    def run_until(self, closes_ns: int | None) -> None:
        """Tick until ``closes_ns``; not at all for None."""
        now_ns = self.now_ns
        is_due = now_ns is not None and closes_ns is not None and closes_ns > now_ns
        if is_due and not self._timer.isActive():
            self._timer.start()
        elif not is_due:
            self._timer.stop()
