"""What the team's dialogs share: a call that is under way, and why it failed, said in the dialog itself."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QWidget
from shiboken6 import isValid

from backend.errors import TriiError
from trii_desktop.charts.speech import announce
from trii_desktop.desk import Desk
from trii_desktop.widgets.layout import label

T = TypeVar("T")
N_LETTERS_MAX = 320
BODY_PX = 13  # of letters as designed


class AskingDialog(QDialog):
    """Closes with Escape; what it asks of a server is told in ``said``, and nothing else can be pressed meanwhile."""

    def __init__(self, parent: QWidget, desk: Desk, title: str) -> None:
        super().__init__(parent)
        self._desk = desk
        self._is_asking = False
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.said = label("", "muted", wraps=True)

    def begin_size(self, width_px: int, height_px: int) -> None:
        """Be so large with letters as they are designed, and larger with larger ones, as far as the screen has room."""
        scale = self.fontInfo().pixelSize() / BODY_PX
        self.resize(QSize(round(width_px * scale), round(height_px * scale)).boundedTo(self.screen().availableSize()))

    def event(self, event: QEvent) -> bool:
        """Grow where other words need more room: wrapped lines do not count in a dialog's least size."""
        is_layout = event.type() == QEvent.Type.LayoutRequest
        is_handled = super().event(event)
        if is_layout and isValid(self):
            self._grow()
        return is_handled

    def _grow(self) -> None:
        layout = self.layout()
        if layout is None or not layout.hasHeightForWidth():
            return
        needed_px = min(layout.totalHeightForWidth(self.width()), self.screen().availableSize().height())
        if self.height() < needed_px:
            self.resize(self.width(), needed_px)

    @property
    def is_asking(self) -> bool:
        """Whether a call is under way."""
        return self._is_asking

    def say(self, words: str, role: str = "muted") -> None:
        """Say something below the fields, and to a screen reader."""
        self.said.setProperty("role", role)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(words)
        if words:
            announce(self.said, words)

    def ask(self, words: str, call: Callable[[], Coroutine[Any, Any, T]], then: Callable[[T], None]) -> None:
        """Run ``call`` on the engine, saying ``words`` meanwhile; ``then`` is given the result while the dialog is there."""
        if self._is_asking:
            return
        self._is_asking = True
        self.say(words)
        self.allow()
        self._desk.start(words.rstrip(".\u2026"), self._asked(call, then))

    def allow(self) -> None:
        """Enable what can be pressed now."""

    async def _asked(self, call: Callable[[], Coroutine[Any, Any, T]], then: Callable[[T], None]) -> None:
        why, result, is_done = "", None, False
        try:
            result, is_done = await self._desk.bridge.call(call), True
        except TriiError as error:
            why = str(error)
        if not isValid(self):
            return
        self._is_asking = False
        self.say(why, "error" if why else "muted")
        if is_done:
            then(result)  # type: ignore[arg-type]  # it is there, the call being done
        if isValid(self):
            self.allow()


def form_of(*lines: tuple[str, QWidget]) -> QFormLayout:
    """Fields below each other with their names."""
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(8)
    for words, field in lines:
        form.addRow(words, field)
    return form


def field_of(name: str, *, hint: str = "", is_secret: bool = False) -> QLineEdit:
    """A field with its name for screen readers; secret ones show dots."""
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(hint)
    made.setMaxLength(N_LETTERS_MAX)
    if is_secret:
        made.setEchoMode(QLineEdit.EchoMode.Password)
    return made
