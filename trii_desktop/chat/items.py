"""What a timeline shows, one item a message: its words, what stands above it, and what is said about its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from backend.chat.message import Delivery, MessageRow
from trii_desktop.team.letters import Names, shown_line
from trii_desktop.widgets.numbers import format_bytes

GROUP_MS: Final = 5 * 60_000  # messages of one person within this time stand together
_WAYS: Final = {
    Delivery.UPLOADING: "Waiting for the upload",
    Delivery.QUEUED: "Waiting to be sent",
    Delivery.SENDING: "Sending\u2026",
    Delivery.SENT: "Sent",
    Delivery.FAILED: "Not sent",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One message on screen.

    day : words of the day that begins above it, else empty; is_first_unread : the unread line stands above it
    is_grouped : it follows one of the same person and shows no head
    way : how far a message of one's own has come; empty where nothing needs to be said
    """

    row: MessageRow
    name: str
    clock: str
    day: str = ""
    is_first_unread: bool = False
    is_grouped: bool = False
    way: str = ""

    @property
    def id(self) -> str:
        """The message's id."""
        return self.row.id

    @property
    def text(self) -> str:
        """Words that tell about how high it is."""
        return self.row.text


def items_of(
    rows: Sequence[MessageRow], names: Names, now_ms: int, *, unread_from: int = 0, is_thread: bool = False
) -> tuple[Item, ...]:
    """The items of messages, oldest first.

    unread_from : sequence number of the first unread message, 0 where all were read
    is_thread : they are a thread: replies are shown; in a room they are counted below their message
    """
    shown = [row for row in rows if is_thread or not row.thread or row.thread == row.id]
    newest_mine = next((row.id for row in reversed(shown) if row.is_mine and not row.is_deleted), "")
    made: list[Item] = []
    before: MessageRow | None = None
    is_marked = False
    today = _day_of(now_ms)
    for row in shown:
        is_new_day = before is None or _day_of(before.at_ms) != _day_of(row.at_ms)
        is_first_unread = bool(unread_from) and not is_marked and row.seq >= unread_from and not row.is_mine
        is_marked |= is_first_unread
        made.append(
            Item(
                row,
                names.of(row.author, row.author_name),
                clock_words(row.at_ms),
                day_words(row.at_ms, today) if is_new_day else "",
                is_first_unread,
                not (is_new_day or is_first_unread) and before is not None and _stands_with(before, row),
                way_words(row, is_newest=row.id == newest_mine),
            )
        )
        before = row
    return tuple(made)


def way_words(row: MessageRow, *, is_newest: bool) -> str:
    """How far a message of one's own has come: always where it waits or failed, else below the newest one alone."""
    if not row.is_mine or row.is_deleted or row.is_erased:
        return ""
    if row.delivery in (Delivery.SENT, Delivery.READ):
        if row.pending:
            return "The change waits to be sent"
        if not is_newest:
            return ""
        if row.delivery is Delivery.READ:
            return f"Read by {row.n_readers}" if row.n_readers > 1 else "Read"
    return _WAYS[row.delivery]


def day_words(at_ms: int, today: datetime) -> str:
    """``Today``, ``Yesterday``, ``Friday, 5 January`` with the year of another year."""
    day = _day_of(at_ms)
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A}, {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def clock_words(at_ms: int) -> str:
    """``14:32`` in this computer's zone."""
    return _local(at_ms // 60_000)[1]


def moment_words(at_ms: int, now_ms: int) -> str:
    """The time of today, ``Yesterday``, the day of the last week, else the date: short, for lists."""
    day, today = _day_of(at_ms), _day_of(now_ms)
    if day == today:
        return clock_words(at_ms)
    if day == today - timedelta(days=1):
        return "Yesterday"
    if today - timedelta(days=7) < day < today:
        return f"{day:%a}"
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b} {day.year}"


def spoken(item: Item) -> str:
    """What a screen reader says of a message."""
    row = item.row
    said = "deleted" if row.is_deleted else "removed" if row.is_erased else shown_line(row.text)[:400]
    parts = [f"{item.name}, {item.clock}: {said}"]
    parts += [f"file {shown_line(file.name)}, {format_bytes(file.n_bytes)}" for file in row.files]
    parts += [f"{one.emoji} {len(one.people)}" for one in row.reactions]
    if row.is_edited and not row.is_deleted:
        parts.append("edited")
    if row.n_replies:
        parts.append(replies_words(row.n_replies))
    if item.way:
        parts.append(item.way)
    return ", ".join(parts)


def replies_words(n: int) -> str:
    """How many replies a message has."""
    return "1 reply" if n == 1 else f"{n:,} replies"


def _stands_with(before: MessageRow, row: MessageRow) -> bool:
    is_near = 0 <= row.at_ms - before.at_ms < GROUP_MS
    return before.author == row.author and is_near and not before.is_deleted and not before.is_erased


@lru_cache(maxsize=8192)
def _local(minute: int) -> tuple[datetime, str]:
    """Day and clock of a minute since 1970 in this computer's zone: of hundreds of messages, most are asked for again and again."""
    then = datetime.fromtimestamp(minute * 60).astimezone()
    return then.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), then.strftime("%H:%M")


def _day_of(at_ms: int) -> datetime:
    return _local(at_ms // 60_000)[0]
