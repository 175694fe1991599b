"""The API's server on the engine's own loop: runs while the settings say so."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final

from backend.bus import Subscription
from backend.errors import TriiError, Unavailable
from backend.events import SettingsChanged, notice_of
from backend.loopback.api_token import ADDRESS_NAME, load_token
from backend.loopback.parts import ApiParts
from backend.settings import Api
from backend.storage.durable import write_durably

if TYPE_CHECKING:
    from uvicorn import Server

log = logging.getLogger(__name__)

N_AT_ONCE_MAX: Final = 64
MESSAGE_BYTES_MAX: Final = 1 << 16
CLOSING_S: Final = 2
BACKLOG: Final = 64


class LoopbackApi:
    """Opens and closes the door for scripts; ``run/api.url`` of the home says where it is while it is open."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._subscription: Subscription[SettingsChanged] | None = None
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._wanted = Api()
        self._changing = asyncio.Lock()
        self._address = ""

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``; empty while nothing is served."""
        return self._address

    async def begin(self) -> None:
        """Follow the settings from now on. A port that cannot be had is told as a notice."""
        self._subscription = self._parts.bus.subscribe(SettingsChanged, self._settings_changed)
        await asyncio.to_thread(self._forget_address)
        await self._apply()

    async def close(self) -> None:
        """Serve no more; requests under way have two seconds."""
        if self._subscription is not None:
            self._subscription.close()
        async with self._changing:
            await self._stop()

    def _settings_changed(self, event: SettingsChanged) -> None:
        if event.section == "api":
            self._parts.tasks.start("API for scripts", self._apply())

    async def _apply(self) -> None:
        async with self._changing:
            wanted = self._parts.settings.current.api
            is_open = self._subscription is not None and self._subscription.is_open
            if not is_open or (wanted == self._wanted and self._address):
                return
            await self._stop()
            self._wanted = wanted
            if wanted.enabled:
                try:
                    await self._start(wanted.port)
                except TriiError as error:
                    self._parts.bus.publish(notice_of(error, "Scripts cannot be served."))

    async def _start(self, port: int) -> None:
        listening = _listen(port)
        try:
            token = await asyncio.to_thread(load_token, self._parts.home)
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            self._server = _make_server(self._parts, token, listening.getsockname()[1])
            await asyncio.to_thread(self._write_address, address)
        except BaseException:
            listening.close()
            raise
        self._serving = self._parts.tasks.start("API server", self._server.serve(sockets=[listening]))
        self._address = address
        log.info("Scripts are served at %s.", address)

    async def _stop(self) -> None:
        server, self._server = self._server, None
        serving, self._serving = self._serving, None
        self._address = ""
        if server is None or serving is None:
            return
        server.should_exit = True
        _, late = await asyncio.wait({serving}, timeout=2 * CLOSING_S)
        for task in late:
            task.cancel()
            await asyncio.wait({task})
        await asyncio.to_thread(self._forget_address)
        log.info("Scripts are served no more.")

    def _write_address(self, address: str) -> None:
        path = self._parts.home.run / ADDRESS_NAME
        try:
            write_durably(path, address.encode("ascii"))
        except OSError as e:
            raise Unavailable(f"{path} cannot be written: {e.strerror}.", hint="Make the folder writable.", code="api.url") from e

    def _forget_address(self) -> None:
        with contextlib.suppress(OSError):
            (self._parts.home.run / ADDRESS_NAME).unlink(missing_ok=True)


def _make_server(parts: ApiParts, token: str, port: int) -> "Server":
    import uvicorn  # noqa: PLC0415 - a program that serves no scripts loads no web server

    from backend.loopback.application import make_application  # noqa: PLC0415 - as above

    closing = asyncio.Event()

    class EngineServer(uvicorn.Server):
        """Signals are the program's own business; answers under way end before requests are waited for."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            closing.set()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        make_application(parts, token, port, closing),
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=N_AT_ONCE_MAX,
        timeout_graceful_shutdown=CLOSING_S,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return EngineServer(config)


def _is_news(record: logging.LogRecord) -> bool:
    """Not what has been said already: of a WebSocket that was turned away, of a script that did not take its answer."""
    return not any(words in str(record.msg) for words in ("without completing handshake", "without completing response"))


def _listen(port: int) -> socket.socket:
    """A listening socket at 127.0.0.1. Raises Unavailable."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # else another user's process could take the same port over
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as e:
        listening.close()
        raise Unavailable(
            f"The port {port} of 127.0.0.1 cannot be had: {e.strerror or e}.",
            hint="Choose another one in the settings, or 0 for any that is free.",
            code="api.port",
        ) from e
    return listening
