"""Why a connection or a request failed, in words for a person: the network, the venue, or what the venue thinks of us."""

import errno
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from backend.errors import InvalidInput, TriiError, Unavailable

TEXT_LETTERS_MAX: Final = 200
RETRY_AFTER_S_MAX: Final = 86_400.0
_NETWORK_DOWN: Final = {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
_REFUSALS: Final = {
    401: "did not accept the key",
    403: "does not let us in",
    404: "does not know this address",
    407: "is behind a proxy that asks for a password",
    451: "does not serve this region",
}
_LIMITS: Final = {418: "has banned this address for asking too often", 429: "asks us to slow down"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a connection ended or never came about.

    is_refused : a person must act before another attempt makes sense; retry_after_s : what the venue asks for
    is_planned : we ended it ourselves, and may connect again at once
    """

    words: str
    is_refused: bool = False
    retry_after_s: float | None = None
    is_planned: bool = False


def plain_text(text: str | bytes) -> str:
    """Foreign text on one line, without control characters and not too long, for a message or the log."""
    if isinstance(text, bytes):
        text = text[: 4 * TEXT_LETTERS_MAX].decode("utf-8", "replace")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= TEXT_LETTERS_MAX else line[: TEXT_LETTERS_MAX - 1] + "…"


def host_of(url: str) -> str:
    """The host of an address: all of it that is fit to be shown, for the rest may hold secrets."""
    try:
        return urlsplit(url).hostname or "the venue"
    except ValueError:
        return "the venue"


def is_loopback(host: str) -> bool:
    """Whether this is our own machine, to which no proxy leads."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` asks for; None where it is missing, a date or absurd."""
    text = headers.get("Retry-After", "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return min(float(text), RETRY_AFTER_S_MAX)


def failure_of_status(host: str, status: int, headers: Mapping[str, str]) -> Failure:
    """What an HTTP status other than success means."""
    if status in _REFUSALS:
        return Failure(f"{host} {_REFUSALS[status]} ({status}).", is_refused=True)
    if status in _LIMITS:
        return Failure(f"{host} {_LIMITS[status]} ({status}).", retry_after_s=retry_after_s(headers))
    if 300 <= status < 400:
        return Failure(f"{host} sends us to another address ({status}), which is not followed.", is_refused=True)
    if status >= 500:
        return Failure(f"{host} is out of order ({status} {_phrase(status)}).", retry_after_s=retry_after_s(headers))
    return Failure(f"{host} answered {status} {_phrase(status)}.")


def failure_of_opening(error: BaseException, host: str) -> Failure:
    """Why a connection could not be opened."""
    if isinstance(error, InvalidStatus):
        return failure_of_status(host, error.response.status_code, error.response.headers)
    if isinstance(error, InvalidURI | UnicodeError):
        return Failure("The address of the feed cannot be used.", is_refused=True)
    if isinstance(error, ImportError):
        return Failure("This system's settings name a SOCKS proxy, which is not supported.", is_refused=True)
    if isinstance(error, InvalidHandshake):
        return Failure(f"{host} answered, but not as a market data server does.")
    return Failure(words_of_network(error, host))


def words_of_network(error: BaseException, host: str) -> str:
    """Whether it is the network or the venue that is down."""
    if isinstance(error, socket.gaierror):
        return f"{host} cannot be found; this machine may have no network."
    if isinstance(error, ssl.SSLError):
        return f"{host} cannot prove that it is {host}; a proxy or a wrong date on this machine can be the reason."
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time."
    if isinstance(error, ConnectionRefusedError):
        return f"{host} does not accept connections."
    if isinstance(error, OSError) and error.errno in _NETWORK_DOWN:
        return f"The way to {host} is closed; this machine may have no network."
    return f"{host} cannot be reached."


def failure_of_closing(error: ConnectionClosed, host: str) -> Failure:
    """Why an open connection ended."""
    if error.sent is not None and error.sent.code == 1009:
        return Failure(f"{host} sent a message that is too large.")
    if error.sent is not None and error.sent.code in (1002, 1007):
        return Failure(f"{host} sent what is no WebSocket message.")
    if error.rcvd is None:
        return Failure(f"The connection to {host} broke off.")
    reason = plain_text(error.rcvd.reason)
    return Failure(f"{host} ended the connection ({error.rcvd.code}{': ' if reason else ''}{reason}).")


def failure_of_answer(error: TriiError) -> Failure:
    """What a feed made of the venue's answer: InvalidInput asks for a person, anything else for patience."""
    retry_s = error.retry_after_s if isinstance(error, Unavailable) else None
    return Failure(str(error), is_refused=isinstance(error, InvalidInput), retry_after_s=retry_s)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown"
