"""People who are met before anybody told their names: looked up at the server."""

from collections.abc import Sequence
from typing import Any, Final

from backend.chat.folding import parse_info
from backend.chat.outbox_rows import Waiting
from backend.chat.parts import ChatParts
from backend.chat.room_rows import find_room, load_people
from backend.errors import TriiError
from backend.sync.chat_calls import fetch_people
from sync_server.protocol.actions import Heard, Known
from sync_server.protocol.events import Event

PAUSE_NS: Final = 5_000_000_000
STALE_NS: Final = 60_000_000_000


class Strangers:
    """Listens to the mirror for people whose names are not known."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts
        self._asked_ns: dict[str, int] = {}
        self._asking: set[str] = set()

    def came(self, server: str, room: str, events: Sequence[Event]) -> None:  # noqa: ARG002 - one of those who are told
        """Look whether everybody is known who speaks or sits in the room."""
        self._start(server, room, PAUSE_NS)

    def look_again(self, server: str) -> None:
        """Somebody wants to see who there is: ask anew, though not at every glance."""
        self._start(server, "", STALE_NS)

    def heard(self, server: str, heard: Heard) -> None:
        """Whoever is heard was seen somewhere."""

    def went_offline(self, server: str) -> None:
        """At the next connection all people are told."""

    def refused(self, server: str, ops: Sequence[Waiting]) -> None:
        """Says nothing of anybody."""

    def _start(self, server: str, room: str, pause_ns: int) -> None:
        now_ns = self._parts.clock.monotonic_ns()
        if server in self._asking or now_ns - self._asked_ns.get(server, -pause_ns) < pause_ns or self._parts.tasks.is_closed:
            return
        self._asking.add(server)
        self._parts.tasks.start("names of people", self._look(server, room))

    async def _look(self, server: str, room: str) -> None:
        try:
            if room and not await self._parts.words.read(lambda db: _has_stranger(db, server, room)):
                return
            link = await self._parts.team.link_to(server)
            if link.is_live:
                self._asked_ns[server] = self._parts.clock.monotonic_ns()
                await self._parts.mirror.keep(server, (Known(await link.call(fetch_people)),))
        except TriiError:
            return  # the names come with the next connection
        finally:
            self._asking.discard(server)


def _has_stranger(db: Any, server: str, room_id: str) -> bool:
    room = find_room(db, room_id)
    info = parse_info(room.info) if room is not None else None
    known = load_people(db, server)
    authors = {
        a for (a,) in db.execute("SELECT DISTINCT a FROM chat_messages WHERE room = ?", (room.key if room else 0,)).fetchall()
    }
    return any(user not in known for user in (*(info.seats if info else ()), *authors))
