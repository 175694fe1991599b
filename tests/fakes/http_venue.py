"""An HTTP server on loopback that answers what a test has lined up, one answer a connection, and keeps what it was asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class HttpVenue:
    """answers : (status, headers, body) of the next requests; when they run out 200 with an empty list

    asked : request lines and headers as they came
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[str] = []
        self.url = ""
        self.is_mute = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head.decode("latin-1"))
            if self.is_mute:
                await reader.read()
            status, headers, body = self.answers.pop(0) if self.answers else (200, {}, b"[]")
            lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def open_http_venue() -> AsyncIterator[HttpVenue]:
    venue = HttpVenue()
    server = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
    venue.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield venue
    finally:
        server.close()
        await server.wait_closed()
