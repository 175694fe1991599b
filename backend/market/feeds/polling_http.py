"""Asks a REST service once: bounded in time and size, without redirects, and with words for every refusal."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable

TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 1 << 20
PAUSE_S_MAX: Final = 3600.0
REFUSED: Final = "feed.refused"
BUSY: Final = "feed.busy"
_UNKNOWN: Final = {404, 410}
_NOT_ALLOWED: Final = {401, 402, 403, 407, 451}

# It writes a line for each request; a poll every second would fill the log, with addresses that hold keys.
logging.getLogger("httpx").setLevel(logging.WARNING)


class PollClient:
    """Questions to one service: they share a client inside ``opened``; outside of it each has its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep connections open for the questions of this block."""
        async with await _new_client() as client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    async def fetch(self, url: str, headers: Mapping[str, str] | None = None, *, bytes_max: int = ANSWER_BYTES_MAX) -> bytes:
        """The content at ``url``; errors name the host alone, for an address may hold a key.

        Raises Unavailable (``REFUSED`` for a key that is not taken, ``BUSY`` with a pause where the service asks for
        one), NotFound, InvalidInput for an answer that is too large or an address that cannot be asked.
        """
        if self._client is not None:
            return await _fetch(self._client, url, headers or {}, self._clock, bytes_max)
        async with await _new_client() as client:
            return await _fetch(client, url, headers or {}, self._clock, bytes_max)


async def _new_client() -> httpx.AsyncClient:
    """Reading the certificates takes 20 ms, which no loop should wait for."""
    return await asyncio.to_thread(httpx.AsyncClient, timeout=TIMEOUT_S, follow_redirects=False)


async def _fetch(client: httpx.AsyncClient, url: str, headers: Mapping[str, str], clock: Clock, bytes_max: int) -> bytes:
    host = urlsplit(url).hostname or "the source"
    try:
        async with asyncio.timeout(TIMEOUT_S), client.stream("GET", url, headers=dict(headers)) as response:
            if response.status_code != httpx.codes.OK:
                raise _explain(response, host, clock)
            return await _read(response, host, bytes_max)
    except TimeoutError as error:
        raise Unavailable(
            f"{host} did not answer within {TIMEOUT_S:g} s.", hint="It is asked again.", code="feed.silent"
        ) from error
    except httpx.InvalidURL as error:
        raise InvalidInput(f"The address of {host} cannot be asked.", hint="Look at the address.", code="feed.address") from error
    except httpx.HTTPError as error:
        # The error's own text may hold the address.
        kind = type(error).__name__
        raise Unavailable(f"{host} cannot be reached ({kind}).", hint="It is asked again.", code="feed.unreachable") from None


async def _read(response: httpx.Response, host: str, bytes_max: int) -> bytes:
    declared = response.headers.get("Content-Length", "0")
    if not declared.isdecimal() or int(declared) > bytes_max:
        raise _too_large(host, bytes_max)
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > bytes_max:
            break
    if len(content) > bytes_max:
        await asyncio.sleep(0)  # the generators below this one are closed by the loop
        raise _too_large(host, bytes_max)
    return bytes(content)


def _too_large(host: str, bytes_max: int) -> InvalidInput:
    return InvalidInput(f"The answer of {host} is larger than {bytes_max} bytes.", hint="Ask for less.", code="feed.answer")


def _explain(response: httpx.Response, host: str, clock: Clock) -> TriiError:
    status = response.status_code
    if status in (429, 503):
        pause_s = parse_retry_after(response.headers.get("Retry-After", ""), clock)
        return Unavailable(
            f"{host} asks for a pause (HTTP {status}).", hint="It is asked again later.", code=BUSY, retry_after_s=pause_s
        )
    if status in _NOT_ALLOWED:
        return Unavailable(f"{host} refuses (HTTP {status}).", hint="Look at the key and the plan.", code=REFUSED)
    if status in _UNKNOWN:
        return NotFound(
            f"{host} does not know it (HTTP {status}).", hint="Look at the symbol and the address.", code="feed.unknown"
        )
    if 300 <= status < 400:
        return InvalidInput(f"{host} has moved (HTTP {status}).", hint="Enter the new address.", code="feed.moved")
    return Unavailable(f"{host} failed (HTTP {status}).", hint="It is asked again.", code="feed.failed")


def parse_retry_after(text: str, clock: Clock) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or a date; at most ``PAUSE_S_MAX``. None where it says nothing."""
    try:
        pause_s = float(text)
    except ValueError:
        try:
            pause_s = parsedate_to_datetime(text).timestamp() - clock.now_ns() / SECOND_NS
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(pause_s) else min(max(pause_s, 0.0), PAUSE_S_MAX)
