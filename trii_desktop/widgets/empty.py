"""What an area says while it has nothing to show: why, and what to do."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, holding, label, row

ICON_PX = 36
WIDTH_PX = 440


class EmptyState(QWidget):
    """An icon, a heading, a sentence, and perhaps buttons that lead on."""

    def __init__(
        self, title: str, text: str, look: Look, icon: str = "info", offers: tuple[tuple[str, Callable[[], None]], ...] = ()
    ) -> None:
        super().__init__()
        self._look = look
        self._name = icon
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = label(title, "heading", wraps=True)
        self._text = label(text, "muted", wraps=True)
        for part in (self._title, self._text):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        buttons = [button(words, primary=number == 0) for number, (words, _) in enumerate(offers)]
        for made, (_, lead_on) in zip(buttons, offers, strict=True):
            made.clicked.connect(lambda _checked=False, go=lead_on: go())
        words = holding(column(self._icon, self._title, self._text, row(None, *buttons, None), gap=10))
        words.setMaximumWidth(WIDTH_PX)
        middle = row(None, words, None)
        middle.setStretch(1, 100)
        self.setLayout(column(None, middle, None, margins=(24, 24, 24, 24)))
        look.changed.connect(self._paint_icon)
        self._paint_icon()

    def say(self, title: str, text: str, icon: str = "") -> None:
        """Show other words."""
        self._title.setText(title)
        self._text.setText(text)
        self._name = icon or self._name
        self._paint_icon()

    def _paint_icon(self) -> None:
        self._icon.setPixmap(self._look.icon(self._name, self._look.palette.faint).pixmap(ICON_PX, ICON_PX))
