"""Text messages as WebSocket frames of a server: unmasked, uncompressed, so that many go out in one write."""

from collections.abc import Iterable


def join_frames(messages: Iterable[bytes]) -> bytes:
    """One text frame for each message, one after the other (RFC 6455, section 5.2)."""
    parts = []
    for message in messages:
        n = len(message)
        if n < 126:
            parts.append(b"\x81" + n.to_bytes(1, "big"))
        elif n < 65536:
            parts.append(b"\x81\x7e" + n.to_bytes(2, "big"))
        else:
            parts.append(b"\x81\x7f" + n.to_bytes(8, "big"))
        parts.append(message)
    return b"".join(parts)
