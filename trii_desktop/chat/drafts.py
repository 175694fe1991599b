"""What was begun in each room and thread: words of rooms are stored, all else stays while the dock does."""

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer

from backend.chat.message import RoomRow
from trii_desktop.chat.composer import MessageComposer
from trii_desktop.chat.conversation import Conversation
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.uploads import Attached
from trii_desktop.desk import Desk

DRAFT_MS: Final = 600


class Drafts(QObject):
    """Keeps what stands in the composer a moment after something was written, and when another room is shown."""

    def __init__(self, desk: Desk, chat: ChatSurface, conversation: Conversation, composer: MessageComposer) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._conversation = conversation
        self._composer = composer
        self._held: dict[str, tuple[str, tuple[Attached, ...]]] = {}
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

    def drop(self, room: RoomRow, root: str) -> None:
        """It was sent."""
        self._timer.stop()
        self._held.pop(f"{room.id}/{root}", None)
        if not root:
            self._store(room.id, "")

    def close(self) -> None:
        """Keep what is not kept yet."""
        if self._timer.isActive():
            self.save()

    @property
    def _key(self) -> str:
        room = self._conversation.room
        return "" if room is None else f"{room.id}/{self._conversation.root}"

    def _store(self, room: str, text: str) -> None:
        self._desk.start("Keeping the draft", self._desk.bridge.call(partial(self._chat.save_draft, room, text)))
