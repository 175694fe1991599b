"""A WebSocket server on loopback that a test drives by hand: it counts callers, sends what it is told and hangs up."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.datastructures import Headers

from tests.fakes.waiting import until


class StreamVenue:
    """refusals : statuses with headers that the next handshakes are answered with, one each"""

    def __init__(self) -> None:
        self.sockets: list[ServerConnection] = []
        self.said: list[str] = []
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.n_calls = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def socket(self) -> ServerConnection:
        """The newest conversation."""
        return self.sockets[-1]

    async def caller(self, n: int = 1) -> ServerConnection:
        """The ``n``-th conversation, once it is there."""
        await until(lambda: len(self.sockets) >= n, what=f"caller {n}")
        return self.sockets[n - 1]

    def refuse(self, _socket: ServerConnection, _request: Request) -> Response | None:
        self.n_calls += 1
        if not self.refusals:
            return None
        status, headers = self.refusals.pop(0)
        return Response(status, HTTPStatus(status).phrase, Headers({"Content-Length": "0", **headers}), b"")

    async def converse(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        with contextlib.suppress(Exception):
            async for message in socket:
                self.said.append(str(message))
        await socket.wait_closed()


@contextlib.asynccontextmanager
async def open_stream_venue() -> AsyncIterator[StreamVenue]:
    venue = StreamVenue()
    server: Server
    async with serve(venue.converse, "127.0.0.1", 0, process_request=venue.refuse, compression=None, close_timeout=0.2) as server:
        venue.port = next(iter(server.sockets)).getsockname()[1]
        yield venue
