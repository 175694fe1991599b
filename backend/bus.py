"""The bus that carries events to their handlers, on the engine thread."""

import inspect
import logging
import threading
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from backend.clock import Clock, SystemClock
from backend.events import EVENTS, Event, Notice, notice_of

log = logging.getLogger(__name__)

EventT = TypeVar("EventT", bound=Event)
Handler: TypeAlias = Callable[[EventT], None]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a handler failed on, kept for reading; ``at_ns`` is UTC."""

    at_ns: int
    event: Event
    handler: str
    error: str
    stack: str


class Subscription(Generic[EventT]):
    """A handler's place on the bus; ``close`` ends it, also from inside the handler."""

    def __init__(self, kind: type[EventT], handler: Handler[EventT], end: Callable[["Subscription[Any]"], None]) -> None:
        self.kind = kind
        self.handler = handler
        self.is_open = True
        self.has_failed = False
        self.room: Callable[[], Awaitable[None]] | None = None  # returns once the handler can take more
        self._end = end

    def close(self) -> None:
        """Receive no more events; closing twice does nothing."""
        if self.is_open:
            self.is_open = False
            self._end(self)

    @property
    def handler_name(self) -> str:
        """Module and qualified name of the handler, for logs."""
        handler = inspect.unwrap(self.handler)
        return f"{getattr(handler, '__module__', '?')}.{getattr(handler, '__qualname__', repr(handler))}"


class Bus:
    """Carries events to handlers, one after the other, on the thread that made it.

    Every handler sees all events in one order: an event published inside a handler is delivered after the
    current one. A handler that raises is logged, its event kept among ``dead_letters``, and the first time a
    Notice is published; the other handlers are not affected.
    """

    def __init__(self, kinds: tuple[type[Event], ...] = EVENTS, *, clock: Clock | None = None, n_dead_letters: int = 256) -> None:
        self._clock = clock or SystemClock()
        self._subscriptions: dict[type[Event], tuple[Subscription[Any], ...]] = dict.fromkeys(kinds, ())
        self._dead: deque[DeadLetter] = deque(maxlen=n_dead_letters)
        self._waiting: deque[Event] = deque()
        self._is_delivering = False
        self._thread_id = threading.get_ident()
        self.n_published = 0

    def subscribe(
        self, kind: type[EventT], handler: Handler[EventT], *, room: Callable[[], Awaitable[None]] | None = None
    ) -> Subscription[EventT]:
        """Call ``handler(event)`` for each event of exactly ``kind`` until the subscription is closed.

        room : for handlers that fill up, awaited by ``publish_when_room``
        """
        assert kind in self._subscriptions, f"{kind.__name__} is not in this bus's list of events."
        assert not inspect.iscoroutinefunction(handler), "Handlers are plain functions; coroutines read an EventQueue."
        subscription = Subscription(kind, handler, self._end)
        subscription.room = room
        self._subscriptions[kind] = (*self._subscriptions[kind], subscription)
        return subscription

    def publish(self, event: Event) -> None:
        """Deliver ``event`` to its handlers; only on the bus's own thread."""
        assert threading.get_ident() == self._thread_id, "Only the engine thread publishes; use loop.call_soon_threadsafe."
        assert type(event) in self._subscriptions, f"{type(event).__name__} is not in this bus's list of events."
        self._waiting.append(event)
        self.n_published += 1
        if self._is_delivering:
            return
        self._is_delivering = True
        try:
            while self._waiting:
                self._deliver(self._waiting.popleft())
        finally:
            self._is_delivering = False

    async def publish_when_room(self, event: Event) -> None:
        """Wait until every queue that reads this kind of event has room, then publish it."""
        for subscription in self._subscriptions[type(event)]:
            if subscription.room is not None:
                await subscription.room()
        self.publish(event)

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """The latest events a handler failed on, oldest first."""
        return tuple(self._dead)

    def _deliver(self, event: Event) -> None:
        for subscription in self._subscriptions[type(event)]:
            if not subscription.is_open:
                continue
            try:
                subscription.handler(event)
            except Exception as e:  # noqa: BLE001 - the bus isolates handlers from each other
                self._bury(subscription, event, e)

    def _bury(self, subscription: Subscription[Any], event: Event, error: Exception) -> None:
        name = subscription.handler_name
        log.error("A handler failed on %s: %s", event.NAME, name, exc_info=error)
        stack = "".join(traceback.format_exception(error))
        self._dead.append(DeadLetter(self._clock.now_ns(), event, name, f"{type(error).__name__}: {error}", stack))
        is_first = not subscription.has_failed
        subscription.has_failed = True
        if is_first and not isinstance(event, Notice):
            self._waiting.append(notice_of(error, f"Reacting to {event.NAME} failed."))

    def _end(self, subscription: Subscription[Any]) -> None:
        others = tuple(s for s in self._subscriptions[subscription.kind] if s is not subscription)
        self._subscriptions[subscription.kind] = others
