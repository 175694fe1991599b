"""Asking a venue's REST service: bounded in time, size and number, patient where it asks for patience, errors in our words."""

import asyncio
import collections
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeAlias

import httpx

from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable
from backend.market.feeds.line_failures import failure_of_status, host_of, is_loopback, retry_after_s, words_of_network

Query: TypeAlias = Mapping[str, str] | Mapping[str, str | int]
_MINUTE_S: Final = 60.0
_LIMIT_WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class RestRules:
    """How a venue may be asked.

    weight_max : of all requests within a minute, below what the venue allows
    used_header : in which the venue says how much of that was used, by whomever on this address; empty for none
    open_s, read_s, whole_s : to connect, for the next bytes, and for all of an answer
    bytes_max : of an answer
    """

    weight_max: int = 600
    used_header: str = ""
    open_s: float = 10.0
    read_s: float = 15.0
    whole_s: float = 60.0
    bytes_max: int = 32 << 20


class RestClient:
    """Asks one venue. Enter it around requests: inside, connections are kept; the last to leave closes them.

    headers : sent with every request, asked each time; they may hold keys and are never shown
    explain : the venue's own words for a status and a body, as an error of ours; None to take the usual ones
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        rules: RestRules,
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        explain: Callable[[int, bytes], TriiError | None] = lambda _status, _body: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._host = host_of(url)
        self._clock = clock
        self._rules = rules
        self._headers = headers
        self._explain = explain
        self._sleep = sleep
        self._client: httpx.AsyncClient | None = None
        self._n_inside = 0
        self._spent: collections.deque[tuple[int, int]] = collections.deque()  # steady ns, weight
        self._blocked_until_ns = 0

    async def __aenter__(self) -> Self:
        self._n_inside += 1
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._n_inside -= 1
        if self._n_inside == 0 and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def fetch(self, path: str, query: Query | None = None, *, weight: int = 1) -> bytes:
        """The body of a successful answer to GET ``path``. Waits while the minute's weight is used up.

        Raises Unavailable (network, venue, limits, region), NotFound (404), InvalidInput (the venue refuses the question).
        """
        assert self._n_inside, "Enter the client before asking."
        await self._wait_for_turn(weight)
        try:
            async with asyncio.timeout(self._rules.whole_s):
                status, headers, body = await self._ask(path, query or {})
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ImportError) as e:
            words = words_of_network(_cause_in_network(e), self._host)
            raise Unavailable(words, hint="It is tried again.", code="feed.network") from e
        self._note_use(headers)
        if status == 200:
            return body
        raise self._error_of(status, headers, body)

    async def _ask(self, path: str, query: Query) -> tuple[int, httpx.Headers, bytes]:
        if self._client is None:
            timeout = httpx.Timeout(self._rules.read_s, connect=self._rules.open_s)
            limits = httpx.Limits(max_connections=8, max_keepalive_connections=4)
            knows_proxies = not is_loopback(self._host)
            self._client = httpx.AsyncClient(timeout=timeout, limits=limits, follow_redirects=False, trust_env=knows_proxies)
        body = bytearray()
        async with self._client.stream("GET", self._url + path, params=query, headers=dict(self._headers())) as answer:
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > self._rules.bytes_max:
                    raise Unavailable(
                        f"{self._host} answered with more than {self._rules.bytes_max >> 20} MiB.",
                        hint="Its answer was refused.",
                        code="feed.size",
                    )
            return answer.status_code, answer.headers, bytes(body)

    def _error_of(self, status: int, headers: Mapping[str, str], body: bytes) -> TriiError:
        failure = failure_of_status(self._host, status, headers)
        if status in (418, 429):
            wait_s = failure.retry_after_s or retry_after_s(headers) or _LIMIT_WAIT_S
            self._blocked_until_ns = self._clock.monotonic_ns() + round(wait_s * SECOND_NS)
            return Unavailable(failure.words, hint="It is left alone until then.", code="feed.limit", retry_after_s=wait_s)
        if explained := self._explain(status, body):
            return explained
        if status == 404:
            return NotFound(failure.words, hint="Check the feed's address.", code="feed.not_found")
        if status in (401, 403, 407):
            return InvalidInput(failure.words, hint="Check the feed's key and plan.", code="feed.refused")
        if 400 <= status < 500 and status != 451:
            return InvalidInput(failure.words, hint="The venue does not accept the question.", code="feed.question")
        return Unavailable(failure.words, hint="It may work later.", code="feed.venue", retry_after_s=failure.retry_after_s)

    # --- how much may be asked ----------------------------------------------------------------------------------------

    async def _wait_for_turn(self, weight: int) -> None:
        assert weight <= self._rules.weight_max, f"A request of weight {weight} can never be made."
        while True:
            now_ns = self._clock.monotonic_ns()
            if now_ns < self._blocked_until_ns:
                left_s = (self._blocked_until_ns - now_ns) / SECOND_NS
                words = f"{self._host} asked not to be asked for another {left_s:.0f} s."
                raise Unavailable(words, hint="It is left alone until then.", code="feed.limit", retry_after_s=left_s)
            while self._spent and now_ns - self._spent[0][0] >= _MINUTE_S * SECOND_NS:
                self._spent.popleft()
            if sum(each for _, each in self._spent) + weight <= self._rules.weight_max:
                self._spent.append((now_ns, weight))
                return
            await self._sleep(min(1.0, _MINUTE_S - (now_ns - self._spent[0][0]) / SECOND_NS))

    def _note_use(self, headers: Mapping[str, str]) -> None:
        """Count what others on this address used, as the venue says."""
        said = headers.get(self._rules.used_header, "") if self._rules.used_header else ""
        if not said.isascii() or not said.isdigit() or len(said) > 9:
            return
        more = int(said) - sum(each for _, each in self._spent)
        if more > 0:
            self._spent.append((self._clock.monotonic_ns(), more))


def _cause_in_network(error: BaseException) -> BaseException:
    """The error of the system at the bottom of what the library raised, where there is one."""
    if isinstance(error, httpx.TimeoutException):
        return TimeoutError()
    found, seen = error, error.__cause__ or error.__context__
    while seen is not None:
        if isinstance(seen, BaseExceptionGroup):  # of the addresses that were tried
            seen = seen.exceptions[0]
        if isinstance(seen, OSError):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
