"""Hearing over HTTP where no WebSocket comes through: a stream of server-sent events, or one answer after another."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from backend.errors import CorruptData, InvalidInput, NotFound, TriiError
from backend.sync.api import Api, SessionEnded
from backend.sync.carrier import Blocked, Carrier
from backend.sync.twins import HttpCarrier
from backend.tasks import TaskOwner
from sync_server.protocol.codes import CloseCode
from sync_server.protocol.events import Cursor
from sync_server.protocol.messages import FromServer

FIRST_S: Final = 8.0  # a stream that brings nothing by then is held back by something between
POLL_MS: Final = 20_000
GOODBYE_S: Final = 2.0
EVENT_BYTES_MAX: Final = 16 * 1024 * 1024

Access = Callable[[], Awaitable[str]]


class _Hearing(HttpCarrier, ABC):
    """Listens beside its reader: what is heard and what the twins answer come in as one."""

    async def messages(self) -> AsyncIterator[FromServer]:
        while (message := await self.next_message()) is not None:
            yield message

    async def close(self, code: int, why: str) -> None:
        self.end(code, why)

    async def hear(self) -> None:
        """Take in what the server says until it ends."""
        rooms = (await self.hello).rooms
        try:
            await self._hear(rooms)
            self.end(0, "The server ended the connection.")
        except SessionEnded as error:
            self.end(CloseCode.NOT_SIGNED_IN, error.message)
        except TriiError as error:
            self.end(0, error.message)
        except TimeoutError:
            self.end(0, "Nothing of what the server says comes through.")

    @abstractmethod
    async def _hear(self, rooms: Sequence[Cursor]) -> None:
        """Take in messages of these rooms for as long as they come."""


class _Streamed(_Hearing):
    async def _hear(self, rooms: Sequence[Cursor]) -> None:
        body = msgspec.json.encode({"rooms": rooms})
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        waiting = bytearray()
        async with (
            asyncio.timeout(FIRST_S) as first,
            self._api.stream("POST", "/v1/events", body, access=await self._access(), headers=headers) as answer,
        ):
            async for part in answer.aiter_bytes():
                waiting += part
                while (end := waiting.find(b"\n\n")) >= 0:
                    line, waiting = bytes(waiting[:end]), waiting[end + 2 :]
                    if line.startswith(b"data: "):
                        first.reschedule(None)
                        await self.take(line[6:])
                if len(waiting) > EVENT_BYTES_MAX:
                    raise CorruptData("The server's stream has no end of a message.", code="server.answer")


class _Polled(_Hearing):
    async def _hear(self, rooms: Sequence[Cursor]) -> None:
        sid, n = "", 0
        while True:
            asked: dict[str, Any] = {"sid": sid, "n": n, "wait_ms": POLL_MS} if sid else {"rooms": rooms, "wait_ms": POLL_MS}
            told = await self._api.call("POST", "/v1/poll", asked, access=await self._access())
            try:
                sid, n, messages = told["sid"], told["n"], told["messages"]
            except (TypeError, KeyError) as error:
                raise CorruptData("The server's answer to a poll cannot be read.", code="server.answer") from error
            for message in messages:
                await self.take(msgspec.json.encode(message))


class _HearingOpener:
    """Opens carriers of one kind."""

    name: str
    kind: type[_Hearing]

    def __init__(self, api: Api, access: Access) -> None:
        self._api = api
        self._access = access

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Carrier]:
        """A carrier that begins to listen once it has greeted. Raises as :class:`Opener` says."""
        await _look(self._api)
        carrier = self.kind(self.name, self._api, self._access)
        async with TaskOwner(f"listening by {self.name}") as owner:
            owner.start("hearing", carrier.hear())
            yield carrier


class EventStreamOpener(_HearingOpener):
    """Opens streams of server-sent events."""

    name = "events"
    kind = _Streamed


class LongPollOpener(_HearingOpener):
    """Opens connections that ask and ask again."""

    name = "poll"
    kind = _Polled


async def _look(api: Api) -> None:
    """Find out whether the server is there at all: a request that anybody may make."""
    try:
        await api.request("GET", "/healthz")
    except (NotFound, CorruptData) as error:
        raise Blocked(error.message) from error
    except InvalidInput as error:
        if error.code == "server.pin_mismatch":
            raise
        raise Blocked(error.message) from error
