"""A room, or a thread of it: its messages, who is writing, and the field for the next one."""

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QMenu

from backend.bus import Subscription
from backend.chat.message import MemberRow, MessageRow, RoomRow
from backend.errors import TriiError
from backend.events import TypingChanged
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.facts_shown import SideCards
from trii_desktop.charts.speech import announce
from trii_desktop.chat.composer import MessageComposer
from trii_desktop.chat.conversation import Conversation
from trii_desktop.chat.drafts import Drafts, Letter
from trii_desktop.chat.file_deeds import FileDeeds
from trii_desktop.chat.items import items_of
from trii_desktop.chat.message_deeds import MessageDeeds
from trii_desktop.chat.message_view import MessageView
from trii_desktop.chat.pictures import Pictures
from trii_desktop.chat.room_sight import RoomSight
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.timeline import MessageTimeline
from trii_desktop.chat.uploads import Attached
from trii_desktop.desk import Desk
from trii_desktop.widgets.layout import column, label

TYPING_S: Final = 3.0


class TalkView(QFrame):
    """Its facade calls are named in notices where they fail; what was written stays until it is durable.

    thread_wanted : a MessageRow; instrument_wanted : an InstrumentId; card_wanted : a LinkRow; chart_wanted : the chart is to be
    shared; left : Escape in the field
    """

    thread_wanted = Signal(object)
    instrument_wanted = Signal(object)
    card_wanted = Signal(object)
    chart_wanted = Signal()
    left = Signal()

    def __init__(self, desk: Desk, chat: ChatSurface, pictures: Pictures, *, is_thread: bool = False) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._sending = asyncio.Lock()
        self._edited: MessageRow | None = None
        self._read: tuple[str, int] = ("", 0)
        self._typed_at_s = float("-inf")
        self.setProperty("role", "panel")
        self.sight = RoomSight(pictures, is_thread=is_thread)
        self.conversation = Conversation(desk, chat)
        self.timeline = MessageTimeline(desk.look, self.sight)
        self.composer = MessageComposer(desk.look, self.sight)
        self.deeds = MessageDeeds(desk, chat, self)
        self.deeds.is_thread = is_thread
        self.files = FileDeeds(desk, chat, self)
        self.cards = SideCards(self, desk.look)
        self.writers = ElidedLabel("caption")
        self.writers.setContentsMargins(12, 0, 12, 2)
        self.state = label("", "warning", wraps=True)
        self.state.setContentsMargins(12, 4, 12, 4)
        self.state.hide()
        parts = column(self.timeline, self.writers, self.state, self.composer, gap=0)
        parts.setStretch(0, 1)
        self.setLayout(parts)
        self.drafts = Drafts(desk, chat, self.conversation, self.composer)
        self.conversation.is_at_end = self.timeline.is_end_in_view
        self._connect(pictures)
        self._subscriptions: list[Subscription[Any]] = [desk.bridge.subscribe(TypingChanged, self._typing_changed)]

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def room(self) -> RoomRow | None:
        """The room that is shown."""
        return self.conversation.room

    async def open(self, room: RoomRow, *, around: int = 0) -> None:
        """Show a room. Raises what reading raises."""
        members = await self._desk.bridge.call(partial(self._chat.members, room.id))
        await self.conversation.open(room, around=around)
        self._begin(room, members, room.draft)

    async def open_thread(self, room: RoomRow, root: str) -> None:
        """Show a thread. Raises what reading raises."""
        members = await self._desk.bridge.call(partial(self._chat.members, room.id))
        await self.conversation.open_thread(room, root)
        self._begin(room, members, "")

    async def go_to(self, message: str, seq: int) -> None:
        """Bring a message of this room into view, loading what stands around it."""
        if not self.timeline.go_to(message, below_px=60):
            await self.conversation.go_around(seq)
            self.timeline.go_to(message, below_px=60)

    def show_room(self, room: RoomRow) -> None:
        """The room has other figures."""
        self.conversation.rename(room)
        self.deeds.room = room

    def show_state(self, words: str, invitation: str, *, may_write: bool) -> None:
        """Say why nothing is sent now, what the empty field asks for, and whether anything can be written."""
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self.composer.invite(invitation, may_write=may_write)

    async def refresh_members(self) -> None:
        """People came, left, or are called otherwise."""
        if self.room is not None:
            await self._know_members(self.room)

    def share(self, *several: Attached) -> None:
        """Let these go with the message that is being written."""
        self.composer.attached.attach(*several)
        self.focus_field()

    def focus_field(self) -> None:
        """Write."""
        self.composer.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def look(self) -> None:
        """Tell the server how far was read; called once a frame while it is seen."""
        room, last = self.room, self.conversation.last_seq
        if room is None or not last or self.conversation.root or not self.timeline.is_at_end:
            return
        if self.window().isActiveWindow() and self._read != (room.id, last):
            self._read = (room.id, last)
            self._desk.start("Marking as read", self._desk.bridge.call(partial(self._chat.mark_read, room.id, last)))

    def wear(self) -> None:
        """Follow the theme and the size of letters."""
        self.timeline.wear()
        self.composer.wear()

    def close_view(self) -> None:
        """Keep the draft; look and hear no more."""
        self.drafts.close()
        self.conversation.close()
        self.cards.close()
        for subscription in self._subscriptions:
            subscription.close()

    # --- inside: hearing ----------------------------------------------------------------------------------------------

    def _connect(self, pictures: Pictures) -> None:
        self.conversation.changed.connect(self._show)
        self.conversation.failed.connect(self.composer.say)
        self.timeline.view_made.connect(self._hear)
        self.timeline.key_pressed.connect(self._timeline_key)
        self.timeline.before_wanted.connect(self._load_before)
        self.timeline.after_wanted.connect(self._load_after)
        self.timeline.newest_wanted.connect(self.go_newest)
        self.timeline.moved.connect(self._desk.frames.request)
        self.deeds.edit_wanted.connect(self._begin_edit)
        self.deeds.thread_wanted.connect(self.thread_wanted)
        self.deeds.said.connect(partial(announce, self.timeline))
        self.composer.sent.connect(self._send_wanted)
        self.composer.edited.connect(self._edit_wanted)
        self.composer.edit_wanted.connect(self.edit_last)
        self.composer.edit_given_up.connect(self._edit_given_up)
        self.composer.left.connect(self.left)
        self.composer.typed.connect(self._typed)
        self.composer.files_wanted.connect(self.choose_files)
        self.composer.chart_wanted.connect(self.chart_wanted)
        pictures.came.connect(self.timeline.refresh_picture)

    def _hear(self, view: object) -> None:
        assert isinstance(view, MessageView), "Views are told as they are made."
        view.menu_wanted.connect(partial(self.deeds.open_menu, view))
        view.link_wanted.connect(self.cards.show_link)
        view.instrument_wanted.connect(self.instrument_wanted)
        view.file_wanted.connect(self.files.open)
        view.card_wanted.connect(self.card_wanted)
        view.reacted.connect(partial(self._react, view))
        view.thread_wanted.connect(partial(self._open_thread_of, view))
        view.retry_wanted.connect(partial(self._again, view))
        view.drop_wanted.connect(partial(self._drop, view))

    def _show(self, is_other: bool) -> None:  # noqa: FBT001 - a signal's
        talk = self.conversation
        now_ms = self._desk.backend.clock.now_ns() // 1_000_000
        items = items_of(talk.messages, self.sight.names, now_ms, unread_from=talk.unread_from, is_thread=self.sight.is_thread)
        self.timeline.show_items(items, has_before=talk.has_before, has_after=talk.has_after, is_other=is_other)
        if is_other and talk.unread_from:
            first = next((item.id for item in items if item.is_first_unread), "")
            if first and not self.timeline.go_to(first, below_px=80):
                self.timeline.go_to_end()
        self._desk.frames.request()

    # --- inside: deeds ------------------------------------------------------------------------------------------------

    def edit_last(self) -> None:
        """Write the newest message of one's own anew."""
        mine = self.conversation.last_of_mine
        if mine is not None and self.deeds.may_edit(mine):
            self._begin_edit(mine)

    def go_newest(self) -> None:
        """Load and show the end."""
        self._desk.start("Reading the messages", self.conversation.go_newest())

    def choose_files(self) -> None:
        """Ask which files are to be attached."""
        dialog = QFileDialog(self, "Attach files", str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._attach_names)
        dialog.open()

    def _attach_names(self, names: list[str]) -> None:
        self.composer.attached.attach(*(Path(name) for name in names))

    def _send_wanted(self, text: str) -> None:
        if self.room is not None:
            letter = Letter(self.room, self.conversation.root, text, self.composer.attached.all)
            self.composer.sent_away()  # what is typed from now on is the next message
            self.drafts.leave(letter)
            self._desk.start("Sending", self._send(letter))

    async def _send(self, letter: Letter) -> None:
        room, root, text = letter.room, letter.root, letter.text
        try:
            async with self._sending:  # what was written first goes first
                await self._desk.bridge.call(self._chat.send(room.id, text, thread=root, files=letter.files, links=letter.links))
        except TriiError:
            self.drafts.came_back(letter)
            raise
        self.drafts.arrived(letter)
        if self.room is not None and self.room.id == room.id:
            self.conversation.show_read()
            self.timeline.go_to_end()

    def _begin_edit(self, message: object) -> None:
        assert isinstance(message, MessageRow), "Edits are of messages."
        self._edited = message
        self.composer.begin_edit(message.text)

    def _edit_given_up(self) -> None:
        self._edited = None

    def _edit_wanted(self, text: str) -> None:
        edited, self._edited = self._edited, None
        if edited is not None and text != edited.text:
            self._desk.start("Editing the message", self._desk.bridge.call(partial(self._chat.edit, edited.id, text)))
        self.composer.end_edit()

    def _typed(self) -> None:
        self.drafts.begin()
        now_s, room = time.monotonic(), self.room
        if room is not None and self.composer.text and now_s - self._typed_at_s >= TYPING_S:
            self._typed_at_s = now_s
            self._desk.start("Telling that you write", self._desk.bridge.call(partial(self._chat.typing, room.id)))

    def _load_before(self) -> None:
        self._desk.start("Reading earlier messages", self.conversation.load_before())

    def _load_after(self) -> None:
        self._desk.start("Reading later messages", self.conversation.load_after())

    def _react(self, view: MessageView, emoji: str) -> None:
        if view.item is not None:
            self.deeds.react(view.item.row, emoji)

    def _open_thread_of(self, view: MessageView) -> None:
        if view.item is not None:
            self.thread_wanted.emit(view.item.row)

    def _again(self, view: MessageView) -> None:
        if view.item is not None:
            self.deeds.again(view.item.row)

    def _drop(self, view: MessageView) -> None:
        if view.item is not None:
            self.deeds.drop(view.item.row)

    def _timeline_key(self, key: int, event: QKeyEvent) -> None:
        item = self.timeline.current
        view = self.timeline.view_of(item.id) if item is not None else None
        if item is None or self.deeds.key(item.row, event):
            event.accept()
        elif key in (Qt.Key.Key_Menu, Qt.Key.Key_Return, Qt.Key.Key_Enter) and view is not None:
            event.accept()
            self.deeds.open_menu(view, view.mapToGlobal(QPoint(40, 24)))
        elif key == Qt.Key.Key_Escape:
            event.accept()
            self.focus_field()
        elif event.text().isprintable() and event.text().strip() and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            event.accept()  # whoever begins to write wants to write
            self.focus_field()
            self.composer.field.insertPlainText(event.text())

    # --- inside: rooms ------------------------------------------------------------------------------------------------

    def _begin(self, room: RoomRow, members: tuple[MemberRow, ...], draft: str) -> None:
        if self.room is None or self.room.id != room.id:
            return  # another room was chosen meanwhile
        self._edited = None
        self.deeds.room = room
        self.writers.say("")
        if self.sight.show_members(members):
            self._show(False)
        self.drafts.show(draft)

    async def _know_members(self, room: RoomRow) -> None:
        if self.sight.show_members(await self._desk.bridge.call(self._chat.members(room.id))) and self.room is not None:
            self._show(False)

    def _typing_changed(self, event: TypingChanged) -> None:
        if self.room is not None and event.room == self.room.id and not self.sight.is_thread and self.isVisible():
            self._desk.start("Seeing who writes", self._say_writers(event.room))

    async def _say_writers(self, room: str) -> None:
        found = await self._desk.bridge.call(self._chat.typists(room))
        if self.room is not None and self.room.id == room:
            self.writers.say(writers_words(found, self.sight))

    def fill_reactions(self, menu: QMenu) -> None:
        """Emojis for the chosen message."""
        if self.timeline.current is not None:
            self.deeds.fill_reactions(menu, self.timeline.current.row)


def writers_words(people: tuple[MemberRow, ...], sight: RoomSight) -> str:
    """Who is writing."""
    names = [sight.names.of(one.user, one.name) for one in people if not one.is_me]
    match names:
        case []:
            return ""
        case [one]:
            return f"{one} is writing\u2026"
        case [one, other]:
            return f"{one} and {other} are writing\u2026"
        case _:
            return f"{len(names)} people are writing\u2026"
