"""What has happened: the closed list of events, and the bus that carries them on the engine thread.

Events are past tense, frozen, and carry ids, numbers and times, never live objects. ``EVENTS`` is the whole list:
a bus refuses every other class. The seam for plugins: a later plugin host builds its bus as
``Bus(kinds=EVENTS + plugin_kinds)``, where each plugin event's ``NAME`` starts with ``plugin.<plugin id>.``.
"""

import enum
import inspect
import logging
import threading
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Generic, Self, TypeAlias, TypeVar

from backend.clock import Clock, SystemClock
from backend.domain.bars import Series
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened. ``NAME`` ends in the version of its fields and is what logs and queues show."""

    NAME: ClassVar[str] = ""

    def conflation_key(self) -> Hashable | None:
        """Waiting events of one class and key may be merged into one; None means each must arrive."""
        return None

    def merged_into(self, newer: Self) -> Self:
        """The one event that says what this one and ``newer`` (same class and key) say together."""
        return newer


@dataclass(frozen=True, slots=True)
class BarsSaved(Event):
    """Everything received up to ``up_to_ns`` (receive time, UTC ns) is durable; ``n_bars`` counts since opening."""

    NAME: ClassVar[str] = "market.bars_saved.v1"
    up_to_ns: int
    n_bars: int

    def conflation_key(self) -> Hashable | None:
        """One watermark waits at a time."""
        return ()

    def merged_into(self, newer: Self) -> Self:
        """The later watermark."""
        return newer if newer.up_to_ns >= self.up_to_ns else self


@dataclass(frozen=True, slots=True)
class BarsChanged(Event):
    """Bars of ``series`` from ``from_ns`` (event time) on may differ from before; ``version`` only grows."""

    NAME: ClassVar[str] = "market.bars_changed.v1"
    series: Series
    from_ns: int
    version: int

    def conflation_key(self) -> Hashable | None:
        """One change a series waits at a time."""
        return self.series

    def merged_into(self, newer: Self) -> Self:
        """From the earlier of both starts, at the higher version."""
        return replace(newer, from_ns=min(self.from_ns, newer.from_ns), version=max(self.version, newer.version))


@dataclass(frozen=True, slots=True)
class InstrumentsChanged(Event):
    """These instruments were added to the catalog or changed in it."""

    NAME: ClassVar[str] = "market.instruments_changed.v1"
    ids: tuple[InstrumentId, ...]


@dataclass(frozen=True, slots=True)
class ImportProgressed(Event):
    """An import has read ``done_bytes`` of ``total_bytes`` (0 when unknown) and ``n_rows`` rows so far."""

    NAME: ClassVar[str] = "market.import_progressed.v1"
    import_id: str
    name: str
    done_bytes: int
    total_bytes: int
    n_rows: int

    def conflation_key(self) -> Hashable | None:
        """Only the newest progress of an import matters."""
        return self.import_id


@dataclass(frozen=True, slots=True)
class ImportFinished(Event):
    """An import was published: ``n_accepted`` rows are stored, ``n_refused`` are listed in its report."""

    NAME: ClassVar[str] = "market.import_finished.v1"
    import_id: str
    name: str
    n_accepted: int
    n_refused: int


@dataclass(frozen=True, slots=True)
class SettingsChanged(Event):
    """The settings of ``section`` now have other values."""

    NAME: ClassVar[str] = "settings.changed.v1"
    section: str

    def conflation_key(self) -> Hashable | None:
        """Readers take the current values, so one change a section may wait."""
        return self.section


@dataclass(frozen=True, slots=True)
class WatchlistsChanged(Event):
    """These watchlists were added, renamed, reordered, changed or removed."""

    NAME: ClassVar[str] = "watchlists.changed.v1"
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FiguresChanged(Event):
    """The latest figures of watched instruments are other ones; the board's snapshot has this ``version`` or a later one."""

    NAME: ClassVar[str] = "watchlists.figures_changed.v1"
    version: int

    def conflation_key(self) -> Hashable | None:
        """Readers take the board's newest snapshot, so one change may wait."""
        return ()


@dataclass(frozen=True, slots=True)
class WorkspacesChanged(Event):
    """There are other workspaces, other names, or another one is in use."""

    NAME: ClassVar[str] = "workspaces.changed.v1"

    def conflation_key(self) -> Hashable | None:
        """Readers take the list as it is now, so one change may wait."""
        return ()


class Level(enum.StrEnum):
    """How much a notice matters."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Words for the person: what happened, and in ``hint`` what to do next; ``code`` is stable."""

    NAME: ClassVar[str] = "app.notice.v1"
    level: Level
    title: str
    text: str = ""
    hint: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ReplayMoved(Event):
    """Charts now show what was complete at ``now_ns``; None: the present again."""

    NAME: ClassVar[str] = "charts.replay_moved.v1"
    now_ns: int | None

    def conflation_key(self) -> Hashable | None:
        """Only the newest moment matters."""
        return ()


@dataclass(frozen=True, slots=True)
class DrawingsChanged(Event):
    """Drawings of ``instrument`` were added, changed or removed; ``number`` counts its changes since the start."""

    NAME: ClassVar[str] = "charts.drawings_changed.v1"
    instrument: InstrumentId
    number: int

    def conflation_key(self) -> Hashable | None:
        """Readers take all drawings of the instrument, so one change may wait."""
        return self.instrument


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """A job of the background was made, moved on or ended; ``progress`` is 0 to 1, ``words`` what it does or came to."""

    NAME: ClassVar[str] = "jobs.changed.v1"
    job_id: int
    kind: str
    title: str
    state: str
    progress: float
    words: str = ""

    def conflation_key(self) -> Hashable | None:
        """Only the newest state of a job matters."""
        return self.job_id


@dataclass(frozen=True, slots=True)
class WindowRequested(Event):
    """Another start of the program asks the window to come up; ``what`` is empty or names what to show."""

    NAME: ClassVar[str] = "app.window_requested.v1"
    what: str = ""


EVENTS: Final[tuple[type[Event], ...]] = (
    BarsSaved,
    BarsChanged,
    InstrumentsChanged,
    ImportProgressed,
    ImportFinished,
    SettingsChanged,
    WatchlistsChanged,
    WorkspacesChanged,
    FiguresChanged,
    ReplayMoved,
    DrawingsChanged,
    JobChanged,
    Notice,
    WindowRequested,
)

EventT = TypeVar("EventT", bound=Event)
Handler: TypeAlias = Callable[[EventT], None]


def notice_of(error: BaseException, title: str, *, level: Level = Level.ERROR) -> Notice:
    """The notice that tells ``error``: a TriiError in its own words with its hint, anything else as a defect."""
    if isinstance(error, TriiError):
        return Notice(level, title, error.message, error.hint, error.code)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Notice(level, title, text, "This is a defect of the program; the log has the details.", "app.defect")


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
