"""Where the address of a model is typed, with the hash that its publisher states; errors stand below."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget

from backend.assistant.models.addresses import URL_LETTERS_MAX
from trii_desktop.widgets.layout import button, column, frame, label, restyle, row

Download = Callable[[str, str, Callable[[str], None]], None]
_HASH_LETTERS_MAX = 80


class DownloadForm(QWidget):
    """``closed`` comes when it hides again; ``download`` is given what was typed, and tells why where that cannot be."""

    closed = Signal()

    def __init__(self, download: Download) -> None:
        super().__init__()
        self._download = download
        self.url = QLineEdit()
        self.url.setPlaceholderText("https://host/path/model.gguf")
        self.url.setMaxLength(URL_LETTERS_MAX)
        self.url.setAccessibleName("Address of the model")
        self.url.setClearButtonEnabled(True)
        self.sha256 = QLineEdit()
        self.sha256.setPlaceholderText("SHA-256, if its publisher states one")
        self.sha256.setMaxLength(_HASH_LETTERS_MAX)
        self.sha256.setAccessibleName("SHA-256 of the model, if known")
        self.start = button("Download", primary=True)
        self.cancel = button("Cancel")
        self.error = label("", "error", wraps=True)
        self.error.hide()
        self.start.clicked.connect(self.send)
        self.cancel.clicked.connect(self.leave)
        for field in (self.url, self.sha256):
            field.returnPressed.connect(self.send)
            field.textChanged.connect(self._typed)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.leave, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        words = "The address of a .gguf file, over https. On a model's page it is the link of the download button."
        fields = row(self.url, self.sha256, self.cancel, self.start)
        fields.setStretch(0, 3)
        fields.setStretch(1, 2)
        self.setLayout(
            column(frame("card", column(label(words, "caption", wraps=True), fields, self.error, margins=(12, 10, 12, 12))))
        )
        self._typed()

    def open(self) -> None:
        """Show it, ready to be typed into."""
        self.show()
        self.url.setFocus()

    def send(self) -> None:
        """Hand over what was typed, and hide; where that cannot be, it comes back with the reason."""
        if self.url.text().strip():
            self._say("")
            self.hide()
            self._download(self.url.text(), self.sha256.text(), self.refuse)

    def refuse(self, words: str) -> None:
        """Say why what was typed cannot be."""
        self._say(words)
        self.open()

    def leave(self) -> None:
        """Hide, and forget what was typed."""
        self.url.clear()
        self.sha256.clear()
        self._say("")
        self.hide()
        self.closed.emit()

    def _typed(self) -> None:
        self.start.setEnabled(bool(self.url.text().strip()))

    def _say(self, words: str) -> None:
        self.error.setText(words)
        self.error.setVisible(bool(words))
        restyle(self.url, invalid=bool(words))
