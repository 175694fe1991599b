"""The reading side of the facade: rooms, timelines, threads, people and searches, local first and continued on the server."""

import asyncio
import contextlib
from typing import Any, Final

from backend.chat.message import FoundMessage, MemberRow, MessageRow, Page, RoomRow, SearchFilters
from backend.chat.parts import ChatParts
from backend.chat.reading import Ask, read_message, read_page
from backend.chat.room_list import read_members, read_people, read_rooms
from backend.chat.searching import find, found_of
from backend.chat.waiting_words import find_waiting
from backend.errors import TriiError
from backend.events import MessagesChanged
from sync_server.protocol.limits import MAX_PULL

ANYTHING: Final = SearchFilters()
OLDER_S: Final = 6.0  # how long a page waits for history of the server
OLDER_PAGES: Final = 4
OLDER_EVENTS: Final = 200
REACH_PAGES: Final = 40


class Reader:
    """What can be looked at; nothing here changes what others see."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts

    async def rooms(self, server: str = "") -> tuple[RoomRow, ...]:
        """The rooms of a server, or of all: starred ones first, then those in which something was said last."""
        parts = self._parts
        await parts.team.open()
        return await parts.words.read(lambda db: read_rooms(db, server, parts.presence.of, parts.usual))

    async def room(self, room: str) -> RoomRow:
        """One room. Raises NotFound."""
        return await self._parts.room_row(room)

    async def page(
        self, room: str, *, before: int | None = None, after: int | None = None, around: int | None = None, n: int = 50
    ) -> Page:
        """A run of a room's timeline, threads' replies left out: the newest, or those before, after or around a place.

        Where this computer has no more and the server is there, it is asked. Raises NotFound.
        """
        ask = Ask(room, before, after, around, n)
        if around is not None:
            await self._reach(room, around)
        page = await self._read(ask)
        tries = OLDER_PAGES if after is None and around is None else 0
        while tries and page.has_before and len(page.messages) < n and await self._fetch_older(room):
            page = await self._read(ask)
            tries -= 1
        return page

    async def thread(self, root: str) -> Page:
        """A message and all replies to it, oldest first. Raises NotFound."""
        return await self._read(Ask(await self._parts.room_of(root), thread=root))

    async def message(self, message: str) -> MessageRow:
        """One message as it stands. Raises NotFound."""
        return await self._parts.message(await self._parts.room_of(message), message)

    async def pins(self, room: str) -> tuple[MessageRow, ...]:
        """The pinned messages of a room, the newest first. Raises NotFound."""
        await self._parts.room(room)
        found = await self.search("", SearchFilters(room=room, has="pin"), 200)
        return tuple(hit.message for hit in found)

    async def members(self, room: str) -> tuple[MemberRow, ...]:
        """Who sits in a room, by name."""
        return await self._parts.words.read(lambda db: read_members(db, room, self._parts.presence.of))

    async def people(self, server: str) -> tuple[MemberRow, ...]:
        """Everybody of the organisation, by name. Raises NotFound."""
        return await self._parts.words.read(lambda db: read_people(db, server, self._parts.presence.of))

    async def typists(self, room: str) -> tuple[MemberRow, ...]:
        """Who types in a room now, whoever began first before the others."""
        members = {member.user: member for member in await self.members(room)}
        return tuple(members[user] for user in self._parts.presence.typists(room) if user in members)

    async def search(
        self,
        text: str,
        filters: SearchFilters = ANYTHING,
        n: int = 50,
        *,
        server: str = "",
    ) -> tuple[FoundMessage, ...]:
        """Messages of this computer that hold every word of ``text`` and pass the filters, the best first."""
        parts = self._parts
        around = parts.surroundings()

        def work(db: Any) -> tuple[FoundMessage, ...]:
            names = {row.id: row.name for row in read_rooms(db, server, parts.presence.of, parts.usual)}

            def row(room: str, message: str) -> MessageRow | None:
                found = read_message(db, room, message, around).messages
                return found[0] if found else None

            waiting = find_waiting(db, text, filters, n, server)  # not in the index yet, and the newest of all
            hits = (found_of(hit, row, names.get(hit.room, "")) for hit in (*waiting, *find(db, text, filters, n, server)))
            return tuple(hit for hit in hits if hit is not None)[:n]

        return await parts.words.read(work)

    async def _read(self, ask: Ask) -> Page:
        around = self._parts.surroundings()
        return await self._parts.words.read(lambda db: read_page(db, ask, around))

    async def _reach(self, room: str, seq: int) -> None:
        """Have the server give history until a place is here, as far as it can be reached in a while."""
        for _ in range(REACH_PAGES):
            if (await self._parts.room(room)).floor <= seq or not await self._fetch_older(room, MAX_PULL):
                return

    async def _fetch_older(self, room: str, n: int = OLDER_EVENTS) -> bool:
        """Have the server give a page before what is here; whether one came in time."""
        with contextlib.suppress(TriiError):
            link = await self._parts.link_of(room)
            if not link.is_live:
                return False
            came = asyncio.Event()
            listening = self._parts.bus.subscribe(MessagesChanged, lambda event: came.set() if event.room == room else None)
            try:
                before = (await self._parts.room(room)).floor
                link.line.tell(lambda client, now_ms: client.older(room, n, now_ms))
                async with asyncio.timeout(OLDER_S):
                    while (now := await self._parts.room(room)).floor == before and now.has_older:
                        await came.wait()
                        came.clear()
            except TimeoutError:
                return False
            else:
                return now.floor != before
            finally:
                listening.close()
        return False
