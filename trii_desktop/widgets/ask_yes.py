"""A small dialog that asks for a yes and never blocks."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from trii_desktop.widgets.layout import button, column, label, row


class AskYes(QDialog):
    """Asks before something that cannot be taken back; ``accept_it`` is called once, after a yes."""

    def __init__(self, parent: QWidget, title: str, text: str, yes: str, accept_it: Callable[[], None]) -> None:
        super().__init__(parent)
        self._accept_it = accept_it
        self.setWindowTitle(title)
        self.setAccessibleName(f"{title} {text}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(380)
        self.yes_button, cancel = button(yes, primary=True), button("Cancel")
        self.yes_button.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        cancel.setDefault(True)
        words = label(text, "muted", wraps=True)
        self.setLayout(
            column(label(title, "heading", wraps=True), words, 8, row(None, cancel, self.yes_button), margins=(16, 16, 16, 16))
        )
        cancel.setFocus()

    def accept(self) -> None:
        """Go on."""
        super().accept()
        self._accept_it()
