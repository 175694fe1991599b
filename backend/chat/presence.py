"""Who is here and who types: true for a moment only, kept in memory, and forgotten with the connection."""

from collections.abc import Callable, Sequence
from typing import Final

from backend.chat.outbox_rows import Waiting
from backend.clock import Clock
from backend.events import Event as Change
from backend.events import PresenceChanged, TypingChanged
from sync_server.protocol.actions import Heard
from sync_server.protocol.events import Event, Kind

MS_NS: Final = 1_000_000
OFFLINE: Final = "offline"
STATES: Final = ("online", "away", "busy", OFFLINE)


class Presence:
    """What was heard of people lately. Times steady, so that a changed clock makes nobody stay for ever."""

    def __init__(self, clock: Clock, publish: Callable[[Change], None]) -> None:
        self._clock = clock
        self._publish = publish
        self._people: dict[tuple[str, str], tuple[str, int]] = {}
        self._typists: dict[tuple[str, str], int] = {}

    def of(self, server: str, user: str) -> str:
        """online, away, busy or offline."""
        state, until_ns = self._people.get((server, user), (OFFLINE, 0))
        return state if until_ns > self._clock.monotonic_ns() else OFFLINE

    def typists(self, room: str) -> tuple[str, ...]:
        """Who types in a room now, whoever began first before the others."""
        now_ns = self._clock.monotonic_ns()
        return tuple(user for (place, user), until_ns in self._typists.items() if place == room and until_ns > now_ns)

    # What the mirror tells.

    def heard(self, server: str, heard: Heard) -> None:
        """Somebody types, comes or goes."""
        until_ns = self._clock.monotonic_ns() + heard.ttl_ms * MS_NS
        if heard.k == "typing":
            self._typists[heard.r, heard.a] = until_ns
            self._publish(TypingChanged(heard.r))
        elif heard.k == "presence" and heard.b in STATES:
            before = self.of(server, heard.a)
            self._people[server, heard.a] = (heard.b, until_ns)
            if before != heard.b:
                self._publish(PresenceChanged(server))

    def went_offline(self, server: str) -> None:
        """Nothing is heard of anybody of a server any more."""
        gone = [key for key in self._people if key[0] == server]
        for key in gone:
            del self._people[key]
        if gone:
            self._publish(PresenceChanged(server))

    def came(self, server: str, room: str, events: Sequence[Event]) -> None:  # noqa: ARG002 - one of those who are told
        """Whoever has said something does not type any more."""
        authors = {event.a for event in events if event.k == Kind.MSG_CREATE}
        if [self._typists.pop((room, author)) for author in authors if (room, author) in self._typists]:
            self._publish(TypingChanged(room))

    def refused(self, server: str, ops: Sequence[Waiting]) -> None:
        """Says nothing of anybody."""
