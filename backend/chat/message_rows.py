"""Messages as rows of the mirror: a message's folded value as JSON, and beside it what is asked for in lists and searches."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from backend.chat.word_index import put_in, take_out, take_out_upto
from sync_server.protocol.fold import MessageState

_STATE: Final = msgspec.json.Decoder(MessageState)
_ENCODER: Final = msgspec.json.Encoder()
_LAST: Final = 2**53
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


def write_states(db: Any, place: Place, states: Mapping[str, MessageState | None]) -> None:
    """Store messages as they stand now, with their words in the index; None removes one."""
    fresh: list[int] = []
    for message, state in states.items():
        before = db.execute(
            "SELECT key, text, n_files FROM chat_messages WHERE room = ? AND id = ?", (place.key, message)
        ).fetchone()
        text = "" if state is None or state.is_deleted or state.is_erased else state.text
        if before is not None and before[1] != text:
            take_out(db, before[0], before[1])
        if before is not None and before[2]:
            db.execute("DELETE FROM chat_message_files WHERE room = ? AND message = ?", (place.key, message))
        if state is None:
            db.execute("DELETE FROM chat_messages WHERE room = ? AND id = ?", (place.key, message))
            continue
        _write(db, place, state, text)
        if text and (before is None or before[1] != text):
            fresh.append(db.execute("SELECT key FROM chat_messages WHERE room = ? AND id = ?", (place.key, message)).fetchone()[0])
    put_in(db, fresh)


def _write(db: Any, place: Place, state: MessageState, text: str) -> None:
    is_gone = state.is_deleted or state.is_erased
    about = (state.s, state.a, state.ts, state.thread, text, _ENCODER.encode(state).decode())
    files = () if is_gone else state.files
    flags = (is_gone, state.pinned, place.user in state.mentions and not is_gone, len(files), len(state.links))
    instruments = "".join(f"\n{link.instrument}\n" for link in state.links)
    db.execute(_PUT, (place.key, state.id, *about, *flags, instruments))
    for file in files:
        db.execute(
            "INSERT OR IGNORE INTO chat_message_files (room, message, sha256) VALUES (?, ?, ?)", (place.key, state.id, file.sha256)
        )


def drop_messages(db: Any, room: int) -> None:
    """Remove every message of a room, its words in the index too."""
    take_out_upto(db, room, _LAST)
    db.execute("DELETE FROM chat_messages WHERE room = ?", (room,))
    db.execute("DELETE FROM chat_message_files WHERE room = ?", (room,))
