"""What goes with the message that is being written, as chips: pictures with a preview, files, and links to charts."""

from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QToolButton

from backend.chat.message import LinkRow
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.flow import FlowRow
from trii_desktop.chat.pictures import read_picture
from trii_desktop.chat.uploads import N_UPLOADS_MAX, Attached, Upload, is_picture, mime_of, refusal_of, words_of
from trii_desktop.look import Look
from trii_desktop.widgets.layout import row

PREVIEW_PX: Final = QSize(64, 44)
WIDTH_PX_MAX: Final = 340
_SIDES_PX: Final = 60


class Chip(QFrame):
    """One thing with a button that takes it away."""

    def __init__(self, look: Look, attached: Attached) -> None:
        super().__init__()
        self.attached = attached
        self.setProperty("role", "chip")
        words = words_of(attached)
        self.setAccessibleName(f"Attached: {words}")
        self._words = ElidedLabel("caption")
        self._words.say(words)
        self.remove = QToolButton()
        self.remove.setIcon(look.icon("close"))
        self.remove.setAccessibleName(f"Take {words} away")
        self.remove.setToolTip("Take it away")
        self.remove.setProperty("role", "cellButton")
        sign = QLabel()
        sign.setPixmap(_preview(attached) or look.icon("chart" if isinstance(attached, LinkRow) else "file").pixmap(18, 18))
        self._wide = sign.sizeHint().width()
        line = row(sign, self._words, self.remove, margins=(6, 4, 4, 4), gap=6)
        line.setStretch(1, 1)
        self.setLayout(line)

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        words = self._words.fontMetrics().horizontalAdvance(self._words.text())
        return QSize(min(words + self._wide + _SIDES_PX, WIDTH_PX_MAX), super().sizeHint().height())


class AttachedRow(FlowRow):
    """``changed`` comes when there is more or less of it; ``refused`` says why something cannot be attached."""

    changed = Signal()
    refused = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.chips: list[Chip] = []
        self.hide()

    def attach(self, *several: Attached) -> None:
        """Add these; what is there already, and what cannot go, is left out."""
        for attached in several:
            why = refusal_of(attached)
            if not why and len(self.chips) >= N_UPLOADS_MAX:
                why = f"One message takes {N_UPLOADS_MAX} attachments."
            if why:
                self.refused.emit(why)
            elif all(chip.attached != attached for chip in self.chips):
                made = Chip(self._look, attached)
                made.remove.clicked.connect(self._remove_pressed)
                self.chips.append(made)
                self.add(made)
                made.show()
        self._told()

    def show_all(self, several: tuple[Attached, ...]) -> None:
        """Have these and nothing else."""
        for chip in self.chips:
            self.remove(chip)
        self.chips = []
        self.attach(*several)

    @property
    def all(self) -> tuple[Attached, ...]:
        """Everything, in its order."""
        return tuple(chip.attached for chip in self.chips)

    def _remove_pressed(self) -> None:
        pressed = self.sender()
        chip = next((chip for chip in self.chips if chip.remove is pressed), None)
        if chip is not None:
            self.chips.remove(chip)
            self.remove(chip)
            self._told()

    def _told(self) -> None:
        self.setVisible(bool(self.chips))
        self.refresh()
        self.changed.emit()


def _preview(attached: Attached) -> QPixmap | None:
    if isinstance(attached, LinkRow) or not is_picture(mime_of(attached)):
        return None
    content = attached.content if isinstance(attached, Upload) else attached.read_bytes()
    image = read_picture(content, PREVIEW_PX)
    return QPixmap.fromImage(image) if image is not None else None
