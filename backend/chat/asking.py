"""The side of the facade that asks servers: rooms to join, and messages that are not on this computer."""

import asyncio
import re
from typing import Any, Final

from backend.chat.message import FoundMessage, MessageRow, RoomRow, SearchFilters
from backend.chat.parts import ChatParts
from backend.chat.room_list import read_rooms
from backend.chat.room_rows import load_people
from backend.errors import TriiError, Unavailable
from backend.sync.chat_calls import ServerHit, fetch_hits, fetch_open_rooms, fetch_people
from backend.sync.link import Link
from sync_server.protocol.actions import Known

SNIPPET_CHARS: Final = 200
_WORD: Final = re.compile(r"\w+")


class Asker:
    """What only a server can answer."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts

    async def open_rooms(self, server: str) -> tuple[RoomRow, ...]:
        """Rooms of the organisation that anyone may join, by name; one's own too. Raises NotFound, Unavailable."""
        link = await self._parts.team.link_to(server)
        found = await link.call(fetch_open_rooms)
        rows = [
            RoomRow(
                one.room,
                server,
                one.name,
                one.topic,
                n_members=one.n_members,
                my_role="member" if one.is_member else "",
                is_open=True,
            )
            for one in found
        ]
        return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.id)))

    async def refresh_people(self, server: str) -> None:
        """Ask the server anew who belongs to the organisation. Raises NotFound, Unavailable."""
        link = await self._parts.team.link_to(server)
        await self._parts.mirror.keep(server, (Known(await link.call(fetch_people)),))

    async def search_server(self, text: str, filters: SearchFilters, n: int = 50) -> tuple[FoundMessage, ...]:
        """Messages that the servers find and this computer does not hold, the newest first.

        Raises Unavailable where no server could be asked.
        """
        links = await self._asked(filters)
        answers = await asyncio.gather(*(self._ask(link, text, filters, n) for link in links), return_exceptions=True)
        errors = [answer for answer in answers if isinstance(answer, BaseException)]
        for error in errors:
            if not isinstance(error, TriiError):
                raise error
        if errors and len(errors) == len(answers):
            raise errors[0]
        found = [hit for answer in answers if not isinstance(answer, BaseException) for hit in answer]
        return tuple(sorted(found, key=lambda hit: -hit.message.at_ms)[:n])

    async def _asked(self, filters: SearchFilters) -> list[Link]:
        if filters.room:
            return [await self._parts.link_of(filters.room)]
        links = [link for link in self._parts.team.links() if link.is_live]
        if not links:
            raise Unavailable("No server can be asked now.", hint="What is on this computer was searched.", code="chat.offline")
        return links

    async def _ask(self, link: Link, text: str, filters: SearchFilters, n: int) -> tuple[FoundMessage, ...]:
        hits = await link.call(lambda api, access: fetch_hits(api, access, _question(text, filters), n))
        parts, words = self._parts, [word.casefold() for word in _WORD.findall(text)]

        def work(db: Any) -> tuple[FoundMessage, ...]:
            names = {row.id: row.name for row in read_rooms(db, link.account.id, parts.presence.of, parts.usual)}
            people = load_people(db, link.account.id)
            found = []
            for hit in hits:
                if hit.r in names and not _is_here(db, hit):
                    author = people[hit.a].name if hit.a in people else f"Unknown ({hit.a[:8]})"
                    row = MessageRow(
                        hit.id, hit.r, hit.s, hit.a, author, hit.ts, hit.text, hit.thread, is_mine=hit.a == link.account.user
                    )
                    snippet, marks = excerpt(hit.text, words)
                    found.append(FoundMessage(row, names[hit.r], snippet, marks, is_local=False))
            return tuple(found)

        return await parts.words.read(work)


def excerpt(text: str, words: list[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A part of a text around the first of some words, and where they stand in it."""
    places = [(found.start(), found.end()) for found in _WORD.finditer(text) if _is_hit(found[0].casefold(), words)]
    begin = max(0, places[0][0] - SNIPPET_CHARS // 4) if places else 0
    end = min(len(text), begin + SNIPPET_CHARS)
    head, tail = "…" if begin else "", "…" if end < len(text) else ""
    snippet = head + text[begin:end].replace("\n", " ") + tail
    shift = len(head) - begin
    return snippet, tuple((first + shift, last + shift) for first, last in places if last <= end)


def _is_hit(word: str, words: list[str]) -> bool:
    return word in words or (bool(words) and word.startswith(words[-1]))


def _is_here(db: Any, hit: ServerHit) -> bool:
    found = db.execute(
        "SELECT 1 FROM chat_messages m JOIN chat_rooms r ON r.key = m.room WHERE r.id = ? AND m.id = ?", (hit.r, hit.id)
    ).fetchone()
    return found is not None


def _question(text: str, filters: SearchFilters) -> dict[str, str]:
    asked = {
        "q": text[:400],
        "room": filters.room,
        "sender": filters.author,
        "instrument": filters.instrument,
        "since_ms": str(filters.from_ms) if filters.from_ms else "",
        "until_ms": str(filters.to_ms) if filters.to_ms else "",
        "has": filters.has if filters.has in ("file", "link") else "",
    }
    return {name: value for name, value in asked.items() if value}
