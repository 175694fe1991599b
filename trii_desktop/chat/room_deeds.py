"""What is done with whole rooms: made, joined, led, starred, left; and the dialogs in which that is said."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from backend.chat.message import Notify, RoomRow
from backend.errors import TriiError
from backend.sync.server import ServerRow
from trii_desktop.chat.new_room_dialog import NewRoomDialog
from trii_desktop.chat.room_dialog import RoomDialog
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.desk import Desk
from trii_desktop.team.letters import shown_name
from trii_desktop.widgets.ask_yes import AskYes


class RoomsDone(QObject):
    """The deeds of both dialogs. ``room_wanted`` : a RoomRow that is to be shown."""

    room_wanted = Signal(object)

    def __init__(self, desk: Desk, chat: ChatSurface, panel: QWidget) -> None:
        super().__init__(panel)
        self._desk = desk
        self._chat = chat
        self._panel = panel
        self._new: NewRoomDialog | None = None
        self._details: RoomDialog | None = None

    # --- dialogs ------------------------------------------------------------------------------------------------------

    def open_new(self, servers: tuple[ServerRow, ...], page: int = 0) -> None:
        """Begin a room or a message."""
        if servers:
            self._new = NewRoomDialog(self._panel.window(), servers, self)
            self._new.show_page(page)
            self._new.open()

    def open_details(self, room: RoomRow) -> None:
        """Show who is in a room."""
        self._details = RoomDialog(self._panel.window(), room, self)
        self._details.open()
        self._desk.start("Reading the people", self._read_members(room))

    def refresh(self, rooms: tuple[RoomRow, ...]) -> None:
        """Rooms or people are not what they were."""
        shown = self._details
        if shown is not None and isValid(shown) and shown.isVisible():
            found = next((room for room in rooms if room.id == shown.room.id), None)
            if found is not None:
                shown.room = found
                self._desk.start("Reading the people", self._read_members(found))

    def close(self) -> None:
        """Close what is open."""
        for dialog in (self._new, self._details):
            if dialog is not None and isValid(dialog):
                dialog.close()
        self._new = self._details = None

    # --- deeds of the dialogs -----------------------------------------------------------------------------------------

    def make_room(self, server: str, name: str, topic: str, people: tuple[str, ...], is_open: bool, shows_history: bool) -> None:  # noqa: FBT001 - the dialog's
        """Make a room and show it."""
        make = partial(self._chat.create_room, server, name, topic, people, is_open=is_open, shows_history=shows_history)
        self._desk.start("Making the room", self._shown(make))

    def write_to(self, server: str, user: str) -> None:
        """Show the room of two."""
        self._desk.start("Opening the message", self._shown(partial(self._chat.direct, server, user)))

    def join(self, room: RoomRow) -> None:
        """Join an open room and show it."""
        self._desk.start("Joining the room", self._join(room))

    def read_people(self, server: str) -> None:
        """Have people and open rooms shown in the dialog."""
        self._desk.start("Reading the people", self._read_people(server))

    def rename(self, room: RoomRow, name: str, topic: str) -> None:
        """Call it something else."""
        self._desk.start("Changing the room", self._desk.bridge.call(partial(self._chat.edit_room, room.id, name, topic)))

    def set_seat(self, room: RoomRow, user: str, role: str) -> None:
        """Let a person be in it as something, or be out of it."""
        self._desk.start("Changing the room", self._seat(room, user, role))

    def set_notify(self, room: RoomRow, notify: Notify) -> None:
        """What it may interrupt for."""
        self._desk.start("Changing the room", self._desk.bridge.call(partial(self._chat.notify, room.id, notify)))

    def star(self, room: RoomRow) -> None:
        """Keep it at the head of the list, or no longer."""
        self._desk.start("Starring the room", self._desk.bridge.call(partial(self._chat.star, room.id, not room.is_starred)))

    def tell_presence(self, state: str) -> None:
        """Say to the others whether this person is "online", "away" or "busy"."""
        self._desk.start("Telling that you are here", self._desk.bridge.call(partial(self._chat.set_presence, state)))

    def ask_leave(self, room: RoomRow) -> None:
        """Leave after a yes."""
        AskYes(
            self._panel.window(),
            f"Leave {shown_name(room.name)}?",
            "Nothing new of it will reach you. What was said until now stays readable on this computer.",
            "Leave",
            lambda: self._desk.start("Leaving the room", self._desk.bridge.call(partial(self._chat.leave, room.id))),
        ).open()

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _shown(self, make: Callable[[], Coroutine[Any, Any, RoomRow]]) -> None:
        room = await self._desk.bridge.call(make)
        self.room_wanted.emit(room)

    async def _join(self, room: RoomRow) -> None:
        await self._desk.bridge.call(self._chat.join_room(room.server, room.id))
        self.room_wanted.emit(room)

    async def _seat(self, room: RoomRow, user: str, role: str) -> None:
        await self._desk.bridge.call(self._chat.set_seat(room.id, user, role))
        await self._read_members(room)

    async def _read_members(self, room: RoomRow) -> None:
        members = await self._desk.bridge.call(self._chat.members(room.id))
        everybody = await self._desk.bridge.call(self._chat.people(room.server))
        if self._details is not None and isValid(self._details) and self._details.room.id == room.id:
            self._details.show_members(members, everybody)

    async def _read_people(self, server: str) -> None:
        people = await self._desk.bridge.call(self._chat.people(server))
        if self._new is not None and isValid(self._new):
            self._new.show_people(server, people)
        try:
            rooms, why_not = await self._desk.bridge.call(self._chat.open_rooms(server)), ""
        except TriiError as error:
            rooms, why_not = (), f"Open rooms are asked of the server. {error.message}"
        if self._new is not None and isValid(self._new):
            self._new.show_open_rooms(server, tuple(room for room in rooms if not room.my_role), why_not)
