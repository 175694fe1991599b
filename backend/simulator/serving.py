"""A loopback server of one simulated venue: WebSocket conversations and answers to GET on one port."""

import abc
import asyncio
import contextlib
import http
import logging
from collections.abc import Awaitable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from backend.errors import Unavailable
from backend.simulator.answers import Answer, Call
from backend.simulator.faults import Faults
from backend.simulator.frames import join_frames

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
WAITING_BYTES_MAX: Final = 64 << 20  # a reader further behind is cut off, as venues do
_MESSAGE_BYTES_MAX: Final = 1 << 16


class Client:
    """One WebSocket conversation: messages out, and whether it still stands.

    path : that it came to, with its query; headers : of its handshake
    waiting_bytes_max : what may wait to be read before the reader is cut off
    """

    def __init__(self, connection: ServerConnection, request: Request, faults: Faults, waiting_bytes_max: int) -> None:
        self.path = request.path
        self.headers: Mapping[str, str] = request.headers
        self._connection = connection
        self._faults = faults
        self._waiting_bytes_max = waiting_bytes_max
        self.n_sent = 0

    @property
    def is_open(self) -> bool:
        """Whether anything can still be sent."""
        return self._connection.state is State.OPEN

    def send(self, *messages: bytes) -> None:
        """Send what is never harmed: answers to requests."""
        self._write(messages)

    def send_data(self, messages: Sequence[bytes]) -> None:
        """Send market data, through whatever faults are planned."""
        harmed = messages if self._faults.is_quiet else self._faults.harm(self, messages)
        if harmed:
            self.n_sent += len(harmed)
            self._write(harmed)

    def abort(self) -> None:
        """End the connection without a word, as a broken line does."""
        self._connection.transport.abort()

    def hang_up(self) -> None:
        """End the connection once what was sent has gone out."""
        self._connection.transport.close()

    async def close(self, code: int, reason: str) -> None:
        """End the connection with a close frame."""
        with contextlib.suppress(ConnectionClosed):
            await self._connection.close(code, reason)

    def _write(self, messages: Sequence[bytes]) -> None:
        transport = self._connection.transport
        if not self.is_open or transport.is_closing():
            return
        transport.write(join_frames(messages))
        if transport.get_write_buffer_size() > self._waiting_bytes_max:
            log.info("A client of the simulated venue does not read; its connection is ended.")
            transport.abort()


class VenueServer(abc.ABC):
    """Serves one venue on 127.0.0.1; a subclass says what is answered and what a conversation is.

    ping_s : between pings of the server; None sends none
    session_s : how long a conversation may last; venues end them after a day
    """

    def __init__(self, name: str, faults: Faults, ping_s: float | None = 20.0, session_s: float = 86_400.0) -> None:
        self.name = name
        self.faults = faults
        self.clients: set[Client] = set()
        self.session_s = session_s
        self.waiting_bytes_max = WAITING_BYTES_MAX
        self._ping_s = ping_s
        self._stopping = asyncio.Event()
        self._server: Server | None = None
        self._port = 0

    async def start(self, port: int = 0) -> None:
        """Listen; ``port`` 0 takes a free one. Raises Unavailable when the port is taken."""
        serving = serve(
            self._converse,
            HOST,
            port,
            process_request=self._process,
            compression=None,
            ping_interval=self._ping_s,
            ping_timeout=None if self._ping_s is None else 3 * self._ping_s,
            close_timeout=1.0,
            max_size=_MESSAGE_BYTES_MAX,
            open_timeout=60.0,
            server_header=None,
            logger=log,
        )
        try:
            self._server = await serving
        except OSError as e:
            raise Unavailable(f"Port {port} cannot be used for {self.name}: {e}.", hint="Choose another one.", code="port") from e
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every conversation and stop listening."""
        self._stopping.set()
        if self._server is not None:
            self._server.close(code=1001, reason="shutting down")
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return self._port

    @property
    def http_url(self) -> str:
        """The address of its answers, without a path."""
        return f"http://{HOST}:{self._port}"

    @property
    def ws_url(self) -> str:
        """The address of its conversations, without a path."""
        return f"ws://{HOST}:{self._port}"

    @abc.abstractmethod
    def accepts(self, path: str) -> bool:
        """Whether a conversation may begin at ``path`` (without its query)."""

    @abc.abstractmethod
    def answer(self, call: Call) -> Answer:
        """What is answered to a GET."""

    def refuse_next(self, n: int = 1, status: int = 429, retry_after_s: int = 1) -> None:
        """Answer the next ``n`` GETs as the venue does when asked too often."""
        self.faults.refuse_calls(self.refusal(status, retry_after_s), n)

    @abc.abstractmethod
    def refusal(self, status: int, retry_after_s: int) -> Answer:
        """What the venue says to those who ask too often."""

    def greet(self, client: Client) -> None:  # noqa: B027 - most venues say nothing first
        """What happens when a conversation has begun."""

    @abc.abstractmethod
    def hear(self, client: Client, message: str | bytes) -> Awaitable[None] | None:
        """What happens when a message has come."""

    def forget(self, client: Client) -> None:  # noqa: B027 - most venues keep nothing
        """What happens when a conversation has ended."""

    async def _process(self, _connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        call = Call(unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)), request.headers)
        if "upgrade" in request.headers.get("Connection", "").lower():
            if self.faults.handshake_delay_s:
                await self._hesitate()
            refusal = self.faults.refuse_handshake()
            if refusal is not None:
                return _respond(refusal)
            return None if self.accepts(call.path) else _respond(Answer(b"Not Found", 404, "text/plain"))
        refusal = self.faults.refuse_call()
        return _respond(refusal if refusal is not None else self.answer(call))

    async def _hesitate(self) -> None:
        """Let a planned delay pass, unless the server stops first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.faults.handshake_delay_s):
                await self._stopping.wait()

    async def _converse(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None, "A conversation begins with its handshake."
        client = Client(connection, request, self.faults, self.waiting_bytes_max)
        self.clients.add(client)
        self.faults.lines.add(client)
        try:
            async with asyncio.timeout(self.session_s):
                self.greet(client)
                async for message in connection:
                    waiting = self.hear(client, message)
                    if waiting is not None:
                        await waiting
        except ConnectionClosed:
            log.debug("A client of %s has gone.", self.name)
        except TimeoutError:
            await client.close(1001, "the session has lasted its time")
        finally:
            self.clients.discard(client)
            self.faults.lines.discard(client)
            self.forget(client)


def _respond(answer: Answer) -> Response:
    headers = Headers()
    headers["Content-Type"] = answer.content_type
    headers["Content-Length"] = str(len(answer.body))
    headers["Connection"] = "close"
    for name, value in answer.headers.items():
        headers[name] = value
    return Response(answer.status, http.HTTPStatus(answer.status).phrase, headers, answer.body)
