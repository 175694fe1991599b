"""A message as bytes, made once for each way it travels and shared by everybody who hears it."""

import enum
from typing import Final

from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.limits import MAX_BYTES_WAITING, MAX_FRAMES_WAITING
from sync_server.protocol.messages import FromServer

CHUNK_BYTES: Final = 64 * 1024  # what is given to a socket at a time: what it cannot take is still ours to count


class Form(enum.StrEnum):
    """How a message travels."""

    TEXT_FRAME = "text frame"  # JSON in a WebSocket frame
    BINARY_FRAME = "binary frame"  # MessagePack in a WebSocket frame
    LINES = "lines"  # JSON as a server-sent event
    PLAIN = "plain"  # JSON by itself, one message a line


CODECS: Final = {
    Form.TEXT_FRAME: Codec.JSON,
    Form.BINARY_FRAME: Codec.MSGPACK,
    Form.LINES: Codec.JSON,
    Form.PLAIN: Codec.JSON,
}
_TEXT, _BINARY, _FINAL = 0x1, 0x2, 0x80


def websocket_frame(payload: bytes, *, is_text: bool) -> bytes:
    """One unmasked frame (RFC 6455, section 5.2): the same for every reader."""
    first = _FINAL | (_TEXT if is_text else _BINARY)
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


class Packed:
    """Messages that wait and are dropped as one, and their bytes, made when the first reader needs them.

    ``is_passing``: may be dropped when a reader is slow.
    """

    __slots__ = ("_bytes", "_payloads", "is_passing", "messages")

    def __init__(self, *messages: FromServer, is_passing: bool = False) -> None:
        self.messages = messages
        self.is_passing = is_passing
        self._bytes: dict[Form, bytes] = {}
        self._payloads: dict[Codec, list[bytes]] = {}

    def in_form(self, form: Form) -> bytes:
        """The bytes as they travel."""
        made = self._bytes.get(form)
        if made is None:
            made = self._bytes[form] = self._make(form)
        return made

    def _make(self, form: Form) -> bytes:
        codec = CODECS[form]
        payloads = self._payloads.get(codec)
        if payloads is None:
            payloads = self._payloads[codec] = [encode(message, codec) for message in self.messages]
        # JSON holds no line breaks of its own.
        if form is Form.LINES:
            return b"".join(b"data: " + payload + b"\n\n" for payload in payloads)
        if form is Form.PLAIN:
            return b"\n".join(payloads)
        return b"".join(websocket_frame(payload, is_text=form is Form.TEXT_FRAME) for payload in payloads)


class Backlog:
    """What waits for one reader: never more than 256 messages and 1 MiB. What passes anyway is dropped first.

    Nearly always it is empty, ten thousand times over: an empty list has no memory of its own, where a deque has two blocks.
    """

    def __init__(self, most_frames: int = MAX_FRAMES_WAITING, most_bytes: int = MAX_BYTES_WAITING) -> None:
        self._waiting: list[tuple[bytes, bool]] = []
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, data: bytes, *, is_passing: bool) -> bool:
        """Let a message wait; False where the reader is too slow and must be let go."""
        if not self._has_room(len(data)):
            if is_passing:
                return True
            self._drop_passing()
            if not self._has_room(len(data)):
                return False
        self._waiting.append((data, is_passing))
        self.n_bytes += len(data)
        return True

    def take(self, most_bytes: int = CHUNK_BYTES) -> bytes:
        """The oldest messages as one piece of at least one message, and at most ``most_bytes`` where there are several."""
        parts: list[bytes] = []
        size = 0
        for data, _ in self._waiting:
            if parts and size + len(data) > most_bytes:
                break
            parts.append(data)
            size += len(data)
        del self._waiting[: len(parts)]
        self.n_bytes -= size
        return b"".join(parts)

    def take_messages(self) -> list[bytes]:
        """All that waits, one by one."""
        messages = [data for data, _ in self._waiting]
        self.clear()
        return messages

    def clear(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()
        self.n_bytes = 0

    def _has_room(self, size: int) -> bool:
        # One message larger than the bound may wait alone, or it could never be told.
        return not self._waiting or (len(self._waiting) < self._most_frames and self.n_bytes + size <= self._most_bytes)

    def _drop_passing(self) -> None:
        self._waiting = [(data, passing) for data, passing in self._waiting if not passing]
        self.n_bytes = sum(len(data) for data, _ in self._waiting)
