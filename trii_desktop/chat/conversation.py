"""The part of a room's messages that is loaded: read page by page around where a person looks, and kept up to date by events."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from backend.bus import Subscription
from backend.chat.message import MessageRow, Page, RoomRow
from backend.errors import TriiError
from backend.events import MessagesChanged
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.desk import Desk

N_PAGE: Final = 60
N_LOADED_MAX: Final = 400  # beyond, what is farthest from where one reads is let go
N_SINGLE_MAX: Final = 8  # changed messages that are read one by one
N_ARRIVED_MAX: Final = 200  # of a burst; what follows is read when somebody goes there


def _always() -> bool:
    return True


class Conversation(QObject):
    """One room, or one thread of it, at a time. Sequence numbers order it; what waits for its place stands at the end.

    changed : there are other messages, ``is_other`` where they are of another room or place; left : another room comes
    failed : words, where nothing could be read
    """

    changed = Signal(bool)
    left = Signal()
    failed = Signal(str)

    def __init__(self, desk: Desk, chat: ChatSurface) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self.room: RoomRow | None = None
        self.root = ""
        self.messages: tuple[MessageRow, ...] = ()
        self.has_before = self.has_after = False
        self.unread_from = 0  # where the unread line stands, as of when the room was opened
        self._turn = 0  # counts the places shown
        self._coming = ""  # id of the room that is being read, and whether something of it changed since
        self._is_coming_due = False
        self._is_reading = False
        self._due_from: int | None = None
        self._due_ids: set[str] = set()
        self._is_loading = False
        self.is_at_end: Callable[[], bool] = _always  # whether the end is what one reads
        self._subscriptions: list[Subscription[Any]] = [desk.bridge.subscribe(MessagesChanged, self._messages_changed)]

    # --- what is asked ------------------------------------------------------------------------------------------------

    async def open(self, room: RoomRow, *, around: int = 0) -> None:
        """Show a room: where ``around`` stands, else its first unread message, else its end."""
        unread_from = room.first_unread if room.n_unread else 0
        place = around or unread_from
        await self._open(room, "", partial(self._chat.page, room.id, around=place or None, n=2 * N_PAGE), unread_from)

    async def open_thread(self, room: RoomRow, root: str) -> None:
        """Show a message and its replies."""
        await self._open(room, root, partial(self._chat.thread, root), 0)

    async def go_around(self, seq: int) -> None:
        """Load what stands around a sequence number."""
        self._turn += 1
        turn = self._turn
        page = await self._page(around=seq, n=2 * N_PAGE)
        if turn == self._turn:
            self._take(page)

    async def go_newest(self) -> None:
        """Load the end."""
        self._turn += 1
        turn = self._turn
        page = await self._page(n=N_PAGE)
        if turn == self._turn:
            self._take(page)

    async def load_before(self) -> None:
        """Load what stands before; what is farthest below is let go."""
        if self._is_loading or not self.has_before or self.root or not self._first_seq:
            return
        page = await self._more(before=self._first_seq)
        if page is not None:
            self.has_before = page.has_before and bool(page.messages)
            rows = (*page.messages, *self.messages)
            if len(rows) > N_LOADED_MAX:
                rows, self.has_after = tuple(row for row in rows[:N_LOADED_MAX] if row.seq), True
            self._show(rows)

    async def load_after(self) -> None:
        """Load what follows; what is farthest above is let go."""
        if self._is_loading or not self.has_after or self.root:
            return
        page = await self._more(after=self.last_seq)
        if page is not None:
            self.has_after = page.has_after and bool(page.messages)
            self._show(self._without_oldest((*self._placed, *page.messages)))

    def show_read(self) -> None:
        """Take the unread line away."""
        if self.unread_from:
            self.unread_from = 0
            self.changed.emit(False)

    def rename(self, room: RoomRow) -> None:
        """The room has other figures."""
        if self.room is not None and room.id == self.room.id:
            self.room = room

    def clear(self) -> None:
        """Show nothing."""
        self._turn += 1
        self.left.emit()
        self.room, self.root, self.messages = None, "", ()
        self.has_before = self.has_after = False
        self.changed.emit(True)

    def close(self) -> None:
        """Hear no more."""
        self._turn += 1
        for subscription in self._subscriptions:
            subscription.close()

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def last_seq(self) -> int:
        """The newest place that is loaded; 0 where nothing is."""
        return max((row.seq for row in self.messages), default=0)

    def find(self, message: str) -> MessageRow | None:
        """A loaded message."""
        return next((row for row in self.messages if row.id == message), None)

    @property
    def last_of_mine(self) -> MessageRow | None:
        """The newest message of this person that can be edited."""
        mine = (row for row in reversed(self.messages) if row.is_mine and not row.is_deleted and not row.is_erased)
        return next(mine, None)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _open(self, room: RoomRow, root: str, read: Callable[[], Coroutine[Any, Any, Page]], unread_from: int) -> None:
        """What is shown stays until the other is read; what changes meanwhile is read again afterwards."""
        self._turn += 1
        turn = self._turn
        self._coming, self._is_coming_due = room.id, False
        page = await self._desk.bridge.call(read)
        if turn != self._turn:
            return
        self.left.emit()
        is_due, self._coming = self._is_coming_due, ""
        self.room, self.root, self.unread_from = room, root, unread_from
        self._take(page)
        if is_due:
            self._due_from = self._first_seq
            self._begin_reading()

    @property
    def _first_seq(self) -> int:
        return min((row.seq for row in self.messages if row.seq), default=0)

    @property
    def _placed(self) -> tuple[MessageRow, ...]:
        return tuple(row for row in self.messages if row.seq)

    async def _page(self, *, before: int | None = None, after: int | None = None, around: int | None = None, n: int) -> Page:
        assert self.room is not None, "Pages are of a room."
        make = partial(self._chat.page, self.room.id, before=before, after=after, around=around, n=n)
        return await self._desk.bridge.call(make)

    async def _more(self, *, before: int | None = None, after: int | None = None) -> Page | None:
        turn, self._is_loading = self._turn, True
        try:
            page = await self._page(before=before, after=after, n=N_PAGE)
        finally:
            self._is_loading = False
        return page if turn == self._turn else None

    def _take(self, page: Page) -> None:
        self.has_before, self.has_after = page.has_before, page.has_after
        self._due_from, self._due_ids = None, set()
        self.messages = page.messages
        self.changed.emit(True)

    def _show(self, rows: tuple[MessageRow, ...]) -> None:
        self.messages = rows
        self.changed.emit(False)

    def _bounded(self, rows: tuple[MessageRow, ...]) -> tuple[MessageRow, ...]:
        """Of too many, those that are farthest from where one reads are let go."""
        if len(rows) <= N_LOADED_MAX or self.is_at_end():
            return self._without_oldest(rows)
        self.has_after = True
        kept = max(len(self._placed), N_LOADED_MAX)
        return tuple(row for row in rows[:kept] if row.seq)

    def _without_oldest(self, rows: tuple[MessageRow, ...]) -> tuple[MessageRow, ...]:
        if len(rows) <= N_LOADED_MAX:
            return rows
        self.has_before = True
        return rows[-N_LOADED_MAX:]

    def _messages_changed(self, event: MessagesChanged) -> None:
        if event.room == self._coming:
            self._is_coming_due = True
        if self.room is None or event.room != self.room.id:
            return
        self._due_ids.update(event.ids)
        if not event.ids:
            self._due_from = event.from_seq if self._due_from is None else min(self._due_from, event.from_seq)
        self._begin_reading()

    def _begin_reading(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._desk.start("Reading the messages", self._read_due())

    async def _read_due(self) -> None:
        try:
            while self._due_from is not None or self._due_ids:
                due_from, due_ids = self._due_from, frozenset(self._due_ids)
                self._due_from, self._due_ids = None, set()
                turn = self._turn
                rows = await self._changed_rows(due_from, due_ids)
                if turn == self._turn and rows is not None and rows != self.messages:
                    self._show(rows)
        except TriiError as error:
            self.failed.emit(error.message)
        finally:
            self._is_reading = False

    async def _changed_rows(self, due_from: int | None, due_ids: frozenset[str]) -> tuple[MessageRow, ...] | None:
        if self.root:
            return (await self._desk.bridge.call(self._chat.thread(self.root))).messages
        known = {row.id: row for row in self._placed}
        placed = [known[one].seq for one in due_ids if one in known]
        strangers = len(placed) < len(due_ids)
        if due_from is not None or len(placed) > N_SINGLE_MAX:
            first = min((seq for seq in (due_from, *placed) if seq is not None), default=0)
            return await self._rows_from(max(first, self._first_seq))
        rows = dict(known)
        for seq in placed:
            page = await self._page(after=seq - 1, n=1)
            rows.update({row.id: row for row in page.messages if row.id in known})
        kept = tuple(sorted(rows.values(), key=lambda row: row.seq))
        waiting = tuple(row for row in self.messages if not row.seq)
        if strangers or waiting:
            return await self._rows_from(self.last_seq + 1, kept=kept)
        return kept

    async def _rows_from(self, seq: int, *, kept: tuple[MessageRow, ...] | None = None) -> tuple[MessageRow, ...] | None:
        """What is loaded, with everything from ``seq`` on read anew."""
        before = tuple(row for row in (self._placed if kept is None else kept) if row.seq < seq)
        if self.has_after:  # the end is not loaded: what is there is read anew, and nothing is added
            n = sum(row.seq >= seq for row in self.messages)
            page = await self._page(after=seq - 1, n=n) if n else None
            return (*before, *page.messages) if page is not None else None
        n = max(sum(row.seq >= seq for row in self.messages), 1) + N_ARRIVED_MAX
        page = await self._page(after=seq - 1, n=n) if seq > 1 or before else await self._page(n=N_PAGE)
        self.has_after = page.has_after
        return self._bounded((*before, *page.messages))
