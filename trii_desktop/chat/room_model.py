"""The list of rooms as Qt's list: by server, starred ones first, then by what was said last."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt

from backend.chat.message import RoomRow
from backend.sync.server import ServerRow
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.team.words import WORDS, server_name
from trii_desktop.widgets.rows import Index, RowsModel


@dataclass(frozen=True, slots=True)
class Line:
    """A heading, or a room below it. ``words`` and ``about`` are of a heading."""

    room: RoomRow | None = None
    words: str = ""
    about: str = ""
    is_troubled: bool = False

    @property
    def key(self) -> str:
        """What a choice is kept by."""
        return self.room.id if self.room is not None else f"heading {self.words}"


def lines_of(rooms: Sequence[RoomRow], servers: Sequence[ServerRow], query: str = "") -> tuple[Line, ...]:
    """The lines of rooms that match ``query``; headings where there is more than one group, or a server is not live."""
    wanted = query.casefold().split()
    found = [room for room in rooms if all(word in f"{room.name} {room.topic}".casefold() for word in wanted)]
    if not wanted:
        found = [room for room in found if not room.is_left or room.n_unread or room.is_starred]
    made: list[Line] = []
    starred = [room for room in found if room.is_starred]
    if starred:
        made += [Line(words="Starred"), *map(Line, _ordered(starred))]
    for server in servers:
        own = [room for room in found if room.server == server.id and not room.is_starred]
        if own or not wanted:
            about = WORDS[server.standing] if server.standing != "live" else ""
            made += [Line(words=server_name(server), about=about, is_troubled=server.standing == "refused")]
            made += map(Line, _ordered(own))
    return tuple(made)


def _ordered(rooms: Sequence[RoomRow]) -> list[RoomRow]:
    return sorted(rooms, key=lambda room: (room.is_left, -room.last_ms, room.name.casefold()))


class RoomRows(RowsModel[Line]):
    """Rooms under headings, which cannot be chosen."""

    def show_rows(self, rows: tuple[Line, ...]) -> None:
        """Show these; where the same rooms stand in the same order only what differs is told."""
        if rows == self.rows:
            return
        if [line.key for line in rows] != [line.key for line in self.rows]:
            super().show_rows(rows)
            return
        changed = [place for place, pair in enumerate(zip(self.rows, rows, strict=True)) if pair[0] != pair[1]]
        self.rows = rows
        self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], 0))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rooms can be chosen."""
        is_room = index.isValid() and self.rows[index.row()].room is not None
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if is_room else Qt.ItemFlag.NoItemFlags

    def words(self, row: Line, role: int) -> str | None:
        """The name, what is spoken, or what it is about."""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return shown_name(row.room.name) if row.room is not None else row.words
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(row)
            case Qt.ItemDataRole.ToolTipRole:
                return shown_line(row.room.topic) if row.room is not None else row.about
            case _:
                return None

    def place_of(self, room: str) -> int:
        """Where a room stands; -1 where it does not."""
        return next((place for place, line in enumerate(self.rows) if line.room is not None and line.room.id == room), -1)


def spoken(line: Line) -> str:
    """What a screen reader says of a line."""
    room = line.room
    if room is None:
        return ", ".join(part for part in (line.words, line.about) if part)
    parts = [shown_name(room.name), room.presence]
    if room.n_unread:
        parts.append(f"{room.n_unread} unread")
    if room.n_mentions:
        parts.append("1 mention" if room.n_mentions == 1 else f"{room.n_mentions} mentions")
    parts += [words for words, is_so in (("muted", room.is_muted), ("starred", room.is_starred), ("left", room.is_left)) if is_so]
    parts.append(last_words(room))
    return ", ".join(part for part in parts if part)


def last_words(room: RoomRow) -> str:
    """What stands below a room's name: a draft, or the newest message."""
    if room.draft.strip():
        return f"Draft: {shown_line(room.draft)}"
    if not room.last_text:
        return shown_line(room.topic)
    author = shown_name(room.last_author) if room.last_author and room.kind != "direct" else ""
    return f"{author}: {shown_line(room.last_text)}" if author else shown_line(room.last_text)
