"""What a person wrote and no event has brought back yet: operations of the outbox, and messages whose files are on their way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sync_server.protocol.actions import Settled
from sync_server.protocol.bodies import File, MsgCreate
from sync_server.protocol.events import Event, Kind, Op
from sync_server.protocol.fold import as_event

_COLUMNS: Final = "id, room, k, b, n, cseq, base, cts, rec, e, s, code"
_OF_SERVER: Final = f"SELECT {_COLUMNS} FROM chat_outbox WHERE server = ? ORDER BY place"  # noqa: S608 - our own words
_OF_ROOM: Final = (
    f"SELECT {_COLUMNS} FROM chat_outbox o WHERE room = ? AND NOT (o.s > 0 AND EXISTS"  # noqa: S608 - our own words
    " (SELECT 1 FROM chat_rooms r WHERE r.id = o.room AND r.server = o.server AND o.s <= r.s AND o.e <= r.e)) ORDER BY place"
)
_BY_ID: Final = f"SELECT {_COLUMNS} FROM chat_outbox WHERE id = ?"  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Waiting:
    """An operation of the outbox and what is known of it: its place once the server gave one, or why it was refused."""

    op: Op
    e: int = 0
    s: int = 0
    code: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether it will never be entered."""
        return bool(self.code)

    def as_event(self, user: str) -> Event:
        """The event that it is to become, at its place where it has one: what an optimistic view is folded from."""
        return msgspec.structs.replace(as_event(self.op, user), s=self.s)


@dataclass(frozen=True, slots=True)
class Staged:
    """A message whose files have to reach the server first; ``why`` it cannot, empty while it can."""

    id: str
    server: str
    room: str
    body: str
    made_ms: int
    why: str = ""


def write_op(db: Any, server: str, op: Op) -> None:
    """Keep an operation behind those made before it, and count it; one that is there already changes nothing."""
    fields = (op.id, op.r, op.k, op.b, op.n, op.cseq, op.base, op.cts, op.rec)
    db.execute(
        "INSERT INTO chat_outbox (server, id, room, k, b, n, cseq, base, cts, rec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET cseq = excluded.cseq, base = excluded.base, rec = excluded.rec, e = 0, s = 0, code = ''",
        (server, *fields),
    )
    db.execute(
        "INSERT INTO chat_counts (server, room, cseq) VALUES (?, ?, ?)"
        " ON CONFLICT (server, room) DO UPDATE SET cseq = excluded.cseq",
        (server, op.r, op.cseq),
    )


def drop_op(db: Any, key: str) -> str:
    """Take an operation out of the outbox; its room, empty where it was not there."""
    found = db.execute("DELETE FROM chat_outbox WHERE id = ? RETURNING room", (key,)).fetchall()
    return str(found[0][0]) if found else ""


def queue_again(db: Any, server: str, ops: Iterable[Op]) -> None:
    """These operations wait anew, behind all others and in this order."""
    for op in ops:
        db.execute("DELETE FROM chat_outbox WHERE id = ?", (op.id,))
        write_op(db, server, op)


def renumber(db: Any, server: str, room: str, numbers: Iterable[tuple[str, int]]) -> None:
    """Give operations other counts; the last is the newest of its room."""
    for key, cseq in numbers:
        db.execute("UPDATE chat_outbox SET cseq = ? WHERE id = ? AND room = ?", (cseq, key, room))
        db.execute("UPDATE chat_counts SET cseq = ? WHERE server = ? AND room = ?", (cseq, server, room))


def settle(db: Any, settled: Iterable[Settled], *, have_events: bool) -> None:
    """Note what became of operations; those whose events are here leave the outbox, refused ones stay until they are given up."""
    for one in settled:
        if one.code or not have_events:
            db.execute("UPDATE chat_outbox SET e = ?, s = ?, code = ? WHERE id = ?", (one.e, one.s, one.code, one.id))
        else:
            db.execute("DELETE FROM chat_outbox WHERE id = ?", (one.id,))


def load_outbox(db: Any, server: str) -> tuple[Waiting, ...]:
    """All operations of a server, in the order they were made."""
    return tuple(map(_waiting_of, db.execute(_OF_SERVER, (server,))))


def load_room_outbox(db: Any, room: str) -> tuple[Waiting, ...]:
    """All operations of a room that its copy has not gone past, in the order they were made."""
    return tuple(map(_waiting_of, db.execute(_OF_ROOM, (room,))))


def find_op(db: Any, key: str) -> Waiting | None:
    """The operation of this id, where it is in the outbox."""
    row = db.execute(_BY_ID, (key,)).fetchone()
    return None if row is None else _waiting_of(row)


def count_waiting(db: Any, server: str) -> int:
    """How many operations and staged messages of a server the server has not taken yet, refused ones aside."""
    (n,) = db.execute(
        "SELECT (SELECT count(*) FROM chat_outbox WHERE server = ?1 AND s = 0 AND code = '')"
        " + (SELECT count(*) FROM chat_staged WHERE server = ?1 AND why = '')",
        (server,),
    ).fetchone()
    return int(n)


def load_refused(db: Any, server: str) -> tuple[Waiting, ...]:
    """Operations of a server that were refused."""
    return tuple(one for one in load_outbox(db, server) if one.is_refused)


def load_counts(db: Any, server: str) -> dict[str, int]:
    """How many operations were made in each room."""
    return dict(db.execute("SELECT room, cseq FROM chat_counts WHERE server = ?", (server,)).fetchall())


def write_staged(db: Any, staged: Staged) -> None:
    """Keep a message until its files have reached the server."""
    db.execute(
        "INSERT INTO chat_staged (id, server, room, body, made_ms, why) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET why = excluded.why",
        (staged.id, staged.server, staged.room, staged.body, staged.made_ms, staged.why),
    )


def drop_staged(db: Any, key: str) -> bool:
    """Forget a staged message; whether it was there."""
    return bool(db.execute("DELETE FROM chat_staged WHERE id = ?", (key,)).rowcount)


def load_staged(db: Any, server: str) -> tuple[Staged, ...]:
    """Staged messages of a server, the earliest first."""
    found = db.execute(
        "SELECT id, server, room, body, made_ms, why FROM chat_staged WHERE server = ? ORDER BY made_ms, id", (server,)
    )
    return tuple(Staged(*row) for row in found.fetchall())


def load_room_staged(db: Any, room: str) -> tuple[Staged, ...]:
    """Staged messages of a room, the earliest first."""
    found = db.execute("SELECT id, server, room, body, made_ms, why FROM chat_staged WHERE room = ? ORDER BY made_ms, id", (room,))
    return tuple(Staged(*row) for row in found.fetchall())


def write_offers(db: Any, server: str, ops: Iterable[Op]) -> None:
    """The files of messages that a server is sent anew are offered to it as well: it may have lost them with the messages."""
    for op in ops:
        for file in msgspec.json.decode(op.b, type=MsgCreate).files if op.rec and op.k == Kind.MSG_CREATE else ():
            row = (server, op.r, file.sha256, msgspec.json.encode(file).decode())
            db.execute("INSERT OR IGNORE INTO chat_offers (server, room, sha256, file) VALUES (?, ?, ?, ?)", row)


def load_offers(db: Any, server: str) -> tuple[tuple[str, File], ...]:
    """Files to offer to a server again, each with its room."""
    found = db.execute("SELECT room, file FROM chat_offers WHERE server = ? ORDER BY room, sha256", (server,)).fetchall()
    return tuple((room, msgspec.json.decode(file, type=File)) for room, file in found)


def drop_offer(db: Any, server: str, room: str, sha256: str) -> None:
    """A file was offered, or cannot be."""
    db.execute("DELETE FROM chat_offers WHERE server = ? AND room = ? AND sha256 = ?", (server, room, sha256))


def _waiting_of(row: tuple[Any, ...]) -> Waiting:
    key, room, kind, b, n, cseq, base, cts, rec, e, s, code = row
    return Waiting(Op(key, room, kind, b, n, cseq, base, cts, bool(rec)), e, s, code)
