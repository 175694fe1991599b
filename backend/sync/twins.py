"""Saying over HTTP what would be said over a WebSocket: every operation has its twin, whose answer comes in like any message."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from backend.errors import CorruptData, InvalidInput, NotFound, TriiError, Unavailable
from backend.sync.api import Api, SessionEnded
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.codes import CloseCode, Code
from sync_server.protocol.messages import Err, Ev, FromDevice, FromServer, Hello, Pull, Push, ReadUp, Renew, Say

T = TypeVar("T")

ANSWERS_MAX: Final = 256


class HttpCarrier:
    """What both ways over HTTP share: messages that came, and what the device says. Each gives ``_hear`` to listen with."""

    def __init__(self, name: str, api: Api, access: Callable[[], Awaitable[str]]) -> None:
        self.name = name
        self.closed: tuple[int, str] = (0, "")
        self._api = api
        self._access = access
        self._came: asyncio.Queue[FromServer | None] = asyncio.Queue(ANSWERS_MAX)
        self.hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()

    async def send(self, message: FromDevice) -> None:
        """Say it. What HTTP refuses comes in as the protocol's own refusal. Raises Unavailable where the server is gone."""
        try:
            match message:
                case Hello():
                    if not self.hello.done():
                        self.hello.set_result(message)
                case Push():
                    await self.take(await self._ask("POST", "/v1/push", message))
                case Pull():
                    await self._pull(message)
                case ReadUp():
                    await self._ask("POST", "/v1/read", message)
                case Say():
                    await self._ask("POST", "/v1/eph", message)
                case Renew():
                    pass  # the next request takes the new token along
        except SessionEnded as error:
            self.end(CloseCode.NOT_SIGNED_IN, error.message)
        except Unavailable as error:
            if error.retry_after_s is None:
                self.end(0, error.message)
                raise
            await self._err(message, Code.LIMITED, error, int(1000 * error.retry_after_s))
        except (InvalidInput, NotFound, CorruptData) as error:
            await self._err(message, error.code.removeprefix("server."), error, 0)

    async def take(self, data: bytes) -> None:
        """A message came. Raises CorruptData for what is none."""
        try:
            await self._came.put(decode_from_server(data, Codec.JSON))
        except ValueError as error:
            raise CorruptData("The server said something that is no message.", code="server.answer") from error

    def end(self, code: int, why: str) -> None:
        """Nothing comes any more."""
        self.closed = self.closed if self.closed[0] else (code, why)
        if self._came.full():
            self._came.get_nowait()
        self._came.put_nowait(None)

    async def next_message(self) -> FromServer | None:
        """The next that came, None at the end."""
        return await self._came.get()

    async def _pull(self, pull: Pull) -> None:
        about = {"e": pull.e, "after": pull.after, "before": pull.before, "limit": pull.limit}
        path = f"/v1/rooms/{quote(pull.r, safe='')}/events"
        answer = await self._api.request(
            "GET", path, access=await self._access(), params={name: str(value) for name, value in about.items()}
        )
        try:
            message = decode_from_server(answer.content, Codec.JSON)
        except ValueError as error:
            raise CorruptData("The server's page of a room cannot be read.", code="server.answer") from error
        await self._came.put(msgspec.structs.replace(message, rid=pull.rid) if isinstance(message, Ev) else message)

    async def _ask(self, method: str, path: str, message: FromDevice) -> bytes:
        headers = {"content-type": "application/json"}
        content = encode(message, Codec.JSON)
        answer = await self._api.request(method, path, content, access=await self._access(), headers=headers)
        return answer.content

    async def _err(self, message: FromDevice, code: str, error: TriiError, after_ms: int) -> None:
        if isinstance(message, Push | Pull):
            await self._came.put(Err(message.rid, code, error.message, after_ms))
