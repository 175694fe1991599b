"""What was begun in each room and thread: words of rooms are stored, all else stays while the dock does."""

from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from PySide6.QtCore import QObject, QTimer

from backend.chat.message import LinkRow, RoomRow
from trii_desktop.chat.composer import MessageComposer
from trii_desktop.chat.conversation import Conversation
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.uploads import Attached, Upload
from trii_desktop.desk import Desk

DRAFT_MS: Final = 600


class Letter(NamedTuple):
    """A message on its way from the composer: where to, its words, and what goes with it."""

    room: RoomRow
    root: str
    text: str
    attached: tuple[Attached, ...]

    @property
    def key(self) -> str:
        """Room and thread."""
        return f"{self.room.id}/{self.root}"

    @property
    def files(self) -> tuple[Path | Upload, ...]:
        """Files and pictures."""
        return tuple(one for one in self.attached if not isinstance(one, LinkRow))

    @property
    def links(self) -> tuple[LinkRow, ...]:
        """Links."""
        return tuple(one for one in self.attached if isinstance(one, LinkRow))


class Drafts(QObject):
    """Keeps what stands in the composer a moment after something was written, and when another room is shown."""

    def __init__(self, desk: Desk, chat: ChatSurface, conversation: Conversation, composer: MessageComposer) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._conversation = conversation
        self._composer = composer
        self._held: dict[str, tuple[str, tuple[Attached, ...]]] = {}
        self._leaving: dict[str, list[str]] = {}  # words that left the composer and are not stored yet
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DRAFT_MS)
        self._timer.timeout.connect(self.save)
        composer.attached.changed.connect(self._timer.start)
        conversation.left.connect(self.save)

    def begin(self) -> None:
        """Something was written."""
        self._timer.start()

    def show(self, stored: str) -> None:
        """Have in the composer what was begun in the room that is shown; ``stored`` is what the room says."""
        text, attached = self._held.get(self._key, (stored, ()))
        self._composer.show_draft(text or stored, attached)
        self._timer.stop()

    def save(self) -> None:
        """Keep what was begun."""
        self._timer.stop()
        room, composer = self._conversation.room, self._composer
        if room is None:
            return
        self._held[self._key] = (composer.draft, () if composer.is_editing else composer.attached.all)
        if not self._conversation.root and composer.draft != room.draft:
            self._store(room.id, composer.draft)

    def leave(self, letter: Letter) -> None:
        """These words have left the composer; they stay the room's draft until they are stored as a message."""
        self._timer.stop()
        self._held.pop(letter.key, None)
        self._leaving.setdefault(letter.key, []).append(letter.text)

    def arrived(self, letter: Letter) -> None:
        """They are stored."""
        self._leaving[letter.key].remove(letter.text)
        if not letter.root:
            self._store(letter.room.id, self._begun(letter.key))

    def came_back(self, letter: Letter) -> None:
        """They could not be stored: they stand before what was begun since."""
        self._leaving[letter.key].remove(letter.text)
        shown = (self._composer.draft, self._composer.attached.all)
        text, attached = shown if self._key == letter.key else self._held.get(letter.key, ("", ()))
        whole = "\n".join(part for part in (letter.text, text) if part)
        if self._key == letter.key:
            self._composer.show_draft(whole, (*letter.attached, *attached))
            self.save()
        else:
            self._held[letter.key] = whole, (*letter.attached, *attached)
            if not letter.root:
                self._store(letter.room.id, whole)

    def close(self) -> None:
        """Keep what is not kept yet."""
        if self._timer.isActive():
            self.save()

    @property
    def _key(self) -> str:
        room = self._conversation.room
        return "" if room is None else f"{room.id}/{self._conversation.root}"

    def _begun(self, key: str) -> str:
        return self._composer.draft if self._key == key else self._held.get(key, ("", ()))[0]

    def _store(self, room: str, text: str) -> None:
        text = "\n".join(part for part in (*self._leaving.get(f"{room}/", ()), text) if part)
        self._desk.start("Keeping the draft", self._desk.bridge.call(partial(self._chat.save_draft, room, text)))
