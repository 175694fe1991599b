"""The only crossing between the UI thread and the engine thread: calls one way, events the other way once a frame."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from backend.bus import Bus, Handler, Subscription
from backend.engine import EngineThread
from backend.event_queue import Backlog
from backend.events import EVENTS, Event
from trii_desktop.crossing import Crossing, engine_stopped
from trii_desktop.frame import FrameClock
from trii_desktop.frozen import check_arguments, check_frozen

DRAIN_BUDGET_NS: Final = 4_000_000

T = TypeVar("T")
EventT = TypeVar("EventT", bound=Event)


class HasBus(Protocol):
    """A backend, as far as the bridge knows it."""

    @property
    def bus(self) -> Bus:
        """The engine's bus."""
        ...


BackendT = TypeVar("BackendT", bound=HasBus)


class _Signals(QObject):
    """Queued wake-ups from the engine thread into the UI thread: at most one waits, however many events do."""

    woken = Signal()
    ended = Signal()


class Bridge(Generic[BackendT]):
    """Lets the UI thread call the engine and hear its events; everything here is used on the UI thread.

    is_debug : check that arguments, results and events are frozen values
    """

    def __init__(self, engine: EngineThread[BackendT], frames: FrameClock, *, is_debug: bool = False) -> None:
        self._engine = engine
        self._frames = frames
        self._is_debug = is_debug
        self._bus = Bus()  # the UI thread's own: the same order, isolation and dead letters as the engine's
        self._backlog = Backlog()
        self._pending: set[asyncio.Future[Any]] = set()
        self._forwarding: list[Subscription[Any]] = []
        self._has_ended = False
        self._signals = _Signals()
        self._signals.woken.connect(frames.request, Qt.ConnectionType.QueuedConnection)
        self._signals.ended.connect(self._fail_pending, Qt.ConnectionType.QueuedConnection)
        self._listener = frames.listen(self._drain, before_others=True)
        self._is_open = True
        engine.ended.add_done_callback(self._tell_ended)

    async def open(self) -> BackendT:
        """Wait for the backend, let its events through, and return it."""
        backend = await asyncio.shield(asyncio.wrap_future(self._engine.opened))
        await self._cross(self._forward(backend.bus))
        return backend

    async def call(self, work: Coroutine[Any, Any, T] | Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the engine and return its result; it must be one that has not begun.

        Cancelling the caller cancels the engine's task and waits until it has cleaned up. Raises what the task
        raises, and Unavailable when the engine stops first.
        """
        coro = work() if callable(work) else work
        if not self._is_debug:
            return await self._cross(coro)
        try:
            check_arguments(coro)
        except TypeError:
            coro.close()
            raise
        result = await self._cross(coro)
        check_frozen(result, f"the result of {_name_of(coro)}")
        return result

    async def _cross(self, coro: Coroutine[Any, Any, T]) -> T:
        if self._has_ended or not self._engine.is_running:
            coro.close()
            raise engine_stopped()
        try:
            crossing = Crossing(self._engine.loop, asyncio.get_running_loop(), coro, f"bridge/{_name_of(coro)}")
        except RuntimeError as e:  # the loop closed since it was asked
            coro.close()
            raise engine_stopped() from e
        self._pending.add(crossing.done)
        try:
            return await crossing.result()
        finally:
            self._pending.discard(crossing.done)

    def subscribe(self, kind: type[EventT], handler: Handler[EventT]) -> Subscription[EventT]:
        """Call ``handler(event)`` on the UI thread, within a frame of the event; conflatable events may be merged."""
        return self._bus.subscribe(kind, handler)

    def publish(self, event: Event) -> None:
        """Deliver an event that began on the UI thread (a notice) to the UI thread's handlers alone."""
        self._bus.publish(event)

    def close(self) -> None:
        """Hear no more; calls in flight go on."""
        if not self._is_open:
            return
        self._is_open = False
        self._listener.close()
        self._signals.woken.disconnect(self._frames.request)
        if self._engine.is_running:
            self._engine.loop.call_soon_threadsafe(self._stop_forwarding)

    # --- on the engine thread ---

    async def _forward(self, bus: Bus) -> None:
        self._forwarding = [bus.subscribe(kind, self._receive) for kind in EVENTS]

    def _receive(self, event: Event) -> None:
        if self._backlog.add(event):
            self._signals.woken.emit()

    def _stop_forwarding(self) -> None:
        for subscription in self._forwarding:
            subscription.close()

    def _tell_ended(self, _ended: object) -> None:
        if self._is_open:
            self._signals.ended.emit()

    # --- on the UI thread ---

    def _drain(self) -> None:
        until_ns = time.perf_counter_ns() + DRAIN_BUDGET_NS
        for _ in range(len(self._backlog)):  # what comes while draining waits for the next frame
            event = self._backlog.take()
            if event is None:
                break
            if self._is_debug:
                check_frozen(event, event.NAME)
            self._bus.publish(event)
            if time.perf_counter_ns() >= until_ns:
                break
        if len(self._backlog):
            self._frames.request()

    def _fail_pending(self) -> None:
        self._has_ended = True
        for future in tuple(self._pending):
            if not future.done():
                future.set_exception(engine_stopped())


def _name_of(coro: Coroutine[Any, Any, Any]) -> str:
    return str(getattr(coro, "__qualname__", type(coro).__name__))
