"""A plain web service on 127.0.0.1 whose answers a test writes, request by request."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Asked:
    """One request: what was asked, with which names and headers (lower case)."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class RestSource:
    """Answers GET by ``answer(asked)``: a document for JSON, bytes, or (status, headers, bytes); ``gate`` holds answers back."""

    answer: Callable[[Asked], Any]
    asked: list[Asked] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    n_at_once: int = 0
    n_at_once_max: int = 0
    url: str = ""
    serving: set[Any] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.serving.add(task)
        try:
            while line := await reader.readline():
                headers = {}
                while (text := (await reader.readline()).decode("latin-1").strip()) != "":
                    name, _, value = text.partition(":")
                    headers[name.lower()] = value.strip()
                parts = urlsplit(line.decode("latin-1").split()[1])
                await self._respond(writer, Asked(unquote(parts.path), dict(parse_qsl(parts.query)), headers))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self.serving.discard(task)
            writer.close()

    async def _respond(self, writer: asyncio.StreamWriter, asked: Asked) -> None:
        self.asked.append(asked)
        self.n_at_once += 1
        self.n_at_once_max = max(self.n_at_once_max, self.n_at_once)
        try:
            await self.gate.wait()
            found = self.answer(asked)
        finally:
            self.n_at_once -= 1
        status, headers, body = found if isinstance(found, tuple) else (200, {}, found)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [
            f"HTTP/1.1 {status} Said",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()


@asynccontextmanager
async def open_rest_source(answer: Callable[[Asked], Any]):
    """A source that answers at once until its ``gate`` is cleared."""
    source = RestSource(answer)
    source.gate.set()
    server = await asyncio.start_server(source.serve, "127.0.0.1", 0)
    source.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield source
    finally:
        source.gate.set()
        server.close()
        serving = set(source.serving)
        for task in serving:
            task.cancel()
        if serving:
            await asyncio.wait(serving)
