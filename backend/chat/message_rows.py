"""Messages as rows of the mirror: a message's folded value as JSON, and beside it what is asked for in lists and searches."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

import msgspec

from sync_server.protocol.fold import MessageState

_STATE: Final = msgspec.json.Decoder(MessageState)
_ENCODER: Final = msgspec.json.Encoder()
_PUT: Final = """
    INSERT INTO chat_messages
        (room, id, s, a, ts, thread, text, state, is_gone, is_pinned, names_me, n_files, n_links, instruments)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (room, id) DO UPDATE SET s = excluded.s, a = excluded.a, ts = excluded.ts, thread = excluded.thread,
        text = excluded.text, state = excluded.state, is_gone = excluded.is_gone, is_pinned = excluded.is_pinned,
        names_me = excluded.names_me, n_files = excluded.n_files, n_links = excluded.n_links, instruments = excluded.instruments
"""


class Place(Protocol):
    """Where a message lies: the number of its room's rows, and who looks at it."""

    @property
    def key(self) -> int:
        """The number of the room's rows."""
        ...

    @property
    def user(self) -> str:
        """Who looks at it."""
        ...


def parse_state(text: str) -> MessageState:
    """A message's value as it was stored."""
    return _STATE.decode(text)


def load_state(db: Any, room: int, message: str) -> MessageState | None:
    """A message of the mirror as it stands now."""
    row = db.execute("SELECT state FROM chat_messages WHERE room = ? AND id = ?", (room, message)).fetchone()
    return None if row is None else parse_state(row[0])


def write_state(db: Any, place: Place, message: str, state: MessageState | None) -> None:
    """Store a message as it stands now; None removes it."""
    if state is None:
        db.execute("DELETE FROM chat_messages WHERE room = ? AND id = ?", (place.key, message))
        db.execute("DELETE FROM chat_message_files WHERE room = ? AND message = ?", (place.key, message))
        return
    is_gone = state.is_deleted or state.is_erased
    about = (state.s, state.a, state.ts, state.thread, "" if is_gone else state.text, _ENCODER.encode(state).decode())
    flags = (is_gone, state.pinned, place.user in state.mentions and not is_gone, len(state.files), len(state.links))
    instruments = "".join(f"\n{link.instrument}\n" for link in state.links)
    db.execute(_PUT, (place.key, message, *about, *flags, instruments))
    db.execute("DELETE FROM chat_message_files WHERE room = ? AND message = ?", (place.key, message))
    files = () if is_gone else state.files
    db.executemany(
        "INSERT OR IGNORE INTO chat_message_files (room, message, sha256) VALUES (?, ?, ?)",
        [(place.key, message, file.sha256) for file in files],
    )


def write_states(db: Any, place: Place, states: Iterable[MessageState]) -> None:
    """Store messages of a snapshot."""
    for state in states:
        write_state(db, place, state.id, state)


def drop_messages(db: Any, room: int) -> None:
    """Remove every message of a room, its words in the index too."""
    db.execute("DELETE FROM chat_messages WHERE room = ?", (room,))
    db.execute("DELETE FROM chat_message_files WHERE room = ?", (room,))
