"""How messages travel to a server and back; three ways of it, tried from the best to the one that passes every proxy."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sync_server.protocol.messages import FromDevice, FromServer


class Carrier(Protocol):
    """An open connection. ``closed`` is why it ended: the protocol's close code, 0 for none, and words."""

    name: str
    closed: tuple[int, str]

    async def send(self, message: FromDevice) -> None:
        """Hand a message over. Raises Unavailable where the connection has ended."""
        ...

    def messages(self) -> AsyncIterator[FromServer]:
        """What the server says, until the connection ends."""
        ...

    async def close(self, code: int, why: str) -> None:
        """End the connection."""
        ...


class Opener(Protocol):
    """Opens one kind of connection."""

    name: str

    def open(self) -> AbstractAsyncContextManager[Carrier]:
        """An open connection, closed at the end of the block.

        Raises Blocked where something between here and the server does not let this kind through, else Unavailable, or
        InvalidInput for a server that is another one.
        """
        ...


class Blocked(Exception):
    """This kind of connection does not come through; another one may."""
