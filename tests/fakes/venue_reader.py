"""A plain reader of a simulated venue: JSON over one WebSocket, everything it received in order, and GETs."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import websockets

from backend.clock import ManualClock

DEADLINE_S = 10.0


class Reader:
    """What came over one conversation; ``raw`` holds every message, bad ones too."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.raw: list[str] = []

    async def ask(self, **request: Any) -> None:
        """Send a request."""
        await self.socket.send(json.dumps(request))

    async def next(self) -> Any:
        """The next message, as JSON."""
        async with asyncio.timeout(DEADLINE_S):
            message = await self.socket.recv()
        self.raw.append(message)
        return json.loads(message)

    async def until(self, fits: Callable[[Any], object]) -> list[Any]:
        """Messages up to and with the first that fits."""
        found = [await self.next()]
        while not fits(found[-1]):
            found.append(await self.next())
        return found

    async def next_raw(self) -> str:
        """The next message as it came."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.socket.recv()


@contextlib.asynccontextmanager
async def reading(url: str, **options: Any) -> AsyncIterator[Reader]:
    """A conversation with the venue."""
    # What is still on the way when a test has seen enough holds the end of the conversation up.
    async with websockets.connect(url, proxy=None, close_timeout=0.2, **options) as socket:
        yield Reader(socket)


async def pass_time(clock: ManualClock, duration_ns: int, step_ns: int = 100_000_000) -> None:
    """Move the clock on in steps, letting the venue's pulse see each."""
    for _ in range(duration_ns // step_ns):
        clock.advance(step_ns)
        await asyncio.sleep(0.02)


async def fetch(url: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
    """One GET."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url, params=query or None, headers=headers)
