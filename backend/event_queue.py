"""Waiting events: a backlog that merges what may be merged, and a bounded queue for coroutines."""

import asyncio
import itertools
import logging
import threading
from collections.abc import Hashable
from types import TracebackType
from typing import Self

from backend.bus import Bus
from backend.events import Event

log = logging.getLogger(__name__)


class Backlog:
    """Events in the order they came, where a conflatable event takes the place of the waiting one of its key.

    Any thread may add, any one thread at a time may take.
    """

    def __init__(self) -> None:
        self._events: dict[Hashable, Event] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> bool:
        """Keep ``event``; whether nothing waited before."""
        key = event.conflation_key()
        with self._lock:
            was_empty = not self._events
            place = (type(event), next(self._numbers)) if key is None else (type(event), "newest", key)
            waiting = self._events.get(place)
            self._events[place] = event if waiting is None else waiting.merged_into(event)
            return was_empty

    def take(self) -> Event | None:
        """The oldest event, removed; None when nothing waits."""
        with self._lock:
            place = next(iter(self._events), None)
            return None if place is None else self._events.pop(place)

    def drop_oldest_conflatable(self) -> Event | None:
        """Remove and return the oldest event that may be dropped; None when each must arrive."""
        with self._lock:
            for place, event in self._events.items():
                if event.conflation_key() is not None:
                    return self._events.pop(place)
        return None


class EventQueue:
    """Events of some kinds for one coroutine, at most ``size`` waiting; ``async for`` reads them until ``close``.

    A full queue drops its oldest conflatable event. Events that must arrive are never dropped: they wait above
    the bound, and a producer that may outrun its readers uses ``await bus.publish_when_room(event)``.
    """

    def __init__(self, bus: Bus, kinds: tuple[type[Event], ...], *, size: int = 1024) -> None:
        assert size >= 1, f"A queue of size {size} holds nothing."
        self.size = size
        self.n_dropped = 0
        self._backlog = Backlog()
        self._ready = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_open = True
        self._has_warned = False
        self._subscriptions = [bus.subscribe(kind, self._accept, room=self.room) for kind in kinds]

    def __len__(self) -> int:
        return len(self._backlog)

    async def room(self) -> None:
        """Return once fewer than ``size`` events wait, or the queue is closed."""
        await self._room.wait()

    def close(self) -> None:
        """Receive no more; what waits can still be read, then reading ends."""
        self._is_open = False
        for subscription in self._subscriptions:
            subscription.close()
        self._ready.set()
        self._room.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = self._backlog.take()
            if event is not None:
                break
            if not self._is_open:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        if len(self._backlog) < self.size:
            self._room.set()
        return event

    def _accept(self, event: Event) -> None:
        self._backlog.add(event)
        if len(self._backlog) > self.size:
            if self._backlog.drop_oldest_conflatable() is not None:
                self.n_dropped += 1
            elif not self._has_warned:
                self._has_warned = True
                log.warning("A queue of %d events is over its bound with events that must arrive: %s.", self.size, event.NAME)
        if len(self._backlog) >= self.size:
            self._room.clear()
        self._ready.set()
