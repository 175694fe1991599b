"""Small dialogs that ask for one thing and never block: a line of text, or a yes."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from trii_desktop.widgets.layout import button, column, label, row


class AskText(QDialog):
    """Asks for a line of text; ``accept_text`` is called with it, trimmed, once."""

    def __init__(self, parent: QWidget, title: str, question: str, accept_text: Callable[[str], None], *, text: str = "") -> None:
        super().__init__(parent)
        self._accept_text = accept_text
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(380)
        self.field = QLineEdit(text)
        self.field.setMaxLength(60)
        self.field.setAccessibleName(question)
        self.field.selectAll()
        self.done_button = button(title, primary=True)
        self.done_button.setDefault(True)
        self.done_button.clicked.connect(self.accept)
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        self.field.textChanged.connect(self._check)
        self.setLayout(
            column(label(question, wraps=True), self.field, 8, row(None, cancel, self.done_button), margins=(16, 16, 16, 16))
        )
        self._check(text)

    def accept(self) -> None:
        """Hand the text over."""
        text = self.field.text().strip()
        if text:
            super().accept()
            self._accept_text(text)

    def _check(self, text: str) -> None:
        self.done_button.setEnabled(bool(text.strip()))
