"""What an engine in a process of its own and its parent say to each other: frames of a length and one typed message.

A frame is four bytes of length, little endian, and one MessagePack map with its ``type``. Both ends are this program;
frames are still bounded and checked, because a library that writes where it should not must not be believed.
"""

import struct
from typing import Final, TypeAlias

import msgspec

from backend.assistant.engines.engine import Done, Loaded, LoadOptions, Message, Request
from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, TriiError, Unavailable

FRAME_BYTES_MAX: Final = 64 * 2**20
HEAD: Final = struct.Struct("<I")
N_TEXTS_A_MESSAGE: Final = 32  # of an embedding: bounded frames, and a cancel between them


class Said(msgspec.Struct, frozen=True, tag=True):
    """One message; ``number`` joins what is said to what it answers."""

    number: int = 0


# From the parent.


class Load(Said, frozen=True, kw_only=True):
    """Load this model; a child loads one in its life."""

    path: str
    options: LoadOptions


class Generate(Said, frozen=True, kw_only=True):
    """Generate; Pieces follow, then Ended."""

    request: Request


class Cancel(Said, frozen=True):
    """End the generation of this number, running or waiting."""


class Warm(Said, frozen=True, kw_only=True):
    """Have a mode's prefix at hand."""

    prefix: tuple[Message, ...]
    mode: str


class Embed(Said, frozen=True, kw_only=True):
    """Give vectors of these texts."""

    texts: tuple[str, ...]


class Count(Said, frozen=True, kw_only=True):
    """Count tokens."""

    messages: tuple[Message, ...]


class UseThreads(Said, frozen=True, kw_only=True):
    """Compute on so many threads from the next batch on; nothing answers."""

    n_threads: int


class StopLoading(Said, frozen=True):
    """End the loading at its next step."""


class Ping(Said, frozen=True):
    """Answer with a Beat at once."""


# From the child.


class Hello(Said, frozen=True, kw_only=True):
    """It runs."""

    pid: int


class Beat(Said, frozen=True, kw_only=True):
    """It lives: every second, whatever it does. ``quiet_ms``: how long its work has shown no progress."""

    doing: str
    quiet_ms: int
    rss_bytes: int


class Progressed(Said, frozen=True, kw_only=True):
    """A model is loaded this far, 0 to 1."""

    share: float


class LoadedNow(Said, frozen=True, kw_only=True):
    """The model is loaded."""

    loaded: Loaded


class Pieces(Said, frozen=True, kw_only=True):
    """More text of a generation; several tokens together."""

    text: str
    n_tokens: int


class Ended(Said, frozen=True, kw_only=True):
    """A generation ended."""

    done: Done


class Vectors(Said, frozen=True, kw_only=True):
    """Vectors, one a text."""

    vectors: list[list[float]]


class Counted(Said, frozen=True, kw_only=True):
    """How many tokens."""

    n: int


class Fine(Said, frozen=True):
    """What was asked is done."""


class Failed(Said, frozen=True, kw_only=True):
    """What was asked failed, as a TriiError."""

    kind: str
    message: str
    hint: str = ""
    code: str = ""
    retry_after_s: float | None = None


FromParent: TypeAlias = Load | Generate | Cancel | Warm | Embed | Count | UseThreads | StopLoading | Ping
FromChild: TypeAlias = Hello | Beat | Progressed | LoadedNow | Pieces | Ended | Vectors | Counted | Fine | Failed

_ENCODER: Final = msgspec.msgpack.Encoder()
_FROM_PARENT: Final[msgspec.msgpack.Decoder[FromParent]] = msgspec.msgpack.Decoder(FromParent)
_FROM_CHILD: Final[msgspec.msgpack.Decoder[FromChild]] = msgspec.msgpack.Decoder(FromChild)
_KINDS: Final[dict[str, type[TriiError]]] = {
    kind.__name__: kind for kind in (InvalidInput, NotFound, Unavailable, Conflict, CorruptData)
}


def frame(message: FromParent | FromChild) -> bytes:
    """The message as it goes over the pipe. Raises InvalidInput where it is too large."""
    body = _ENCODER.encode(message)
    if len(body) > FRAME_BYTES_MAX:
        raise InvalidInput(f"{len(body):,} bytes at once are more than an engine takes.", hint="Ask for less at once.")
    return HEAD.pack(len(body)) + body


def size_of(head: bytes) -> int:
    """How many bytes follow these four. Raises CorruptData for more than a frame may have."""
    (size,) = HEAD.unpack(head)
    if not 0 < size <= FRAME_BYTES_MAX:
        raise CorruptData(f"The engine's process sent a frame of {size:,} bytes.", code="engine.frame")
    return int(size)


def parse_from_parent(body: bytes) -> FromParent:
    """The parent's message. Raises CorruptData."""
    try:
        return _FROM_PARENT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise CorruptData(f"The program sent its engine what it does not know: {e}.", code="engine.frame") from e


def parse_from_child(body: bytes) -> FromChild:
    """The child's message. Raises CorruptData."""
    try:
        return _FROM_CHILD.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise CorruptData(f"The engine's process sent what nobody knows: {e}.", code="engine.frame") from e


def failed(number: int, error: TriiError) -> Failed:
    """The error as a message."""
    kind = next((name for name, known in _KINDS.items() if isinstance(error, known)), Unavailable.__name__)
    again_s = error.retry_after_s if isinstance(error, Unavailable) else None
    return Failed(number, kind=kind, message=error.message, hint=error.hint, code=error.code, retry_after_s=again_s)


def error_of(message: Failed) -> TriiError:
    """The message as the error it was."""
    if message.kind == Unavailable.__name__:
        return Unavailable(message.message, hint=message.hint, code=message.code, retry_after_s=message.retry_after_s)
    return _KINDS.get(message.kind, TriiError)(message.message, hint=message.hint, code=message.code)
