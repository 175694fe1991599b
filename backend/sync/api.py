"""HTTP calls to one server: its trust, its problems in our words, tokens only in the header."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import msgspec

from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, TriiError, Unavailable
from backend.sync.trust import is_loopback, other_server, trusting, unreachable
from sync_server.protocol.codes import Code

TIMEOUT_S: Final = 15.0
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024

Json = dict[str, Any]


class Problem(msgspec.Struct, frozen=True):
    """An answer of RFC 9457 as this server gives it; whatever is not there is empty."""

    title: str = ""
    status: int = 0
    code: str = ""
    detail: str = ""
    hint: str = ""
    retry_after_ms: int = 0


class SessionEnded(InvalidInput):
    """The server does not accept this sign-in any more."""


class Api:
    """HTTP to one server. Its requests wait at most 15 s a step; close it in the end."""

    def __init__(self, url: str, authority: str = "", *, trust: ssl.SSLContext | None = None) -> None:
        self.url = url
        self._authority = authority
        self._trust = trust
        self._client: httpx.AsyncClient | None = None

    async def call(
        self, method: str, path: str, body: object = None, *, access: str = "", params: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON that a request is answered with; None for an empty answer.

        Raises what the server's problem means (SessionEnded for 401), Unavailable where nobody answers, CorruptData for
        an answer that is none.
        """
        content = None if body is None else msgspec.json.encode(body)
        headers = {"content-type": "application/json"} if content is not None else {}
        answer = await self.request(method, path, content, access=access, headers=headers, params=params)
        if not answer.content:
            return None
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            raise _no_answer(self.url) from error

    async def request(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        *,
        access: str = "",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The whole answer to a request that went well. Raises like :meth:`call`."""
        async with self.stream(method, path, content, access=access, headers=headers, params=params) as answer:
            parts, n_bytes = [], 0
            async for part in answer.aiter_bytes():
                parts.append(part)
                n_bytes += len(part)
                if n_bytes > ANSWER_BYTES_MAX:
                    raise _no_answer(self.url)
            return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=b"".join(parts))

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        *,
        access: str = "",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """An answer as it comes in. Raises like :meth:`call`, also while it is read."""
        sent = dict(headers or {})
        if access:
            sent["authorization"] = f"Bearer {access}"
        try:
            async with self._opened().stream(method, path, content=content, headers=sent, params=params) as answer:
                if answer.status_code >= 400:
                    raise problem_of(self.url, answer.status_code, await answer.aread())
                yield answer
        except httpx.HTTPError as error:
            raise translate(self.url, error) from error

    async def close(self) -> None:
        """Let the connections go."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self.url,
                verify=self._trust or trusting(self._authority),
                timeout=TIMEOUT_S,
                trust_env=not is_loopback(self.url),
                follow_redirects=False,
            )
        return self._client


def translate(url: str, error: Exception) -> TriiError:
    """A failure of the network in our words; a certificate that is not the pinned one is not a failure of the network."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return other_server()
        seen = seen.__cause__ or seen.__context__
    return unreachable(url, str(error).strip().rstrip(".") or type(error).__name__)


def problem_of(url: str, status: int, content: bytes) -> TriiError:
    """What a refusal of the server means here, in the server's words where it gave some."""
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    text = problem.detail or problem.title or f"The server {url} answered with status {status}."
    code = f"server.{problem.code or status}"
    if status == 401 and problem.code != Code.STEP_UP:
        return SessionEnded(text, hint=problem.hint or "Sign in again.", code=code)
    if status == 404:
        return NotFound(text, hint=problem.hint, code=code)
    if status == 409:
        return Conflict(text, hint=problem.hint, code=code)
    if status == 429 or status >= 500:
        after_s = problem.retry_after_ms / 1000 or None
        return Unavailable(text, hint=problem.hint or "Try again later.", code=code, retry_after_s=after_s)
    return InvalidInput(text, hint=problem.hint, code=code)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Headers without those that speak of an encoding that is undone by now."""
    return {key: value for key, value in headers.items() if key not in ("content-encoding", "content-length", "transfer-encoding")}


def _no_answer(url: str) -> CorruptData:
    return CorruptData(f"What {url} answers is not what a TRII server says.", hint="Check the address.", code="server.answer")
