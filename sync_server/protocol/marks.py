"""What a device tells of its person in passing: how far each room was read, at most once a second, and being there."""

from collections.abc import Callable
from typing import Final

from sync_server.protocol.actions import Action, Send
from sync_server.protocol.limits import PRESENCE_MS, READ_MS
from sync_server.protocol.messages import ReadUp, Say

REPEAT_MS: Final = PRESENCE_MS - 10_000


class Marks:
    """Read marks only grow; presence is repeated before it lapses."""

    def __init__(self) -> None:
        self._read: dict[str, int] = {}  # what this device knows to be read
        self._told: dict[str, int] = {}  # what the server is known to know, or was told on this connection
        self._untold: dict[str, None] = {}
        self._next_read_ms = 0
        self._presence: Say | None = None
        self._next_presence_ms = 0

    def read_to(self, room: str, seq: int) -> None:
        """This person has read ``room`` up to ``seq``."""
        self._read[room] = max(seq, self._read.get(room, 0))
        self._look(room)

    def known_read(self, room: str, seq: int) -> None:
        """The server knows that ``room`` was read up to ``seq``, on whatever device."""
        self._told[room] = max(seq, self._told.get(room, 0))
        self._look(room)

    def _look(self, room: str) -> None:
        if self._read.get(room, 0) > self._told.get(room, 0):
            self._untold[room] = None
        else:
            self._untold.pop(room, None)

    def greeted(self) -> None:
        """A new connection: what was told on the one before may not have arrived."""
        self._told.clear()
        for room in self._read:
            self._look(room)
        self._next_presence_ms = 0

    def presence(self, say: Say) -> None:
        """This person is now so; said at once and repeated."""
        self._presence = say
        self._next_presence_ms = 0

    def pump(self, epoch: Callable[[str], int], now_ms: int) -> list[Action]:
        """What is due to be told; ``epoch`` of each room's copy."""
        actions: list[Action] = []
        if self._untold and self._next_read_ms <= now_ms:
            for room in self._untold:
                self._told[room] = self._read[room]
                actions.append(Send(ReadUp(room, epoch(room), self._read[room])))
            self._untold.clear()
            self._next_read_ms = now_ms + READ_MS
        if self._presence and self._next_presence_ms <= now_ms:
            self._next_presence_ms = now_ms + REPEAT_MS
            actions.append(Send(self._presence))
        return actions

    def next_ms(self) -> int | None:
        """When something is due; None for never."""
        times = [self._next_read_ms] if self._untold else []
        times += [self._next_presence_ms] if self._presence else []
        return min(times, default=None)
