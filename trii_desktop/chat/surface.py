"""What the dock asks of the chat, and nothing more: the one place where both meet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from backend.chat.message import FoundMessage, LinkRow, MemberRow, MessageRow, Notify, Page, RoomRow, SearchFilters
from trii_desktop.chat.uploads import Upload


class Rooms(Protocol):
    """Rooms and who is in them."""

    async def rooms(self, server: str = "") -> tuple[RoomRow, ...]:
        """Rooms of one server, or of all."""
        ...

    async def open_rooms(self, server: str) -> tuple[RoomRow, ...]:
        """Rooms that anybody of the organisation may join, one's own too; asked of the server."""
        ...

    async def create_room(
        self,
        server: str,
        name: str,
        topic: str = "",
        people: Sequence[str] = (),
        *,
        is_open: bool = False,
        shows_history: bool = True,
    ) -> RoomRow:
        """A new room, with these people in it."""
        ...

    async def direct(self, server: str, user: str) -> RoomRow:
        """The room of two."""
        ...

    async def join_room(self, server: str, room: str) -> Any:
        """Join an open room."""
        ...

    async def leave(self, room: str) -> Any:
        """Leave a room; what was said stays readable here."""
        ...

    async def set_seat(self, room: str, user: str, role: str) -> Any:
        """Let a person be in a room as "owner", "moderator", "member", "reader"; out of it with "none"."""
        ...

    async def edit_room(self, room: str, name: str, topic: str) -> Any:
        """Call it something else."""
        ...

    async def members(self, room: str) -> tuple[MemberRow, ...]:
        """Who is in a room."""
        ...

    async def people(self, server: str) -> tuple[MemberRow, ...]:
        """Everybody of the organisation."""
        ...

    async def notify(self, room: str, notify: Notify) -> Any:
        """What the room may interrupt for."""
        ...

    async def star(self, room: str, on: bool) -> Any:  # noqa: FBT001 - the facade's own signature
        """Keep it at the head of the list, or no longer."""
        ...


class ChatSurface(Rooms, Protocol):
    """The chat, as the dock knows it. Its coroutines run on the engine and raise TriiError with words for the person."""

    async def page(
        self, room: str, *, before: int | None = None, after: int | None = None, around: int | None = None, n: int = 50
    ) -> Page:
        """``n`` messages before, after or around a sequence number; the newest ones where none is named."""
        ...

    async def thread(self, root: str) -> Page:
        """A message and its replies, oldest first."""
        ...

    async def send(
        self, room: str, text: str, *, thread: str = "", files: Sequence[Path | Upload] = (), links: Sequence[LinkRow] = ()
    ) -> MessageRow:
        """Say it. It is durable on this computer when this returns."""
        ...

    async def edit(self, message: str, text: str) -> Any:
        """Other words in the place of one's own."""
        ...

    async def delete(self, message: str) -> Any:
        """Delete a message."""
        ...

    async def erase(self, message: str, code: str = "") -> Any:
        """Remove its words everywhere, for good."""
        ...

    async def react(self, message: str, emoji: str, on: bool) -> Any:  # noqa: FBT001 - the facade's own signature
        """Put an emoji on a message, or take it off."""
        ...

    async def pin(self, message: str, on: bool) -> Any:  # noqa: FBT001 - the facade's own signature
        """Pin a message, or take the pin out."""
        ...

    async def again(self, message: str) -> Any:
        """Send once more what was refused, or what a colleague's change overtook."""
        ...

    async def drop(self, message: str) -> Any:
        """Give up what was refused."""
        ...

    async def set_presence(self, state: str) -> Any:
        """Say to every server whether this person is "online", "away" or "busy"."""
        ...

    async def mark_read(self, room: str, seq: int) -> Any:
        """Everything up to ``seq`` was read."""
        ...

    async def typing(self, room: str) -> Any:
        """This person is writing."""
        ...

    async def typists(self, room: str) -> tuple[MemberRow, ...]:
        """Who else is writing now."""
        ...

    async def search(self, text: str, filters: SearchFilters, n: int) -> tuple[FoundMessage, ...]:
        """Messages on this computer that say these words, best first."""
        ...

    async def search_server(self, text: str, filters: SearchFilters, n: int) -> tuple[FoundMessage, ...]:
        """Messages that the servers find and this computer does not hold."""
        ...

    async def save_draft(self, room: str, text: str) -> Any:
        """Keep what was begun."""
        ...

    async def content(self, sha256: str) -> bytes:
        """A file of a message, fetched where it is not here and checked."""
        ...
