"""How often an alert would have fired: run over stored history while the editor stays open, and given up at any time."""

import asyncio
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from backend.alerts.alert import Alert
from backend.alerts.firing import Firing
from backend.domain.bars import DAY_NS
from backend.errors import TriiError
from trii_desktop.alerts.fields import Choice
from trii_desktop.desk import Desk
from trii_desktop.widgets.layout import button, column, label, row
from trii_desktop.widgets.numbers import format_count, format_moment

SPANS: Final = (("the last month", 31), ("the last year", 366), ("all that is stored", 0))
_BAR_PX: Final = 120
_TOLD: Final = 3  # moments named in the result


class Rehearsal(QWidget):
    """``wanted`` asks for the alert as the editor now says; ``run`` is the answer."""

    wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._task: asyncio.Task[None] | None = None
        self.firings: tuple[Firing, ...] = ()
        self.span = Choice("How far back", SPANS)
        self.span.choose(366)
        self.test = button("Test on history")
        self.test.clicked.connect(self.wanted)
        self.cancel = button("Stop", name="Stop the test")
        self.cancel.clicked.connect(self.stop)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(_BAR_PX)
        self.progress.setAccessibleName("Testing")
        self.words = label("", "muted", wraps=True)
        self.words.hide()
        self.setLayout(column(row(self.test, self.span, self.progress, self.cancel, None), self.words, gap=6))
        self._show_running(is_running=False)

    @property
    def is_running(self) -> bool:
        """Whether a test is under way."""
        return self._task is not None and not self._task.done()

    def run(self, alert: Alert) -> None:
        """Test this alert; one that is under way is given up."""
        self.stop()
        days = int(self.span.currentData())
        from_ns = self._desk.backend.clock.now_ns() - days * DAY_NS if days else None
        self._show_running(is_running=True)
        self._say("")
        self._task = self._desk.tasks.start("testing an alert", self._run(alert, from_ns))

    def stop(self) -> None:
        """Give the test up."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._show_running(is_running=False)

    def forget(self) -> None:
        """The alert says something else now: what was found is no longer about it."""
        if not self.is_running:
            self._say("")

    async def _run(self, alert: Alert, from_ns: int | None) -> None:
        now_ns = self._desk.backend.clock.now_ns()
        try:
            self.firings = await self._desk.bridge.call(self._desk.backend.alerts.rehearse(alert, from_ns, None))
        except TriiError as error:
            self._end(str(error))
        else:
            self._end(told(self.firings, self.span.currentText(), now_ns))

    def _end(self, words: str) -> None:
        self._task = None
        self._show_running(is_running=False)
        self._say(words)

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def _show_running(self, *, is_running: bool) -> None:
        self.progress.setVisible(is_running)
        self.cancel.setVisible(is_running)
        self.test.setEnabled(not is_running)
        self.span.setEnabled(not is_running)


def told(firings: tuple[Firing, ...], span: str, now_ns: int) -> str:
    """What a test found, in a sentence."""
    if not firings:
        return f"It would not have fired in {span}."
    newest = sorted((firing.event_ns for firing in firings), reverse=True)[:_TOLD]
    moments = ", ".join(format_moment(event_ns, now_ns) for event_ns in newest)
    times = "once" if len(firings) == 1 else f"{format_count(len(firings))} times"
    return f"It would have fired {times} in {span}; last at {moments}."
