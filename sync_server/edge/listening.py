"""The socket that the server listens on: uvicorn's protocols with our bounds, begun and ended by the server itself."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any, Final

import uvicorn

from sync_server.clock import Clock
from sync_server.edge.tasks import Tasks
from sync_server.edge.wire import PlainWire, Wire, WireState
from sync_server.protocol.limits import MAX_FRAME

TLS_HANDSHAKE_S: Final = 5.0
BACKLOG: Final = 4_096  # connections that may wait to be accepted when everybody comes back at once
PING_S: Final = 20.0

App = Callable[[Any, Any, Any], Awaitable[None]]


class Listener:
    """Listens from ``begin`` to ``close``. ``context``: TLS, None for plain connections."""

    def __init__(self, app: App, clock: Clock, context: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._context = context
        self._state = WireState(clock)
        self._tasks = Tasks("listener")
        self._server: asyncio.Server | None = None
        self._config = uvicorn.Config(
            app,
            http=PlainWire,
            ws=Wire,
            ws_max_size=MAX_FRAME,
            ws_per_message_deflate=False,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=30,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None, "The listener has not begun."
        return int(self._server.sockets[0].getsockname()[1])

    async def begin(self, host: str, port: int) -> None:
        """Accept connections; port 0 takes a free one. Raises OSError where the address is taken."""
        if not self._config.loaded:
            self._config.load()
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol,
            host,
            port,
            ssl=self._context,
            backlog=BACKLOG,
            ssl_handshake_timeout=TLS_HANDSHAKE_S if self._context else None,
        )
        self._tell_date()
        self._tasks.start("date", self._keep_date())

    def stop_accepting(self) -> None:
        """Take no new connections; those there go on."""
        if self._server is not None:
            self._server.close()

    async def close(self, deadline_s: float = 5.0) -> None:
        """Let answers that are on their way finish, then let go of every connection."""
        self.stop_accepting()
        await self._tasks.close()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=deadline_s)
        for task in tuple(self._state.tasks):
            task.cancel("The server closes.")
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=1.0)
        for connection in tuple(self._state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        if self._server is not None:
            await self._server.wait_closed()

    def _protocol(self) -> asyncio.Protocol:
        return PlainWire(config=self._config, server_state=self._state, app_state={})

    def _tell_date(self) -> None:
        date = formatdate(self._clock.now_ms() / 1000, usegmt=True).encode("ascii")
        self._state.default_headers = [(b"date", date)]

    async def _keep_date(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._tell_date()
