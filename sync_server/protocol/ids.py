"""Ids made where something is made: UUIDv7 (RFC 9562), so that they sort by time and never need a server."""

import re
import uuid
from collections.abc import Callable
from typing import Final

_FORM: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_DIRECT: Final = uuid.UUID("b3f1a0c2-6d52-5d8e-9f0e-3c1f6a7d2e41")


class IdMaker:
    """Makes UUIDv7 that only grow, also within one millisecond and when the clock goes back.

    ``entropy(n)`` gives n random bytes: ``os.urandom`` in a program, a seeded source in a simulation · ``after``: an id that all
    new ones are to follow, empty for none.
    """

    def __init__(self, entropy: Callable[[int], bytes], after: str = "") -> None:
        self._entropy = entropy
        self._last = _weight(after) if after else 0

    def make(self, now_ms: int) -> str:
        """A new id for UTC time ``now_ms``."""
        tail = int.from_bytes(self._entropy(10)) & ((1 << 74) - 1)
        fresh = (now_ms << 74) | tail
        # 122 free bits in order of weight: time, then chance. A value that would not grow leaps on by chance: the very next one may
        # have been made by an earlier run of which this one knows only ``after``.
        self._last = fresh if fresh > self._last else self._last + 1 + int.from_bytes(self._entropy(6))
        time_bits, chance = self._last >> 74, self._last & ((1 << 74) - 1)
        value = (time_bits << 80) | (7 << 76) | ((chance >> 62) << 64) | (2 << 62) | (chance & ((1 << 62) - 1))
        return str(uuid.UUID(int=value))


def _weight(identity: str) -> int:
    """The 122 free bits of a UUID in order of weight, as :class:`IdMaker` counts them."""
    value = uuid.UUID(identity).int
    return (value >> 80 << 74) | ((value >> 64 & 0xFFF) << 62) | (value & ((1 << 62) - 1))


def is_id(text: str) -> bool:
    """Whether ``text`` is a UUID in lower case, as every id of the protocol is."""
    return _FORM.fullmatch(text) is not None


def made_ms(identity: str) -> int:
    """The UTC time in milliseconds that a UUIDv7 carries; shown, never used to order anything."""
    return uuid.UUID(identity).int >> 80


def direct_room(one: str, other: str) -> str:
    """The id of the room of two people: the same whoever makes it first, so that two who meet offline share it."""
    first, second = sorted((one, other))
    return str(uuid.uuid5(_DIRECT, f"{first}|{second}"))
