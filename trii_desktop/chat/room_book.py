"""Rooms and servers as they are now, read again when they change, at most once at a time."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from backend.chat.message import RoomRow
from backend.sync.server import ServerRow
from trii_desktop.chat.room_model import Line
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.desk import Desk
from trii_desktop.team.letters import Names
from trii_desktop.team.surface import TeamSurface

REST_MS: Final = 200  # between two readings: a burst of messages changes the list a few times a second, not with each


class RoomBook(QObject):
    """``changed`` comes when anything of it is another one."""

    changed = Signal()

    def __init__(self, desk: Desk, chat: ChatSurface, team: TeamSurface) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._team = team
        self.rooms: tuple[RoomRow, ...] = ()
        self.servers: tuple[ServerRow, ...] = ()
        self.people: tuple[tuple[str, str], ...] = ()  # (user, name) of everybody known
        self._is_reading = self._is_due = False
        self.is_read = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._read_due)

    def refresh(self) -> None:
        """Read everything anew, soon."""
        self._is_due = True
        if not self._rest.isActive():
            self._read_due()

    def close(self) -> None:
        """Read no more."""
        self._rest.stop()
        self._is_due, self._is_reading = False, True

    def room(self, room: str) -> RoomRow | None:
        """A room by its id."""
        return next((one for one in self.rooms if one.id == room), None)

    def server(self, server: str) -> ServerRow | None:
        """A server by its id."""
        return next((one for one in self.servers if one.id == server), None)

    def next_unread(self, but: str) -> RoomRow | None:
        """Where to read next: mentions first, then what waits longest; muted rooms last."""
        found = [room for room in self.rooms if room.n_unread and room.id != but and not room.is_left]
        return min(found, key=lambda room: (not room.n_mentions, room.is_muted, room.last_ms), default=None)

    @staticmethod
    def neighbour(lines: Sequence[Line], room: RoomRow | None, by: int) -> RoomRow | None:
        """The room before or after another one in the list."""
        shown = [line.room for line in lines if line.room is not None]
        if not shown:
            return None
        place = next((n for n, one in enumerate(shown) if room is not None and one.id == room.id), -1 if by > 0 else len(shown))
        wanted = place + by
        return shown[wanted] if 0 <= wanted < len(shown) else None

    def _read_due(self) -> None:
        if self._is_due and not self._is_reading:
            self._is_reading = True
            self._rest.start()
            self._desk.start("Reading the rooms", self._read())

    async def _read(self) -> None:
        try:
            if self._is_due:
                self._is_due = False
                servers, rooms = self._team.servers(), await self._desk.bridge.call(self._chat.rooms())
                people: list[tuple[str, str]] = []
                for server in servers:
                    found = await self._desk.bridge.call(self._chat.people(server.id))
                    names = Names(found)
                    people += [(one.user, names.of(one.user, one.name)) for one in found]
                before = (self.servers, self.rooms, self.people, self.is_read)
                self.servers, self.rooms, self.is_read = servers, rooms, True
                self.people = tuple(sorted(set(people), key=lambda one: one[1].casefold()))
                if before != (self.servers, self.rooms, self.people, True):
                    self.changed.emit()
        finally:
            self._is_reading = False
            if self._is_due and not self._rest.isActive():
                self._rest.start()
