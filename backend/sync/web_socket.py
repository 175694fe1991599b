"""Messages over one WebSocket, MessagePack in binary frames: the usual way."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from backend.errors import Unavailable
from backend.sync.api import translate
from backend.sync.carrier import Blocked, Carrier
from backend.sync.trust import is_loopback, unreachable
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.codes import CloseCode
from sync_server.protocol.messages import FromDevice, FromServer

PATH: Final = "/v1/sync"
OPEN_S: Final = 10.0
CLOSE_S: Final = 2.0
FRAME_MAX: Final = 16 * 1024 * 1024


class WebSocketOpener:
    """Opens WebSockets to one server. ``trust``: its TLS, None where it speaks without."""

    name = "websocket"

    def __init__(self, url: str, trust: ssl.SSLContext | None) -> None:
        self._url = url
        self._trust = trust

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Carrier]:
        """An open WebSocket. Raises as :class:`Opener` says."""
        connecting = websockets.connect(
            self._url.replace("http", "ws", 1) + PATH,
            subprotocols=[Subprotocol(Codec.MSGPACK)],
            ssl=self._trust,
            compression=None,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            max_size=FRAME_MAX,
            ping_interval=None,  # the protocol's own heartbeat finds out who is silent
            user_agent_header=None,
            proxy=None if is_loopback(self._url) else True,
        )
        try:
            socket = await connecting
        except (websockets.InvalidHandshake, websockets.InvalidMessage, TimeoutError, EOFError) as error:
            raise Blocked(str(error)) from error
        except (OSError, websockets.WebSocketException) as error:
            raise translate(self._url, error) from error
        if str(socket.subprotocol) != Codec.MSGPACK.value:
            await socket.close()
            raise Blocked("The subprotocol was taken away.")
        try:
            yield _WebSocket(socket, self._url)
        finally:
            await socket.close()


class _WebSocket:
    name = "websocket"

    def __init__(self, socket: ClientConnection, url: str) -> None:
        self._socket = socket
        self._url = url
        self.closed: tuple[int, str] = (0, "")

    async def send(self, message: FromDevice) -> None:
        try:
            await self._socket.send(encode(message, Codec.MSGPACK))
        except websockets.ConnectionClosed as error:
            raise unreachable(self._url, "the connection has ended") from error

    async def messages(self) -> AsyncIterator[FromServer]:
        try:
            async for data in self._socket:
                yield decode_from_server(data if isinstance(data, bytes) else data.encode(), Codec.MSGPACK)
        except websockets.ConnectionClosed:
            pass
        except ValueError as error:
            self.closed = (CloseCode.BAD_FRAME, f"The server said something that is no message: {error}"[:120])
            return
        self.closed = (self._socket.close_code or 0, self._socket.close_reason or "The connection was lost.")

    async def close(self, code: int, why: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close(code, why[:100])
        except TimeoutError as error:
            raise Unavailable("The server does not answer the goodbye.", code="server.silent") from error
