"""What a connection needs of whoever keeps the copies of rooms: the seam between this package and the chat above it."""

from collections.abc import Sequence
from typing import Protocol

from sync_server.protocol.actions import Action, Heard
from sync_server.protocol.client import Kept
from sync_server.protocol.events import Event


class Unstage(Action, frozen=True):
    """The staged message ``id`` became an operation, which is saved in the same transaction."""

    id: str


class Stage(Action, frozen=True):
    """The words of a refused operation wait for their files again, as the staged message ``id`` of room ``r`` with body ``b``."""

    id: str
    r: str
    b: str
    made_ms: int


class Keeping(Protocol):
    """Keeps what the state machine of a connection says, and gives it back at the next start."""

    async def load(self, server: str) -> Kept:
        """What was kept of a server. Raises NotFound, Unavailable."""
        ...

    async def reads(self, server: str) -> tuple[tuple[str, int], ...]:
        """How far this person has read each room, whether the server knows it or not."""
        ...

    async def held(self, server: str, room: str, after: int) -> tuple[Event, ...]:
        """The events of a room that the copy holds after a place, oldest first."""
        ...

    async def keep(self, server: str, actions: Sequence[Action]) -> None:
        """Store these actions, in order, in one transaction; durable on return. Raises Unavailable, CorruptData."""
        ...

    def heard(self, server: str, heard: Heard) -> None:
        """Somebody types, comes or goes."""
        ...

    def went_offline(self, server: str) -> None:
        """Nothing is heard of anybody any more."""
        ...

    async def counts(self, server: str) -> tuple[int, int, int]:
        """Operations that wait, unread messages, and those of them that name this person."""
        ...

    async def wipe(self, server: str) -> None:
        """Remove every copy, file and unsent word of a server from this computer. Raises Unavailable."""
        ...
