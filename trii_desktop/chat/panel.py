"""The chat dock: rooms, the one that is open, a thread beside it, the search; side by side or in turn, as its width allows."""

from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from backend.bus import Subscription
from backend.chat.message import FoundMessage, MemberRow, MessageRow, RoomRow
from backend.events import PresenceChanged, RoomsChanged, ServersChanged
from backend.sync.server import ServerRow, Standing
from trii_desktop.chat.people_page import PeoplePage
from trii_desktop.chat.pictures import Pictures
from trii_desktop.chat.room_book import RoomBook
from trii_desktop.chat.room_deeds import RoomsDone
from trii_desktop.chat.room_head import RoomHead
from trii_desktop.chat.rooms_page import RoomsPage
from trii_desktop.chat.search_page import SearchPage
from trii_desktop.chat.sides import Sides
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.talk_view import TalkView
from trii_desktop.chat.thread_pane import ThreadPane
from trii_desktop.desk import Desk
from trii_desktop.team.letters import shown_name
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import explained
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame


class ChatPanel(QWidget):
    """The dock's content. It looks once a frame, and only while it is visible.

    join_wanted, sign_in_wanted : a server is to be joined, or signed in to by its id; invite_wanted : a server's id
    instrument_wanted : an InstrumentId; card_wanted : a LinkRow; chart_wanted : the chart is to be shared
    changed : a flag may be another one
    """

    join_wanted = Signal()
    sign_in_wanted = Signal(str)
    invite_wanted = Signal(str)
    instrument_wanted = Signal(object)
    card_wanted = Signal(object)
    chart_wanted = Signal()
    changed = Signal()

    def __init__(self, desk: Desk, chat: ChatSurface, team: TeamSurface) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._wanted = ""  # id of the room that is being opened
        self.setMinimumWidth(260)
        self.setProperty("role", "panel")
        self.setAccessibleName("Chat")
        self.pictures = Pictures(desk, chat)
        self.book = RoomBook(desk, chat, team)
        self.rooms = RoomsPage(desk)
        self.talk = TalkView(desk, chat, self.pictures)
        self.thread_pane = ThreadPane(desk, chat, self.pictures)
        self.search = SearchPage(desk, chat)
        self.people = PeoplePage(desk, chat)
        self.done = RoomsDone(desk, chat, self)
        self.head = RoomHead(desk.look)
        self._nothing_open = EmptyState("Choose a room", "Or find one by its name: Ctrl+Shift+8.", desk.look, "chat")
        self._room = frame("panel", column(self.head, self.talk, gap=0))
        self._middle = QStackedWidget()
        for page in (self._nothing_open, self._room, self.search, self.people):
            self._middle.addWidget(page)
        self.sides = Sides(self.rooms, self._middle, self.thread_pane)
        self._alone = EmptyState(
            "Talk with your team",
            "Join with the invite link that somebody of your team gave you. What is said is kept encrypted on this computer, "
            "can be read and searched without a connection, and what you write is sent when there is one.",
            desk.look,
            "chat",
            (("Join with a link\u2026", self.join_wanted.emit),),
        )
        self._pages = QStackedWidget()
        self._pages.addWidget(self._alone)
        self._pages.addWidget(self.sides)
        self.setLayout(column(self._pages, gap=0))
        self._connect(desk)
        self._listener = desk.frames.listen(self._look, is_visible=self.isVisible)
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(RoomsChanged, self._rooms_changed),
            desk.bridge.subscribe(ServersChanged, self._rooms_changed),
            desk.bridge.subscribe(PresenceChanged, self._presence_changed),
        ]
        self._wear()
        self.book.refresh()

    # --- what it is asked ---------------------------------------------------------------------------------------------

    @property
    def room(self) -> RoomRow | None:
        """The room that is open."""
        return self.talk.room

    @property
    def is_room_seen(self) -> bool:
        """Whether the open room's messages are on screen now."""
        return self.isVisible() and self._middle.isVisible() and self._middle.currentWidget() is self._room

    @property
    def can_share(self) -> bool:
        """Whether a chart can be shared: a room is open that takes messages."""
        return self.room is not None and not self.room.is_left

    def open_room(self, room: RoomRow, *, around: int = 0, message: str = "", takes_keyboard: bool = True) -> None:
        """Show a room; at a message where one is named."""
        self._wanted = room.id
        self._desk.start("Opening the room", self._open(room, around, message, takes_keyboard))

    def focus_composer(self) -> None:
        """Write; where no room is open, choose one."""
        if self.room is None:
            self.show_rooms()
            return
        self._turn_to(self._room)
        self.talk.focus_field()

    def show_rooms(self) -> None:
        """Find a room."""
        self.sides.turn(is_listing=True)
        self.rooms.take_keyboard()

    def show_search(self, *, has: str = "") -> None:
        """Find messages; those that are pinned, or have a file, where ``has`` says so."""
        self._turn_to(self.search)
        self.search.take_keyboard(self.room.id if self.room is not None else "", has)

    def show_people(self) -> None:
        """See who is there."""
        self._turn_to(self.people)
        self.people.refresh()
        self.people.take_keyboard()

    def open_new(self, page: int = 0) -> None:
        """Begin a room or a message; join a server where there is none."""
        if self.book.servers:
            self.done.open_new(self.book.servers, page)
        else:
            self.join_wanted.emit()

    def open_details(self) -> None:
        """Show who is in the room."""
        if self.room is not None:
            self.done.open_details(self.room)

    def open_next_unread(self) -> None:
        """Show the room in which something was said longest ago that nobody read; mentions first."""
        found = self.book.next_unread(self.room.id if self.room is not None else "")
        if found is not None:
            self.open_room(found)

    def close_panel(self) -> None:
        """Look and hear no more."""
        self._listener.close()
        self.talk.close_view()
        self.thread_pane.close_pane()
        self.search.close_page()
        self.book.close()
        self.done.close()
        for subscription in self._subscriptions:
            subscription.close()

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self._desk.frames.request()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt+Up and Alt+Down step through the rooms."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and Qt.Key(event.key()) in steps:
            found = self.book.neighbour(self.rooms.model.rows, self.room, steps[Qt.Key(event.key())])
            if found is not None:
                self.open_room(found)
        else:
            super().keyPressEvent(event)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _connect(self, desk: Desk) -> None:
        self.book.changed.connect(self._show_rooms)
        self.rooms.chosen.connect(self.open_room)
        self.rooms.star_wanted.connect(self.done.star)
        self.rooms.details_wanted.connect(self.done.open_details)
        self.rooms.leave_wanted.connect(self.done.ask_leave)
        self.rooms.notify_wanted.connect(self.done.set_notify)
        self.rooms.new_wanted.connect(self.open_new)
        self.rooms.left.connect(self.focus_composer)
        self.done.room_wanted.connect(self.open_room)
        self.head.back_wanted.connect(self.show_rooms)
        self.sides.widened.connect(self.head.back.setHidden)
        self.head.search_wanted.connect(self.show_search)
        self.head.people_wanted.connect(self.open_details)
        self.head.more_wanted.connect(self._open_more)
        self.search.chosen.connect(self._open_found)
        self.search.left.connect(self.focus_composer)
        self.people.left.connect(self.focus_composer)
        self.people.chosen.connect(self._write_to)
        self.people.invite_wanted.connect(self.invite_wanted)
        self.talk.left.connect(self._left_field)
        self.talk.thread_wanted.connect(self._open_thread)
        self.thread_pane.left.connect(self._close_thread)
        for talk in (self.talk, self.thread_pane.talk):
            talk.instrument_wanted.connect(self.instrument_wanted)
            talk.card_wanted.connect(self.card_wanted)
            talk.chart_wanted.connect(self.chart_wanted)
        desk.look.changed.connect(self._wear)

    def _look(self) -> bool:
        if self.is_room_seen:
            self.talk.look()
        return False

    async def _open(self, room: RoomRow, around: int, message: str, takes_keyboard: bool) -> None:  # noqa: FBT001 - as asked for
        if self.room is None or self.room.id != room.id:
            self._close_thread(takes_keyboard=False)
            await self.talk.open(room, around=around)
            if self._wanted != room.id:
                return  # another one was chosen meanwhile
        elif around:
            await self.talk.go_to(message, around)
        if message:
            self.talk.timeline.go_to(message, below_px=60)
        self._turn_to(self._room)
        self._show_open_room()
        self.rooms.show_current(room.id)
        if message:
            self.talk.timeline.setFocus(Qt.FocusReason.OtherFocusReason)
        elif takes_keyboard:
            self.talk.focus_field()
        self.changed.emit()

    def _turn_to(self, page: QWidget) -> None:
        if page is self._room and self.room is None:
            page = self._nothing_open
        self._middle.setCurrentWidget(page)
        self.sides.turn(is_listing=False)

    def _rooms_changed(self, _event: object) -> None:
        self.book.refresh()

    def _presence_changed(self, _event: PresenceChanged) -> None:
        self.book.refresh()
        if self.people.isVisible():
            self.people.refresh()

    def _show_rooms(self) -> None:
        self._pages.setCurrentIndex(1 if self.book.servers else 0)
        self.rooms.show_rooms(self.book.rooms, self.book.servers)
        self.search.show_choices(self.book.rooms, self.book.people)
        self.people.show_servers(self.book.servers)
        self.done.refresh(self.book.rooms)
        if self.room is not None:
            found = self.book.room(self.room.id)
            if found is not None:
                self.talk.show_room(found)
                self._show_open_room()
                self._desk.start("Reading the people", self.talk.refresh_members())
            else:  # its server was forgotten
                self.talk.conversation.clear()
                self._close_thread(takes_keyboard=False)
                self._turn_to(self._nothing_open)
        self.changed.emit()

    def _show_open_room(self) -> None:
        room = self.room
        if room is None:
            return
        self.head.show_room(room)
        server = self.book.server(room.server)
        words, invitation, may_write = writing_words(room, server)
        for talk in (self.talk, self.thread_pane.talk):
            talk.show_state(words, invitation, may_write=may_write)

    def _open_found(self, found: object) -> None:
        assert isinstance(found, FoundMessage), "Hits are found messages."
        room = self.book.room(found.message.room)
        if room is not None:
            self.open_room(room, around=found.message.seq, message=found.message.id)
            if found.message.thread and found.message.thread != found.message.id:
                self._desk.start("Opening the thread", self._show_thread(room, found.message.thread))

    def _write_to(self, server: str, person: object) -> None:
        assert isinstance(person, MemberRow), "People are told as members."
        self.done.write_to(server, person.user)

    def _open_thread(self, message: object) -> None:
        assert isinstance(message, MessageRow), "Threads begin with a message."
        if self.room is not None:
            self._desk.start("Opening the thread", self._show_thread(self.room, message.thread or message.id))

    async def _show_thread(self, room: RoomRow, root: str) -> None:
        await self.thread_pane.open(room, root)
        self.sides.show_thread(has_thread=True)
        self._show_open_room()
        self.thread_pane.talk.focus_field()

    def _close_thread(self, *, takes_keyboard: bool = True) -> None:
        if self.thread_pane.is_open:
            self.thread_pane.shut()
            self.sides.show_thread(has_thread=False)
            if takes_keyboard:
                self.talk.focus_field()

    def _left_field(self) -> None:
        self.talk.timeline.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_more(self, place: QPoint) -> None:
        if self.room is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("This room")
        self.rooms.fill_menu(menu, self.room)
        menu.addSeparator()
        menu.addAction("Pinned messages\u2026", partial(self.show_search, has="pin"))
        menu.addAction("Everybody\u2026", self.show_people)
        menu.popup(place)

    def _wear(self) -> None:
        self.head.wear()
        for talk in (self.talk, self.thread_pane.talk):
            talk.wear()


def writing_words(room: RoomRow, server: ServerRow | None) -> tuple[str, str, bool]:
    """Why nothing is sent now, what the empty field asks for, and whether anything can be written."""
    name = shown_name(room.name)
    if room.is_left:
        return "You are no longer in this room. What was said until then stays readable.", "You left this room", False
    if server is None or server.standing in (Standing.LIVE, Standing.CATCHING_UP, Standing.CONNECTING):
        return "", f"Write to {name}", True
    if server.standing is Standing.SIGNED_OUT:
        return f"You are signed out. {explained(server)}", f"Write to {name}: kept until you sign in", True
    return explained(server), f"Write to {name}: sent when there is a connection", True
