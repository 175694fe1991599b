"""What the facade of chat stands on, and the small questions that all its sides ask of it."""

from dataclasses import dataclass

from backend.bus import Bus
from backend.chat.attachments import Attachments
from backend.chat.message import MessageRow, Notify, RoomRow
from backend.chat.mirror import Mirror
from backend.chat.presence import Presence
from backend.chat.reading import Surroundings, read_message
from backend.chat.room_list import read_rooms
from backend.chat.room_rows import RoomRecord, find_room_of, load_account, load_room
from backend.chat.uploads import Uploads
from backend.clock import Clock
from backend.errors import NotFound
from backend.settings_chat import Chat as ChatSettings
from backend.settings_store import SettingsStore
from backend.storage.ledger import Ledger
from backend.storage.paths import Home
from backend.sync.link import Link
from backend.sync.team import Team
from backend.tasks import TaskOwner

MS_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class ChatParts:
    """Everything that sides of the facade share."""

    home: Home
    words: Ledger
    team: Team
    mirror: Mirror
    presence: Presence
    files: Attachments
    uploads: Uploads
    settings: SettingsStore
    bus: Bus
    clock: Clock
    tasks: TaskOwner

    @property
    def now_ms(self) -> int:
        """UTC ms."""
        return self.clock.now_ns() // MS_NS

    @property
    def chosen(self) -> ChatSettings:
        """The settings of chat as they are now."""
        return self.settings.current.chat

    @property
    def usual(self) -> Notify:
        """What a room without a setting of its own may interrupt for."""
        return Notify(self.chosen.notify)

    def surroundings(self) -> Surroundings:
        """What reading needs beside the ledger."""
        sending = frozenset[str]().union(*(link.line.sending for link in self.team.links()))
        return Surroundings(sending, self.uploads.progress)

    async def room(self, room: str) -> RoomRecord:
        """A room that is here. Raises NotFound."""
        return await self.words.read(lambda db: load_room(db, room))

    async def link_of(self, room: str) -> Link:
        """What is open for the server of a room. Raises NotFound."""
        return await self.team.link_to((await self.room(room)).server)

    async def user_on(self, server: str) -> str:
        """Who this person is on a server. Raises NotFound."""
        return (await self.words.read(lambda db: load_account(db, server)))[0]

    async def room_of(self, message: str) -> str:
        """The room of a message that is here, or that waits. Raises NotFound."""
        found = await self.words.read(lambda db: find_room_of(db, message))
        if not found:
            raise NotFound("This message is not here.", hint="Scroll to it first.", code="chat.no_message")
        return found

    async def room_row(self, room: str) -> RoomRow:
        """One room as it is shown now. Raises NotFound."""
        server = (await self.room(room)).server
        rows = await self.words.read(lambda db: read_rooms(db, server, self.presence.of, self.usual))
        return next(row for row in rows if row.id == room)

    async def message(self, room: str, message: str) -> MessageRow:
        """One message as it is shown now. Raises NotFound."""
        page = await self.words.read(lambda db: read_message(db, room, message, self.surroundings()))
        if not page.messages:
            raise NotFound("This message is not here.", hint="Scroll to it first.", code="chat.no_message")
        return page.messages[0]
