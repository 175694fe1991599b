"""What one message, one connection and one copy may hold. A server tells its own figures in ``welcome``."""

from typing import Final

import msgspec

VERSION: Final = 1
MAX_FRAME: Final = 64 * 1024  # bytes of one inbound WebSocket message
MAX_BODY: Final = 16 * 1024  # bytes of one operation's body in UTF-8
MAX_OPS: Final = 100  # operations of one push over HTTP or WebSocket
MAX_PUSH: Final = 256 * 1024  # bytes of one push over HTTP
MAX_PULL: Final = 500  # events of one page
MAX_HELD: Final = 1_000  # events that a copy keeps while a gap before them is fetched
MAX_ROOMS: Final = 500  # rooms of one connection
MAX_FRAMES_WAITING: Final = 256  # messages that wait for a slow reader
MAX_BYTES_WAITING: Final = 1024 * 1024
FIRST_FRAME_MS: Final = 5_000  # a connection that has not said hello by then is closed
HEARTBEAT_MS: Final = 20_000
READ_MS: Final = 1_000  # read cursors are coalesced to one in this time
TYPING_MS: Final = 5_000
PRESENCE_MS: Final = 30_000
RETRY_MS: Final = (500, 30_000)  # full jitter between 0 and a bound that doubles from the first to the second


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The figures a server holds a connection to; the same names as the constants of this module."""

    frame: int = MAX_FRAME
    body: int = MAX_BODY
    ops: int = MAX_OPS
    pull: int = MAX_PULL
    rooms: int = MAX_ROOMS
    upload: int = 20 * 1024 * 1024
