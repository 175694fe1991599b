"""What lists, timelines and threads show: read from the mirror, with what waits laid over it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from backend.chat.folding import parse_info
from backend.chat.message import Delivery, Page
from backend.chat.message_rows import parse_state
from backend.chat.outbox_rows import Staged, load_room_outbox, load_room_staged
from backend.chat.overlay import Overlaid, lay_over
from backend.chat.room_rows import RoomRecord, load_account, load_aside, load_people, load_reads, load_room
from backend.chat.showing import Shown, show
from sync_server.protocol.bodies import MsgCreate
from sync_server.protocol.fold import MessageState, fold_message

N_MAX: Final = 500

_BEFORE: Final = "SELECT state FROM chat_messages WHERE room = ? AND thread = ? AND s < ? ORDER BY s DESC LIMIT ?"
_AFTER: Final = "SELECT state FROM chat_messages WHERE room = ? AND thread = ? AND s > ? ORDER BY s LIMIT ?"
_LAST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Ask:
    """Which messages are wanted: the newest, those before or after a place, or those around one; of a thread where it is named."""

    room: str
    before: int | None = None
    after: int | None = None
    around: int | None = None
    n: int = 50
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What reading needs beside the ledger: operations on their way now, and which files are here or move."""

    sending: Collection[str]
    progress: Callable[[str], float]


def read_page(db: Any, ask: Ask, around: Surroundings) -> Page:
    """A run of a room's timeline, oldest first. Raises NotFound."""
    room = load_room(db, ask.room)
    n = max(1, min(ask.n, N_MAX))
    if ask.thread:
        states, has_before, has_after = _thread(db, room, ask.thread), False, False
    else:
        states, has_before, has_after = _run(db, room, ask, n)
    laid = _overlaid(db, room, states, around, is_end=not has_after)
    _keep_thread(laid, ask.thread)
    return Page(ask.room, show(_shown(db, room, around), laid), has_before, has_after)


def read_message(db: Any, room_id: str, message: str, around: Surroundings) -> Page:
    """One message as a page of its own: empty where it is not there."""
    room = load_room(db, room_id)
    found = db.execute("SELECT state FROM chat_messages WHERE room = ? AND id = ?", (room.key, message)).fetchall()
    laid = _overlaid(db, room, [parse_state(text) for (text,) in found], around, is_end=not found)
    only = Overlaid({key: state for key, state in laid.states.items() if key == message}, laid.marks)
    return Page(room_id, show(_shown(db, room, around), only), has_before=True, has_after=True)


def _run(db: Any, room: RoomRecord, ask: Ask, n: int) -> tuple[list[MessageState], bool, bool]:
    """Messages in order, and whether there are any before and after them."""
    if ask.around is not None:
        old = _states(db, _BEFORE, room.key, ask.around, n // 2 + 1)
        new = _states(db, _AFTER, room.key, ask.around - 1, n - n // 2 + 1)
        older, newer = old[: n // 2], new[: n - n // 2]
        return older[::-1] + newer, len(old) > len(older) or room.has_older, len(new) > len(newer)
    if ask.after is not None:
        new = _states(db, _AFTER, room.key, ask.after, n + 1)
        has_before = bool(_states(db, _BEFORE, room.key, ask.after + 1, 1)) or room.has_older
        return new[:n], has_before, len(new) > n
    old = _states(db, _BEFORE, room.key, _LAST if ask.before is None else ask.before, n + 1)
    has_after = ask.before is not None and bool(_states(db, _AFTER, room.key, ask.before - 1, 1))
    return old[:n][::-1], len(old) > n or room.has_older, has_after


def _thread(db: Any, room: RoomRecord, root: str) -> list[MessageState]:
    found = db.execute(
        "SELECT state FROM chat_messages WHERE room = ?1 AND id = ?2 UNION ALL SELECT * FROM"
        " (SELECT state FROM chat_messages WHERE room = ?1 AND thread = ?2 ORDER BY s LIMIT ?3)",
        (room.key, root, 20 * N_MAX),
    ).fetchall()
    return [parse_state(text) for (text,) in found]


def _states(db: Any, sql: str, room: int, place: int, n: int) -> list[MessageState]:
    return [parse_state(text) for (text,) in db.execute(sql, (room, "", place, n)).fetchall()]


def _overlaid(db: Any, room: RoomRecord, states: Sequence[MessageState], around: Surroundings, *, is_end: bool) -> Overlaid:
    user, _ = load_account(db, room.server)
    waiting = load_room_outbox(db, room.id)
    laid = lay_over(states, waiting, user, sending=around.sending, is_end=is_end)
    if is_end:
        for event in load_aside(db, room.key):
            state = fold_message(None, event)
            if state is not None and state.id not in laid.states:
                laid.states[state.id] = msgspec.structs.replace(state, s=0)
                laid.mark(state.id).why = "Seen before the server failed over, and not confirmed since."
        for staged in load_room_staged(db, room.id):
            _lay_staged(laid, staged, user)
    return laid


def _keep_thread(laid: Overlaid, thread: str) -> None:
    """Leave what belongs to a thread, or to none; replies that wait are counted at their roots."""
    for key, state in list(laid.states.items()):
        if state.thread and not state.s and not state.is_deleted:
            n, last_ms = laid.replies.get(state.thread, (0, 0))
            laid.replies[state.thread] = (n + 1, max(last_ms, state.ts))
        if thread not in (state.thread, state.id):
            del laid.states[key]


def _lay_staged(laid: Overlaid, staged: Staged, user: str) -> None:
    body = msgspec.json.decode(staged.body, type=MsgCreate)
    laid.states[staged.id] = MessageState(
        staged.id,
        0,
        user,
        staged.made_ms,
        text=body.text,
        thread=body.thread,
        mentions=body.mentions,
        files=body.files,
        links=body.links,
    )
    mark = laid.mark(staged.id)
    mark.delivery, mark.why = (Delivery.FAILED, staged.why) if staged.why else (Delivery.UPLOADING, "")


def _shown(db: Any, room: RoomRecord, around: Surroundings) -> Shown:
    user, _ = load_account(db, room.server)
    return Shown(db, room, user, load_people(db, room.server), load_reads(db, room.key), parse_info(room.info), around.progress)
