"""When connections are written to: rounds with pauses, so that writing leaves time for everything else.

A write costs what the kernel asks, far more than the bytes in it. So events of one room that happen between two rounds travel as
one message, and after a round nothing is written for twice as long as it took: at most a third of the time goes into writing, and
the more there is to say, the more is said at a time. Nothing waits where nothing was written just before.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from sync_server.edge.packing import Packed
from sync_server.protocol.messages import Ev

PAUSE_S: Final = 0.005  # the least between two rounds
PAUSE_ROUNDS: Final = 2  # how many times as long as the last round the pause is
MAX_PAUSE_S: Final = 0.04
SLICE: Final = 500  # connections written to before others get a turn
MAX_EVENTS: Final = 100  # that travel as one message
MAX_EVENT_BYTES: Final = 64 * 1024  # of their bodies

Tell = Callable[[frozenset[str], Packed], None]


class Written(Protocol):
    """A connection that can be written to."""

    def flush(self) -> None:
        """Write what the socket takes."""
        ...


class _Held:
    """Events of one room, without a hole between them, and who hears them."""

    def __init__(self, ev: Ev, hearers: frozenset[str]) -> None:
        self.hearers = hearers
        self.evs = [ev]
        self._n_events = len(ev.ev)
        self._n_bytes = _body_bytes(ev)

    def take(self, ev: Ev, hearers: frozenset[str]) -> bool:
        """Hold these as well; False where they must be a message of their own."""
        last, n_bytes = self.evs[-1], _body_bytes(ev)
        follows = (ev.e, ev.first) == (last.e, last.last + 1) and hearers == self.hearers
        if not follows or self._n_events + len(ev.ev) > MAX_EVENTS or self._n_bytes + n_bytes > MAX_EVENT_BYTES:
            return False
        self.evs.append(ev)
        self._n_events += len(ev.ev)
        self._n_bytes += n_bytes
        return True

    def message(self) -> Ev:
        """All of them as one message."""
        first, last = self.evs[0], self.evs[-1]
        if first is last:
            return first
        return msgspec.structs.replace(last, first=first.first, ev=tuple(event for ev in self.evs for event in ev.ev))


class Rounds:
    """What waits for the next round: events by room, and connections that have something to write. On the loop's thread only.

    ``tell`` gives a message to the connections of those people, and must not begin a round.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._held: dict[str, _Held] = {}
        self._to_flush: dict[Written, None] = {}
        self._next: asyncio.Handle | None = None
        self._begun_s = 0.0
        self._free_s = 0.0  # when the pause after the last round ends

    def gather(self, ev: Ev, hearers: frozenset[str]) -> None:
        """Tell these events with the next round."""
        held = self._held.get(ev.r)
        if held is None or not held.take(ev, hearers):
            self.settle(ev.r)
            self._held[ev.r] = _Held(ev, hearers)
        self._wake()

    def settle(self, room: str = "") -> None:
        """Give connections what was held for them, of one room or of all: what is told from here on comes after it."""
        if room:
            held = self._held.pop(room, None)
            if held is not None:
                self._tell(held.hearers, Packed(held.message()))
        elif self._held:
            for name in tuple(self._held):
                self.settle(name)

    def must_flush(self, line: Written) -> None:
        """Write to this connection with the next round."""
        self._to_flush[line] = None
        self._wake()

    def forget(self, line: Written) -> None:
        """This connection is gone."""
        self._to_flush.pop(line, None)

    def close(self) -> None:
        """No more rounds."""
        if self._next is not None:
            self._next.cancel()

    def _wake(self) -> None:
        if self._next is None:
            loop = asyncio.get_running_loop()
            wait_s = self._free_s - loop.time()
            self._next = loop.call_later(wait_s, self._begin) if wait_s > 0 else loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._begun_s = asyncio.get_running_loop().time()
        try:
            self.settle()
        finally:
            self._write()

    def _write(self) -> None:
        try:
            for line in list(self._to_flush)[:SLICE]:
                self._to_flush.pop(line, None)
                line.flush()
        finally:
            self._go_on()

    def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        if self._to_flush:
            self._next = loop.call_soon(self._write)
            return
        self._next = None
        ended_s = loop.time()
        self._free_s = ended_s + min(MAX_PAUSE_S, max(PAUSE_S, PAUSE_ROUNDS * (ended_s - self._begun_s)))
        if self._held:
            self._wake()


def _body_bytes(ev: Ev) -> int:
    return sum(len(event.b or "") for event in ev.ev)
