"""Asks what a drawing says: several lines, for a text; none takes the words of other drawings away."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from backend.charts.drawings import TEXT_LENGTH_MAX, Drawing, DrawingKind, is_writable
from trii_desktop.drawings.kinds import TITLES
from trii_desktop.widgets.layout import button, column, label, row

_LINES = 4


class WordsDialog(QDialog):
    """``written`` is called once with the words, trimmed."""

    def __init__(self, parent: QWidget, drawing: Drawing, written: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._written = written
        self._is_text = drawing.kind is DrawingKind.TEXT
        question = "What it says" if self._is_text else "Words beside the drawing"
        self.setWindowTitle(TITLES[drawing.kind])
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(380)
        self.field = QPlainTextEdit(drawing.text)
        self.field.setAccessibleName(question)
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(self.field.fontMetrics().lineSpacing() * _LINES + 16)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self.field.textChanged.connect(self._check)
        self._problem = label("", "muted", wraps=True)
        self.done_button = button("Write", primary=True)
        self.done_button.clicked.connect(self.accept)
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        foot = row(None, cancel, self.done_button)
        self.setLayout(column(label(question), self.field, self._problem, 8, foot, margins=(16, 16, 16, 16)))
        self._check()

    def accept(self) -> None:
        """Hand the words over."""
        if self.done_button.isEnabled():
            super().accept()
            self._written(self._words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter writes: Enter alone begins a line."""
        has_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if has_control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        else:
            super().keyPressEvent(event)

    @property
    def _words(self) -> str:
        # What is pasted may bring characters that no chart can show.
        return "".join(letter for letter in self.field.toPlainText().replace("\t", "    ") if is_writable(letter)).strip()

    def _check(self) -> None:
        words = self._words
        is_long = len(words) > TEXT_LENGTH_MAX
        self._problem.setText(
            f"{len(words)} characters, of {TEXT_LENGTH_MAX} that can be kept." if is_long else "Ctrl+Enter writes it."
        )
        self.done_button.setEnabled(not is_long and bool(words or not self._is_text))
