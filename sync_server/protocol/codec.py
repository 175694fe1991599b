"""Messages as bytes: JSON in text frames, MessagePack in binary ones; both hold the same fields."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from sync_server.protocol.messages import FromDevice, FromServer, Message


class Codec(enum.StrEnum):
    """The two encodings; the value is the WebSocket subprotocol that asks for it."""

    JSON = "trii.sync.v1+json"
    MSGPACK = "trii.sync.v1+msgpack"


@dataclass(frozen=True, slots=True)
class _Coding:
    encode: Callable[[Message], bytes]
    from_device: Callable[[bytes], FromDevice]
    from_server: Callable[[bytes], FromServer]


_CODINGS: Final = {
    Codec.JSON: _Coding(
        msgspec.json.Encoder().encode, msgspec.json.Decoder(FromDevice).decode, msgspec.json.Decoder(FromServer).decode
    ),
    Codec.MSGPACK: _Coding(
        msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(FromDevice).decode, msgspec.msgpack.Decoder(FromServer).decode
    ),
}


def encode(message: Message, codec: Codec) -> bytes:
    """The bytes of a message."""
    return _CODINGS[codec].encode(message)


def decode_from_device(data: bytes, codec: Codec) -> FromDevice:
    """What a device said. Raises ValueError for anything that is not a whole message of this protocol."""
    try:
        return _CODINGS[codec].from_device(data)
    except RecursionError as error:
        raise ValueError("The message is nested too deeply.") from error


def decode_from_server(data: bytes, codec: Codec) -> FromServer:
    """What a server said. Raises ValueError for anything that is not a whole message of this protocol."""
    try:
        return _CODINGS[codec].from_server(data)
    except RecursionError as error:
        raise ValueError("The message is nested too deeply.") from error
