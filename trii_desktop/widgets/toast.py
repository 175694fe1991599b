"""Toasts: short notices in the window's corner that leave by themselves, and stay while the mouse is on them."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from backend.events import Level
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, label, row

WIDTH_PX: Final = 380
MARGIN_PX: Final = 16
N_SHOWN_MAX: Final = 4
STAY_MS: Final = {Level.INFO: 6_000, Level.SUCCESS: 5_000, Level.WARNING: 12_000, Level.ERROR: 20_000}
ICONS: Final = {Level.INFO: "info", Level.SUCCESS: "check-mark", Level.WARNING: "warning", Level.ERROR: "error"}


class Toast(QFrame):
    """One notice; ``leave`` is called once, when its time is over or it was closed."""

    def __init__(
        self, look: Look, level: Level, title: str, text: str, leave: Callable[["Toast"], None], *, icon: str = ""
    ) -> None:
        super().__init__()
        self.level = level
        self._offers: QHBoxLayout | None = None
        self._leave = leave
        self.setProperty("role", "toast")
        self.setProperty("level", str(level))
        self.setFixedWidth(WIDTH_PX)
        self.setAccessibleName(f"{title} {text}".strip())
        tints = {Level.WARNING: look.palette.warning, Level.ERROR: look.palette.error, Level.SUCCESS: look.palette.up}
        sign = QLabel()
        sign.setPixmap(look.icon(icon or ICONS[level], tints.get(level, look.palette.accent_text)).pixmap(18, 18))
        sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        close = QToolButton()
        close.setIcon(look.icon("close"))
        close.setAccessibleName("Dismiss")
        close.setToolTip("Dismiss")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.dismiss)
        words = label(title, wraps=True)
        words.setStyleSheet("font-weight: 600;")
        self._words: QVBoxLayout = column(words, gap=4)
        if text:
            self._words.addWidget(label(text, "muted", wraps=True))
        sides = row(sign, self._words, close, margins=(12, 10, 6, 10), gap=10)
        sides.setStretch(1, 1)
        sides.setAlignment(close, Qt.AlignmentFlag.AlignTop)
        sides.setAlignment(sign, Qt.AlignmentFlag.AlignTop)
        self.setLayout(sides)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAY_MS[level])
        self._timer.timeout.connect(self.dismiss)
        self._timer.start()

    def offer(self, title: str, accept: Callable[[], None]) -> None:
        """Add a button that does ``accept`` and closes the toast; a further one stands beside it."""
        made = button(title)
        made.clicked.connect(partial(self._take, accept))
        if self._offers is None:
            self._offers = row(None, margins=(0, 4, 0, 0))
            self._words.addLayout(self._offers)
        self._offers.insertWidget(self._offers.count() - 1, made)
        made.show()  # the layout counts it from now on, not from the next turn of the loop

    def fit(self) -> None:
        """Be as tall as the words need at the toast's width."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(WIDTH_PX, max(layout.heightForWidth(WIDTH_PX), layout.sizeHint().height()))

    def _take(self, accept: Callable[[], None]) -> None:
        accept()
        self.dismiss()

    def dismiss(self) -> None:
        """Leave now."""
        self._timer.stop()
        self._leave(self)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while it is being read."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Leave some time after the mouse did."""
        self._timer.start()
        super().leaveEvent(event)


class ToastStack(QObject):
    """Stacks toasts in the bottom left corner of ``area``, a part of ``window``, newest lowest, at most four.

    There the oldest bars are: neither the newest ones nor what is written in a dock is covered.
    """

    def __init__(self, window: QWidget, look: Look, area: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._look = look
        self._area = area
        self.toasts: list[Toast] = []
        area.installEventFilter(self)

    def show(self, level: Level, title: str, text: str = "", *, icon: str = "") -> Toast:
        """Put one more toast on the stack, with the level's icon or its own; equal ones that are still there give way."""
        for old in [t for t in self.toasts if t.accessibleName() == f"{title} {text}".strip()]:
            old.dismiss()
        toast = Toast(self._look, level, title, text, self._remove, icon=icon)
        toast.setParent(self._window)
        self.toasts.append(toast)
        while len(self.toasts) > N_SHOWN_MAX:
            self.toasts[0].dismiss()
        toast.show()
        self.place()
        return toast

    def dismiss_all(self) -> None:
        """Empty the stack, as when the list of notices is opened."""
        for toast in tuple(self.toasts):
            toast.dismiss()

    def place(self) -> None:
        """Move the toasts to where they belong."""
        corner = self._area.mapTo(self._window, QPoint(0, self._area.height()))
        bottom = corner.y() - MARGIN_PX
        for toast in reversed(self.toasts):
            toast.fit()
            bottom -= toast.height()
            toast.move(corner.x() + MARGIN_PX, bottom)
            toast.raise_()
            bottom -= 8

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the area."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Move} and self.toasts:
            self.place()
        return super().eventFilter(watched, event)

    def _remove(self, toast: Toast) -> None:
        if toast in self.toasts:
            self.toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self.place()
