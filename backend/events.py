"""What has happened: the closed list of events, each a small frozen value.

Events are past tense, frozen, and carry ids, numbers and times, never live objects. ``EVENTS`` is the whole list:
a bus refuses every other class. The seam for plugins: a later plugin host builds its bus as
``Bus(kinds=EVENTS + plugin_kinds)``, where each plugin event's ``NAME`` starts with ``plugin.<plugin id>.``.
"""

import enum
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

from backend.domain.bars import Series
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError


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
class Latest(Event):
    """An event whose readers take the newest state, so that one may wait for all: of its class, or of its field ``OF``."""

    OF: ClassVar[str] = ""

    def conflation_key(self) -> Hashable | None:
        """The value of the field, or the same for all of the class."""
        return getattr(self, self.OF) if self.OF else ()


@dataclass(frozen=True, slots=True)
class BarsSaved(Latest):
    """Everything received up to ``up_to_ns`` (receive time, UTC ns) is durable; ``n_bars`` counts since opening."""

    NAME: ClassVar[str] = "market.bars_saved.v1"
    up_to_ns: int
    n_bars: int

    def merged_into(self, newer: Self) -> Self:
        """The later watermark."""
        return newer if newer.up_to_ns >= self.up_to_ns else self


@dataclass(frozen=True, slots=True)
class BarsChanged(Latest):
    """Bars of ``series`` from ``from_ns`` (event time) on may differ from before; ``version`` only grows."""

    NAME: ClassVar[str] = "market.bars_changed.v1"
    OF: ClassVar[str] = "series"
    series: Series
    from_ns: int
    version: int

    def merged_into(self, newer: Self) -> Self:
        """From the earlier of both starts, at the higher version."""
        return replace(newer, from_ns=min(self.from_ns, newer.from_ns), version=max(self.version, newer.version))


@dataclass(frozen=True, slots=True)
class InstrumentsChanged(Event):
    """These instruments were added to the catalog or changed in it."""

    NAME: ClassVar[str] = "market.instruments_changed.v1"
    ids: tuple[InstrumentId, ...]


@dataclass(frozen=True, slots=True)
class ImportProgressed(Latest):
    """An import has read ``done_bytes`` of ``total_bytes`` (0 when unknown) and ``n_rows`` rows so far."""

    NAME: ClassVar[str] = "market.import_progressed.v1"
    OF: ClassVar[str] = "import_id"
    import_id: str
    name: str
    done_bytes: int
    total_bytes: int
    n_rows: int


@dataclass(frozen=True, slots=True)
class ImportFinished(Event):
    """An import was published: ``n_accepted`` rows are stored, ``n_refused`` are listed in its report."""

    NAME: ClassVar[str] = "market.import_finished.v1"
    import_id: str
    name: str
    n_accepted: int
    n_refused: int


@dataclass(frozen=True, slots=True)
class SettingsChanged(Latest):
    """The settings of ``section`` now have other values."""

    NAME: ClassVar[str] = "settings.changed.v1"
    OF: ClassVar[str] = "section"
    section: str


@dataclass(frozen=True, slots=True)
class WatchlistsChanged(Event):
    """These watchlists were added, renamed, reordered, changed or removed."""

    NAME: ClassVar[str] = "watchlists.changed.v1"
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FiguresChanged(Latest):
    """The latest figures of watched instruments are other ones; the board's snapshot has this ``version`` or a later one."""

    NAME: ClassVar[str] = "watchlists.figures_changed.v1"
    version: int


@dataclass(frozen=True, slots=True)
class WorkspacesChanged(Latest):
    """There are other workspaces, other names, or another one is in use."""

    NAME: ClassVar[str] = "workspaces.changed.v1"


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
class ReplayMoved(Latest):
    """Charts now show what was complete at ``now_ns``; None: the present again."""

    NAME: ClassVar[str] = "charts.replay_moved.v1"
    now_ns: int | None


@dataclass(frozen=True, slots=True)
class DrawingsChanged(Latest):
    """Drawings of ``instrument`` were added, changed or removed; ``number`` counts its changes since the start."""

    NAME: ClassVar[str] = "charts.drawings_changed.v1"
    OF: ClassVar[str] = "instrument"
    instrument: InstrumentId
    number: int


@dataclass(frozen=True, slots=True)
class JobChanged(Latest):
    """A job of the background was made, moved on or ended; ``progress`` is 0 to 1, ``words`` what it does or came to."""

    NAME: ClassVar[str] = "jobs.changed.v1"
    OF: ClassVar[str] = "job_id"
    job_id: int
    kind: str
    title: str
    state: str
    progress: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class FeedChanged(Latest):
    """A feed connected, went down, was added or removed; its status is in the live snapshot."""

    NAME: ClassVar[str] = "market.feed_changed.v1"
    OF: ClassVar[str] = "feed"
    feed: str
    state: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class FeedLagging(Latest):
    """Ticks of ``feed`` wait longer than they should; ``lag_ms`` for the oldest of ``n_waiting``. 0 and 0: it has caught up."""

    NAME: ClassVar[str] = "market.feed_lagging.v1"
    OF: ClassVar[str] = "feed"
    feed: str
    lag_ms: float
    n_waiting: int


@dataclass(frozen=True, slots=True)
class AlertFired(Event):
    """An alert fired; the firing is stored. ``firing`` is its id, ``is_late`` says that it is told silently."""

    NAME: ClassVar[str] = "alerts.fired.v1"
    firing: str
    alert: str
    instrument: InstrumentId
    title: str
    words: str
    event_ns: int
    price: float
    sound: str = ""
    is_late: bool = False
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class AlertsChanged(Latest):
    """Alerts were added, changed, removed or stand otherwise; the snapshot has this ``version`` or a later one."""

    NAME: ClassVar[str] = "alerts.changed.v1"
    version: int


@dataclass(frozen=True, slots=True)
class DeliveriesChanged(Latest):
    """Something was queued for a channel, sent, or given up."""

    NAME: ClassVar[str] = "delivery.changed.v1"
    OF: ClassVar[str] = "channel"
    channel: str


@dataclass(frozen=True, slots=True)
class AnswerChanged(Latest):
    """An answer of the assistant grew or ended; readers take its newest value."""

    NAME: ClassVar[str] = "assistant.answer_changed.v1"
    OF: ClassVar[str] = "answer"
    answer: str
    conversation: str
    version: int
    is_over: bool = False

    def merged_into(self, newer: Self) -> Self:
        """The later of both."""
        return newer if newer.version >= self.version else self


@dataclass(frozen=True, slots=True)
class ConversationsChanged(Latest):
    """A conversation with the assistant was begun, changed or removed."""

    NAME: ClassVar[str] = "assistant.conversations_changed.v1"
    OF: ClassVar[str] = "conversation"
    conversation: str


@dataclass(frozen=True, slots=True)
class ModelsChanged(Latest):
    """There are other models, or one was examined or chosen for a mode."""

    NAME: ClassVar[str] = "assistant.models_changed.v1"


@dataclass(frozen=True, slots=True)
class TemplatesChanged(Latest):
    """The instructions of models have other versions, or another one is in use."""

    NAME: ClassVar[str] = "assistant.templates_changed.v1"


@dataclass(frozen=True, slots=True)
class EngineChanged(Latest):
    """The engine of local models loads, is ready, works, was unloaded or broke; ``progress`` is 0 to 1 while it loads."""

    NAME: ClassVar[str] = "assistant.engine_changed.v1"
    state: str
    words: str = ""
    progress: float = 0.0


@dataclass(frozen=True, slots=True)
class ServersChanged(Latest):
    """A server was joined or left, or the desktop stands otherwise with one; readers take the rows as they are now."""

    NAME: ClassVar[str] = "sync.servers_changed.v1"


@dataclass(frozen=True, slots=True)
class RoomsChanged(Latest):
    """Rooms, their people or their unread counts are not what they were; ``server`` is empty for any of them."""

    NAME: ClassVar[str] = "chat.rooms_changed.v1"
    OF: ClassVar[str] = "server"
    server: str = ""


@dataclass(frozen=True, slots=True)
class MessagesChanged(Latest):
    """Messages of ``room`` came or changed: those of ``ids``, or any from place ``from_seq`` on where ``ids`` is empty."""

    NAME: ClassVar[str] = "chat.messages_changed.v1"
    OF: ClassVar[str] = "room"
    room: str
    from_seq: int = 0
    ids: tuple[str, ...] = ()

    def merged_into(self, newer: Self) -> Self:
        """Both sets of messages; past some hundreds, all from the earlier place on."""
        ids = tuple(dict.fromkeys((*self.ids, *newer.ids))) if self.ids and newer.ids else ()
        return replace(newer, from_seq=min(self.from_seq, newer.from_seq), ids=ids if len(ids) <= 500 else ())


@dataclass(frozen=True, slots=True)
class PresenceChanged(Latest):
    """People of ``server`` came, went or are busy."""

    NAME: ClassVar[str] = "chat.presence_changed.v1"
    OF: ClassVar[str] = "server"
    server: str


@dataclass(frozen=True, slots=True)
class TypingChanged(Latest):
    """Others are typing in ``room``."""

    NAME: ClassVar[str] = "chat.typing_changed.v1"
    OF: ClassVar[str] = "room"
    room: str


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
    FeedChanged,
    FeedLagging,
    AlertFired,
    AlertsChanged,
    DeliveriesChanged,
    AnswerChanged,
    ConversationsChanged,
    ModelsChanged,
    TemplatesChanged,
    EngineChanged,
    ServersChanged,
    RoomsChanged,
    MessagesChanged,
    PresenceChanged,
    TypingChanged,
    Notice,
    WindowRequested,
)


def notice_of(error: BaseException, title: str, *, level: Level = Level.ERROR) -> Notice:
    """The notice that tells ``error``: a TriiError in its own words with its hint, anything else as a defect."""
    if isinstance(error, TriiError):
        return Notice(level, title, error.message, error.hint, error.code)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Notice(level, title, text, "This is a defect of the program; the log has the details.", "app.defect")
