"""What apprise's services speak through instead of ``requests`` and ``smtplib``: the same calls, watched and bounded.

The services turn every failure into a log line and False. Here each call leaves a trace of what really happened, follows no
redirect, always checks certificates, reads a bounded answer, and carries no file.
"""

import contextlib
import importlib
import io
import smtplib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_CHUNK_BYTES: Final = 8_192
_TOO_MANY: Final = 429
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a message may take, and how much of an answer is read.

    total_s : after it the thread that sends is left to itself
    """

    connect_s: float = 10.0
    read_s: float = 20.0
    total_s: float = 60.0
    answer_bytes: int = 65_536


@dataclass(slots=True)
class Trace:
    """What happened on the wire while one message was sent.

    error : the last exception
    status : of the first answer that refused, else of the last one; answer : the beginning of its text
    n_taken : how often something was accepted: a message to several recipients goes in several parts
    is_on_its_way : the message's bytes were being handed over, so that after an error it may have arrived
    """

    limits: Limits
    error: BaseException | None = None
    status: int | None = None
    answer: bytes = b""
    retry_after: str = ""
    n_taken: int = 0
    is_on_its_way: bool = False
    refused: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def note(self, status: int, answer: bytes, retry_after: str) -> None:
        """Keep an answer of HTTP, unless one that refused is kept already."""
        self.n_taken += status in _TAKEN
        if self.status is None or self.status in _TAKEN:
            self.status, self.answer, self.retry_after = status, answer, retry_after


class _Current(threading.local):
    trace: Trace | None = None


_current: Final = _Current()


@contextlib.contextmanager
def traced(limits: Limits) -> Iterator[Trace]:
    """Watch what this thread sends within."""
    trace = Trace(limits)
    _current.trace = trace
    try:
        yield trace
    finally:
        _current.trace = None


def _trace() -> Trace:
    assert _current.trace is not None, "Nothing is sent but within traced()."
    return _current.trace


class WatchedWeb:
    """Stands where a service expects the module ``requests``."""

    def __init__(self) -> None:
        self._requests: Any = importlib.import_module("requests")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def get(self, url: str, **options: Any) -> Any:
        """As in requests."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Any:
        """As in requests."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Any:
        """As in requests."""
        return self.request("PUT", url, **options)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """As in requests, within the trace's limits. Raises its RequestException, also where the service asks us to wait."""
        trace = _trace()
        assert not options.get("files"), "No file is ever sent."
        given: Mapping[str, Any] = {name: options.get(name) for name in ("params", "data", "json", "headers")}
        try:
            with self._requests.Session() as session:
                response = session.request(
                    method,
                    url,
                    **given,
                    auth=options.get("auth") or _as_it_is,
                    verify=True,
                    timeout=(trace.limits.connect_s, trace.limits.read_s),
                    allow_redirects=False,
                    stream=True,
                )
                answer = _read(response, trace.limits)
                response.raw = io.BytesIO(answer)
        except (self._requests.RequestException, OSError) as e:
            trace.error = e
            raise
        trace.note(response.status_code, answer, str(response.headers.get("Retry-After", "")))
        if response.status_code == _TOO_MANY:  # services would wait and try again by themselves, unseen
            raise self._requests.exceptions.RetryError("The service asks us to wait.")
        return response


def _as_it_is(request: Any) -> Any:
    """Credentials are those of the address: without this, requests would look for some in the user's .netrc."""
    return request


def _read(response: Any, limits: Limits) -> bytes:
    """The beginning of an answer; one that breaks off or drips is as good as its status."""
    errors: Any = importlib.import_module("urllib3.exceptions")
    deadline = time.monotonic() + limits.read_s
    read = b""
    with contextlib.suppress(errors.HTTPError, OSError):
        while len(read) < limits.answer_bytes and time.monotonic() < deadline:
            piece = response.raw.read1(min(_CHUNK_BYTES, limits.answer_bytes - len(read)), decode_content=True)
            if not piece:
                break
            read += piece
    response.raw.close()
    return read


@contextlib.contextmanager
def _noting(trace: Trace) -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException, RuntimeError) as e:
        trace.error = e
        raise


class _WatchedSession(smtplib.SMTP):
    """One conversation with a mail server."""

    def __init__(self, host: str, port: int, local_hostname: str | None = None, **options: Any) -> None:
        trace = _trace()
        with _noting(trace):
            super().__init__(host, port, local_hostname, **{**options, "timeout": trace.limits.read_s})

    def starttls(self, *keys: Any, **options: Any) -> tuple[int, bytes]:
        """As in smtplib."""
        with _noting(_trace()):
            return super().starttls(*keys, **options)

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        """As in smtplib."""
        with _noting(_trace()):
            return super().login(user, password, initial_response_ok=initial_response_ok)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As in smtplib."""
        _trace().is_on_its_way = True
        answer = super().data(msg)
        _trace().is_on_its_way = False
        return answer

    def sendmail(self, from_addr: str, to_addrs: Any, msg: Any, *_: Any) -> dict[str, tuple[int, bytes]]:
        """As in smtplib."""
        trace = _trace()
        with _noting(trace):
            refused = super().sendmail(from_addr, to_addrs, msg)
        trace.refused.update(refused)
        trace.n_taken += len(to_addrs) > len(refused)
        return refused


class _WatchedSecureSession(_WatchedSession, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class WatchedMail:
    """Stands where a service expects the module ``smtplib``."""

    SMTP = _WatchedSession
    SMTP_SSL = _WatchedSecureSession

    def __getattr__(self, name: str) -> Any:
        return getattr(smtplib, name)
