"""Messages and rooms as values: what the dock shows, the command line prints and tests compare."""

import enum
from dataclasses import dataclass


class Delivery(enum.StrEnum):
    """How far a message of one's own has come; each state is proved by what the server said, none is guessed."""

    UPLOADING = "uploading"  # stored on this computer; its files go first, and have not all reached the server
    QUEUED = "queued"  # stored on this computer, not sent
    SENDING = "sending"
    SENT = "sent"  # the server has stored it and given it its place
    READ = "read"  # at least one other member has read up to it
    FAILED = "failed"  # refused for good: ``why`` says so; the words are kept


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a message. ``is_here``: its content is on this computer; ``progress`` 0 to 1 while it moves, else -1."""

    sha256: str
    name: str
    mime: str
    n_bytes: int
    width: int = 0
    height: int = 0
    is_here: bool = False
    progress: float = -1.0


@dataclass(frozen=True, slots=True)
class LinkRow:
    """What a message points at in the workstation; event times in ns UTC, 0 for none; ``chart``: a chart's state as JSON text."""

    instrument: str
    spec: str = ""
    from_ns: int = 0
    to_ns: int = 0
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji on a message: how many, who, and whether this person is among them."""

    emoji: str
    people: tuple[str, ...]
    is_mine: bool


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of a timeline.

    ``seq`` 0 while it waits for its place · ``at_ms`` server's time, its own clock while it waits · ``n_replies`` and
    ``last_reply_ms`` of its thread · ``pending`` an edit, deletion or reaction of one's own that waits · ``conflict`` words that a
    colleague's change overtook: shown beside the message until they are sent again or dropped.
    """

    id: str
    room: str
    seq: int
    author: str
    author_name: str
    at_ms: int
    text: str
    thread: str = ""
    mentions: tuple[str, ...] = ()
    is_mine: bool = False
    mentions_me: bool = False
    delivery: Delivery = Delivery.SENT
    why: str = ""
    is_edited: bool = False
    is_deleted: bool = False
    is_erased: bool = False
    is_pinned: bool = False
    reactions: tuple[Reaction, ...] = ()
    files: tuple[FileRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    n_replies: int = 0
    last_reply_ms: int = 0
    n_readers: int = 0
    pending: bool = False
    conflict: str = ""


class Notify(enum.StrEnum):
    """What a room may interrupt for."""

    ALL = "all"
    MENTIONS = "mentions"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person in a room, or in the organisation where ``room_role`` is empty. ``presence``: online, away, busy, offline."""

    user: str
    name: str
    handle: str
    role: str = "member"
    room_role: str = ""
    presence: str = "offline"
    seen_ms: int = 0
    is_me: bool = False


@dataclass(frozen=True, slots=True)
class RoomRow:
    """One room of the list. ``last_text`` is the newest message in one line; ``draft`` what this person has begun to write.

    ``is_whole``: all of its history that this person may see is on this computer.
    """

    id: str
    server: str
    name: str
    topic: str = ""
    kind: str = "group"
    my_role: str = "member"
    n_members: int = 0
    n_unread: int = 0
    n_mentions: int = 0
    first_unread: int = 0
    last_seq: int = 0
    last_ms: int = 0
    last_text: str = ""
    last_author: str = ""
    notify: Notify = Notify.ALL
    is_open: bool = False
    is_left: bool = False
    is_muted: bool = False
    is_starred: bool = False
    is_whole: bool = True
    n_waiting: int = 0
    presence: str = ""
    draft: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A run of a room's timeline, oldest first; ``has_before`` and ``has_after`` say whether more can be asked for."""

    room: str
    messages: tuple[MessageRow, ...]
    has_before: bool
    has_after: bool


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A hit of a search: the message, its room's name, and the hit's words as (begin, end) places in ``snippet``."""

    message: MessageRow
    room_name: str
    snippet: str
    hits: tuple[tuple[int, int], ...]
    is_local: bool = True


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """What a search is limited to; empty and 0 mean any. Times UTC ms, ``to_ms`` excluded. ``has``: "file", "link", "pin", ""."""

    room: str = ""
    author: str = ""
    instrument: str = ""
    from_ms: int = 0
    to_ms: int = 0
    has: str = ""
