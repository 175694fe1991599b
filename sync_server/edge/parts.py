"""What the edge asks of rooms and accounts: the whole of what it knows of them."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sync_server.actor import Actor
from sync_server.protocol.events import Cursor, Op, OpResult
from sync_server.protocol.messages import Ev, Person, Pull, Reads, Reset, RoomHead


class RoomsSide(Protocol):
    """What connections ask of rooms. Everything may raise Refused."""

    async def push(self, actor: Actor, ops: Sequence[Op]) -> tuple[OpResult, ...]:
        """Have operations entered."""
        ...

    async def heads(self, actor: Actor) -> tuple[RoomHead, ...]:
        """Where this person's rooms stand, the most lately active first."""
        ...

    async def pull(self, actor: Actor, pull: Pull) -> Ev | Reset:
        """A page of a room."""
        ...

    async def check(self, actor: Actor, cursors: Sequence[Cursor]) -> tuple[Reset, ...]:
        """Which copies cannot go on."""
        ...

    async def read_to(self, actor: Actor, room: str, epoch: int, seq: int) -> Reads | None:
        """Note how far this person has read; None where it was known."""
        ...

    async def members(self, room: str) -> frozenset[str]:
        """Who has a seat."""
        ...


class AccountsSide(Protocol):
    """What connections ask of accounts."""

    async def verify(self, access: str) -> Actor:
        """Whose token this is. Raises Refused."""
        ...

    def remembered(self, actor: Actor) -> Actor | None:
        """The actor as it is now where that is at hand in memory; None where ``recheck`` has to be asked."""
        ...

    async def recheck(self, actor: Actor) -> Actor:
        """The actor as it is now. Raises Refused once the session has ended."""
        ...

    async def people(self, actor: Actor, beside: frozenset[str] = frozenset()) -> tuple[Person, ...]:
        """Whom this person may see; a guest only ``beside``, who shares a room. Raises Refused for a key without the scope."""
        ...


class Sides(msgspec.Struct, frozen=True):
    """Both, as the composition root hands them over."""

    rooms: RoomsSide
    accounts: AccountsSide
