"""One endpoint or service: asked over HTTPS or on this machine, streamed, bounded in time, left alone after failures."""

import ipaddress
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

import httpx

from backend.assistant.engines.engine import Done, Finish, Request, Text, Thought, WriterPiece
from backend.assistant.engines.remote.event_stream import read_events
from backend.assistant.engines.remote.talk import THINKING, Talk
from backend.assistant.engines.wording import cannot_see
from backend.errors import InvalidInput, TriiError, Unavailable

TRIES: Final = 2
FAILURES_MAX: Final = 3
REST_S: Final = 60.0
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
_ERROR_BYTES_MAX: Final = 65_536
_TRY_AGAIN: Final = frozenset({408, 409, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is, checked. ``is_private``: on this machine or in a private network, so nothing goes to strangers."""

    url: str
    host: str
    is_private: bool


def check_address(text: str) -> Address:
    """The address of an endpoint. Raises InvalidInput for what is none, and for plain http beyond private networks."""
    parts = urlsplit(text.strip().rstrip("/"))
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise InvalidInput(
            f"{text!r} is no address of an endpoint.", hint="Write it as http://127.0.0.1:11434/v1.", code="assistant.endpoint"
        )
    is_private = _is_private(host)
    if parts.scheme == "http" and not is_private:
        raise InvalidInput(
            f"{host} is not on this network, so what is asked would be readable on the way.",
            hint="Use its https address.",
            code="assistant.endpoint_plain",
        )
    return Address(parts.geturl(), host, is_private)


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_private


class Breaker:
    """Counts failures in a row; after some it says no for a while, then lets one try through."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = monotonic_s
        self._n_failed = 0
        self._until_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the service is left alone now."""
        return self._n_failed >= FAILURES_MAX and self._now_s() < self._until_s

    def note(self, *, is_ok: bool) -> None:
        """A call ended."""
        self._n_failed = 0 if is_ok else self._n_failed + 1
        if not is_ok:
            self._until_s = self._now_s() + REST_S


class Endpoint:
    """``key`` is asked each time and goes nowhere but into a header of this address; redirects are not followed."""

    def __init__(self, name: str, address: Address, talk: Talk, key: Callable[[], str | None]) -> None:
        self.name = name
        self.address = address
        self.breaker = Breaker()
        self._talk = talk
        self._key = key
        self._silent: set[str] = set()  # models that refused to be asked to think

    async def generate(self, model: str, request: Request) -> AsyncIterator[WriterPiece]:
        """Text and thoughts as they come, then one Done; asked once more where nothing had come yet. Raises Unavailable.

        Raises InvalidInput for pictures: what is on a person's charts goes to no service.
        """
        if request.pictures:
            raise cannot_see(model)
        for attempt in range(1, TRIES + 1):
            has_text = False
            try:
                async for piece in self._stream(model, request):
                    has_text = has_text or not isinstance(piece, Done)
                    yield piece
            except _Again as failure:
                if has_text or attempt == TRIES:
                    self.breaker.note(is_ok=False)
                    raise failure.error from failure.__cause__
            except TriiError:
                self.breaker.note(is_ok=False)
                raise
            else:
                self.breaker.note(is_ok=True)
                return

    async def _stream(self, model: str, request: Request) -> AsyncIterator[WriterPiece]:
        began_s = time.perf_counter()
        first_s, n_prompt, n_generated, n_pieces, finish = 0.0, -1, -1, 0, Finish.STOP
        body = self._talk.body(model, replace(request, n_thought_max=0) if model in self._silent else request)
        try:
            async with (
                httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=not self.address.is_private) as client,
                client.stream(
                    "POST",
                    f"{self.address.url}{self._talk.path}",
                    json=body,
                    headers={"accept": "text/event-stream", **self._talk.headers(self._key() or "")},
                ) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise await self._refusal(answer, model, is_asked_to_think=THINKING in body)
                async for kind, data in read_events(answer.aiter_bytes()):
                    said = self._talk.said(kind, data)
                    n_prompt, n_generated = _newer(n_prompt, said.n_prompt), _newer(n_generated, said.n_generated)
                    finish = said.finish or finish
                    pieces: tuple[Thought | Text, ...] = (Thought(said.thought), Text(said.text))
                    for piece in pieces:
                        if piece.text:
                            first_s = first_s or time.perf_counter()
                            n_pieces += 1
                            yield piece
        except httpx.HTTPError as e:
            raise _Again(self._unreachable(e)) from e
        now_s = time.perf_counter()
        n_made = n_pieces if n_generated < 0 else n_generated
        writing_s = max(now_s - first_s, 1e-9) if first_s else 1.0
        yield Done(
            finish=finish,
            n_prompt=max(n_prompt, 0) or sum(len(message.text) for message in request.messages) // 4,
            n_cached=0,
            n_generated=n_made,
            first_token_ms=((first_s or now_s) - began_s) * 1e3,
            total_ms=(now_s - began_s) * 1e3,
            tokens_per_s=n_made / writing_s,
            model=model,
            place=self.address.host,
        )

    async def _refusal(self, answer: httpx.Response, model: str, *, is_asked_to_think: bool) -> Exception:
        body = b""
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > _ERROR_BYTES_MAX:
                break
        words = " ".join(body[:300].decode("utf-8", "replace").split())
        status = answer.status_code
        if status in (401, 403):
            return Unavailable(
                f"{self.address.host} does not take the key ({status}).", hint="Enter it anew.", code="assistant.service_key"
            )
        error = Unavailable(
            f"{self.address.host} answered with {status}: {words}" if words else f"{self.address.host} answered with {status}.",
            hint="Try again in a while, or ask a model of this computer.",
            code="assistant.service_status",
        )
        if is_asked_to_think and status == httpx.codes.BAD_REQUEST and THINKING in words:
            self._silent.add(model)
            return _Again(error)
        return _Again(error) if status in _TRY_AGAIN else error

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
        return Unavailable(
            f"{self.address.host} {what} ({type(error).__name__}).",
            hint="Check the network and its address, or ask a model of this computer.",
            code="assistant.service_gone",
        )


class _Again(Exception):
    """A failure that a second try may mend."""

    def __init__(self, error: Unavailable) -> None:
        super().__init__(error.message)
        self.error = error


def _newer(before: int, told: int) -> int:
    return told if told >= 0 else before
