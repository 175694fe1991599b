"""A loopback server of one model file that serves it well or badly: in pieces, cut, changed, endless, packed, as a page."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class ModelServer:
    """How the file is served. ``cuts`` are told in turn: after how many bytes of a body the line is cut; then it is not.

    asked : heads of requests as they came
    status : answers of this kind come first, with ``headers``
    is_deaf : serves all of it whatever range is asked for
    is_endless : no length, and the file again and again
    length : what it says its length is, instead of the true one
    hold : set for the line to go on, once ``hold_after`` bytes of a body were sent
    """

    content: bytes
    etag: str = '"v1"'
    cuts: list[int] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    kind: str = "application/octet-stream"
    extra: dict[str, str] = field(default_factory=dict)
    is_deaf: bool = False
    is_endless: bool = False
    is_chunked: bool = False
    length: int | None = None
    wrong_start: int = 0
    hold_after: int | None = None
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    n_sent: int = 0

    @property
    def ranges(self) -> list[str]:
        """The range of each request, empty where all was asked for."""
        found = [re.search(r"^range: (.+)$", head, re.IGNORECASE | re.MULTILINE) for head in self.asked]
        return ["" if match is None else match[1].strip() for match in found]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head)
            if self.answers:
                status, headers, body = self.answers.pop(0)
                self._write_head(writer, status, {"Content-Length": str(len(body)), **headers})
                writer.write(body)
                await writer.drain()
            else:
                await self._serve_file(head, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _serve_file(self, head: str, writer: asyncio.StreamWriter) -> None:
        wanted = re.search(r"^range: bytes=(\d+)-", head, re.IGNORECASE | re.MULTILINE)
        guard = re.search(r"^if-range: (.+)$", head, re.IGNORECASE | re.MULTILINE)
        start = int(wanted[1]) if wanted and not self.is_deaf else 0
        if guard and guard[1].strip() != self.etag:
            start = 0
        if start >= len(self.content) and start:
            self._write_head(writer, 416, {"Content-Range": f"bytes */{len(self.content)}", "Content-Length": "0"})
            return
        headers = {"Content-Type": self.kind, **self.extra}
        if self.etag:
            headers["ETag"] = self.etag
        body = self.content[start:]
        if start:
            shown = start + self.wrong_start
            headers["Content-Range"] = f"bytes {shown}-{len(self.content) - 1}/{len(self.content)}"
        if self.is_endless or self.is_chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(self.length if self.length is not None else len(body))
        self._write_head(writer, 206 if start else 200, headers)
        cut = self.cuts.pop(0) if self.cuts else None
        await self._send(writer, body, cut)

    async def _send(self, writer: asyncio.StreamWriter, body: bytes, cut: int | None) -> None:
        n_sent, is_chunked = 0, self.is_endless or self.is_chunked
        while True:
            for start in range(0, len(body), 8_192):
                block = body[start : start + 8_192]
                if cut is not None:
                    block = block[: cut - n_sent]
                if self.hold_after is not None and n_sent >= self.hold_after:
                    await self.go_on.wait()
                writer.write(b"%x\r\n%s\r\n" % (len(block), block) if is_chunked else block)
                await writer.drain()
                n_sent += len(block)
                self.n_sent += len(block)
                if cut is not None and n_sent >= cut:
                    return
            if not self.is_endless:
                break
        if is_chunked:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    @staticmethod
    def _write_head(writer: asyncio.StreamWriter, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Said", "Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")


@contextlib.asynccontextmanager
async def serving(content: bytes) -> AsyncIterator[ModelServer]:
    """Serve a file at ``server.url``."""
    server = ModelServer(content)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/models/tiny.gguf"
    try:
        yield server
    finally:
        server.go_on.set()
        listening.close()
        await listening.wait_closed()
