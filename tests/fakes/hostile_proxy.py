"""A proxy that lets HTTP through and not what it does not like: upgrades to WebSocket, or streams that do not end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class HostileProxy:
    """Forwards bytes to ``target``. ``refuses_upgrades``: answers 403 to them; ``holds_streams``: keeps back what they bring."""

    def __init__(self, target: str, *, refuses_upgrades: bool = True, holds_streams: bool = False) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname, parts.port
        self.refuses_upgrades = refuses_upgrades
        self.holds_streams = holds_streams
        self.n_refused = 0
        self.n_held = 0
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        self._tasks.add(task)
        writers = [writer]
        with suppress(OSError, asyncio.CancelledError):
            up_reader, up_writer = await asyncio.open_connection(self._host, self._port)
            writers.append(up_writer)
            held = asyncio.Event()
            down = asyncio.create_task(self._down(up_reader, writer, held))
            try:
                await self._up(reader, up_writer, writer, held)
            finally:
                down.cancel()
                await asyncio.wait({down})
        for one in writers:
            one.close()
            with suppress(OSError):
                await one.wait_closed()
        self._tasks.discard(task)

    async def _up(self, reader, up_writer, writer, held) -> None:
        while data := await reader.read(65_536):
            if self.refuses_upgrades and b"upgrade: websocket" in data.lower():
                self.n_refused += 1
                writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                await writer.drain()
                return
            if self.holds_streams and b"POST /v1/events " in data:
                self.n_held += 1
                held.set()
            up_writer.write(data)
            await up_writer.drain()

    async def _down(self, up_reader, writer, held) -> None:
        with suppress(OSError):
            while data := await up_reader.read(65_536):
                if not held.is_set():
                    writer.write(data)
                    await writer.drain()
            writer.close()

    async def end(self) -> None:
        """Cut every connection."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


@asynccontextmanager
async def hostile_proxy(target: str, **habits: bool) -> AsyncIterator[HostileProxy]:
    """A proxy that listens on a loopback port."""
    proxy = HostileProxy(target, **habits)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
