"""What stands below the words of a message: files, cards that lead to charts, reactions, and what is to be decided."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QWidget

from backend.chat.message import FileRow, LinkRow, Reaction
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.flow import FlowRow
from trii_desktop.chat.emoji import emoji_name, shown_emoji
from trii_desktop.chat.pictures import SMALL_PX, Pictures, fitted
from trii_desktop.chat.uploads import is_picture, link_words
from trii_desktop.look import Look
from trii_desktop.team.letters import shown_line
from trii_desktop.widgets.layout import button, column, label, row
from trii_desktop.widgets.numbers import format_bytes

_EMPTY_PX: Final = QSize(240, 150)


class PictureView(QWidget):
    """A small picture with its room kept before it comes; pressed, it is opened."""

    pressed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._image: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_picture(self, file: FileRow, image: QImage | None) -> None:
        """Show ``image``, or its empty place."""
        self._image = image
        name = shown_line(file.name)
        self.setAccessibleName(f"Picture {name}")
        self.setToolTip(f"{name} · {format_bytes(file.n_bytes)}")
        known = QSize(file.width, file.height) if file.width > 0 and file.height > 0 else None
        size = known or (image.size() / 2 if image is not None else _EMPTY_PX)
        self.setFixedSize(fitted(size, SMALL_PX).expandedTo(QSize(24, 24)))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture with rounded corners, or a quiet field."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(self.rect(), 6, 6)
        painter.setClipPath(path)
        if self._image is not None:
            painter.drawImage(self.rect(), self._image)
        else:
            painter.fillRect(self.rect(), QColor(self._look.palette.raised))
        if self.hasFocus():
            painter.setPen(QColor(self._look.palette.focus))
            painter.drawPath(path)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open it."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space open it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class FilePart(QFrame):
    """One file: its picture, else a card with name and size; its progress while it moves. ``open_wanted`` : a FileRow."""

    open_wanted = Signal(object)

    def __init__(self, look: Look, pictures: Pictures) -> None:
        super().__init__()
        self._look = look
        self._pictures = pictures
        self.file: FileRow
        self.picture = PictureView(look)
        self.picture.pressed.connect(self._open)
        self._name, self._size = ElidedLabel("strong"), label("", "caption")
        self.open_button = small_button("Open")
        self.open_button.clicked.connect(self._open)
        self._progress = QProgressBar()
        self._progress.setRange(0, 1000)
        self._progress.setTextVisible(False)
        words = column(self._name, self._size, self._progress, gap=2)
        line = row(words, self.open_button, margins=(10, 6, 6, 6))
        line.setStretch(0, 1)
        self._card = QFrame()
        self._card.setProperty("role", "card")
        self._card.setLayout(line)
        self._card.setMaximumWidth(320)
        self.setLayout(row(self.picture, self._card, None))

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach."""
        return [self.picture, self.open_button]

    def show_file(self, file: FileRow) -> None:
        """Show a file."""
        self.file = file
        image = self._pictures.of(file)
        is_shown = (
            is_picture(file.mime) and not self._pictures.is_lost(file) and (image is not None or file.is_here or file.width > 0)
        )
        self.picture.setVisible(is_shown)
        self._card.setVisible(not is_shown)
        if is_shown:
            self.picture.show_picture(file, image)
        name = shown_line(file.name) or "File"
        self._name.say(name)
        is_moving = file.progress >= 0
        self._size.setText(f"{format_bytes(file.n_bytes)}{'' if file.is_here or is_moving else ' · not on this computer yet'}")
        self._progress.setVisible(is_moving)
        self._progress.setAccessibleName(f"Progress of {name}")
        self._progress.setValue(round(1000 * max(file.progress, 0.0)))
        self.open_button.setAccessibleName(f"Open {name}")

    def _open(self) -> None:
        self.open_wanted.emit(self.file)


class LinkCard(QFrame):
    """A link to an instrument, its bars, or a whole chart. ``open_wanted`` : a LinkRow."""

    open_wanted = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.link: LinkRow
        self.setProperty("role", "card")
        self.setMaximumWidth(360)
        self._icon = label("")
        self._title, self._about, self._kind = ElidedLabel("strong"), ElidedLabel("caption"), ElidedLabel("caption")
        self.open_button = small_button("Show")
        self.open_button.clicked.connect(self._open)
        words = column(self._title, self._kind, self._about, gap=1)
        line = row(self._icon, words, self.open_button, margins=(10, 6, 6, 6))
        line.setStretch(1, 1)
        self.setLayout(line)

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach."""
        return [self.open_button]

    def show_link(self, link: LinkRow) -> None:
        """Show a link."""
        self.link = link
        title, _, about = link_words(link).partition(" · ")
        is_chart = bool(link.chart)
        self._icon.setPixmap(self._look.icon("chart" if is_chart else "candles", self._look.palette.accent_text).pixmap(18, 18))
        self._title.say(title)
        self._kind.say("The chart as it was shared")
        self._kind.setVisible(is_chart)
        self._about.say(about)
        self._about.setVisible(bool(about))
        self.open_button.setText("Open chart" if is_chart else "Show")
        self.open_button.setAccessibleName(f"{'Open the chart of' if is_chart else 'Show'} {title}")

    def _open(self) -> None:
        self.open_wanted.emit(self.link)


class ReactionChips(FlowRow):
    """The reactions to a message. ``toggled`` : an emoji that is to be put on or taken off."""

    toggled = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.chips: dict[str, QPushButton] = {}
        self._shown: tuple[Reaction, ...] = ()

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach."""
        return list(self.chips.values())

    def show_reactions(self, reactions: tuple[Reaction, ...], names: Callable[[str], str]) -> None:
        """Show them; ``names`` says what people are called."""
        if reactions == self._shown:
            return
        self._shown = reactions
        kept = {one.emoji for one in reactions}
        for emoji in [emoji for emoji in self.chips if emoji not in kept]:
            self.remove(self.chips.pop(emoji))
        for one in reactions:
            chip = self.chips.get(one.emoji)
            if chip is None:
                chip = self.chips[one.emoji] = small_button("")
                chip.setProperty("chip", True)
                chip.setCheckable(True)
                chip.clicked.connect(partial(self._toggle, one.emoji))
                self.add(chip)
                chip.show()
            n = len(one.people)
            shown = shown_emoji(one.emoji)
            chip.setText(f"{shown} {n}" if shown == one.emoji else f"{shown} \u00b7 {n}")
            chip.setChecked(one.is_mine)
            people = ", ".join(names(person) for person in one.people[:12]) + (f" and {n - 12} more" if n > 12 else "")
            chip.setToolTip(people)
            chip.setAccessibleName(f"{emoji_name(one.emoji)}: {people}")
        self.refresh()

    def _toggle(self, emoji: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        self.chips[emoji].setChecked(not self.chips[emoji].isChecked())  # what is stored decides
        self.toggled.emit(emoji)


class Decision(QFrame):
    """Something that needs a person: words, and two ways on."""

    first_wanted = Signal()
    second_wanted = Signal()

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self.words = label("", "error", wraps=True)
        self.quoted = label("", "muted", wraps=True)
        self.first, self.second = small_button(first), small_button(second)
        self.first.clicked.connect(self.first_wanted)
        self.second.clicked.connect(self.second_wanted)
        self.setLayout(column(self.words, self.quoted, row(self.first, self.second, None, gap=4), gap=2))

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach."""
        return [self.first, self.second]

    def say(self, words: str, quoted: str = "") -> None:
        """Say what is to be decided."""
        self.words.setText(words)
        self.quoted.setText(quoted)
        self.quoted.setVisible(bool(quoted))


def small_button(words: str) -> QPushButton:
    """A small quiet button that Tab reaches only in the current message."""
    made = button(words, quiet=True)
    made.setProperty("small", True)
    made.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return made
