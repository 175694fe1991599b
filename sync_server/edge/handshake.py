"""The opening handshake of a WebSocket, from headers that are parsed already (RFC 6455, section 4.2)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import Final

MAX_HEADERS: Final = 64
MAX_LINE: Final = 4_096
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKENS: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")
_ONCE: Final = frozenset({b"connection", b"upgrade", b"sec-websocket-key", b"sec-websocket-version", b"origin", b"host"})
_NEVER: Final = frozenset({b"transfer-encoding", b"content-length"})

Headers = Sequence[tuple[bytes, bytes]]


def accept_key(key: bytes) -> bytes:
    """What ``Sec-WebSocket-Accept`` says to a ``Sec-WebSocket-Key``; nothing where that is not 16 bytes in base64."""
    try:
        is_right = len(key) == 24 and len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return b""
    return base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()) if is_right else b""


def accept_plain(method: str, version: str, url: bytes, headers: Headers) -> bytes:
    """The accept key of a handshake that is plain and right in every part; nothing for any other.

    Names of headers are in small letters. What is not plain may still be right: the library judges it, and says what is wrong.
    """
    if method != "GET" or version != "1.1" or len(headers) > MAX_HEADERS or len(url) > MAX_LINE or not url.isascii():
        return b""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _NEVER or (name in _ONCE and name in found) or len(value) > MAX_LINE:
            return b""
        if name == b"sec-websocket-protocol" and not _TOKENS.fullmatch(value):
            return b""
        found[name] = value
    connection = found.get(b"connection", b"")
    is_upgrade = _TOKENS.fullmatch(connection) and b"upgrade" in {token.strip() for token in connection.lower().split(b",")}
    if not is_upgrade or found.get(b"upgrade", b"").lower() != b"websocket" or found.get(b"sec-websocket-version") != b"13":
        return b""
    return accept_key(found.get(b"sec-websocket-key", b""))


def subprotocols_of(headers: Headers) -> list[str]:
    """What was offered, in order."""
    offered = (value for name, value in headers if name == b"sec-websocket-protocol")
    return [token.strip().decode("ascii") for value in offered for token in value.split(b",")]


def switching(accepts: bytes, subprotocol: str | None, more: Headers) -> bytes:
    """The answer that opens the WebSocket; ``more`` headers go with it."""
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accepts,
    ]
    if subprotocol:
        lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode("ascii"))
    lines += [name + b": " + value for name, value in more]
    return b"\r\n".join((*lines, b"", b""))
