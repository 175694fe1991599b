"""Messages as values for windows and commands: names beside ids, replies counted, links in the workstation's own units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.chat.message import Delivery, FileRow, LinkRow, MessageRow, Reaction
from backend.chat.overlay import Mark, Overlaid
from backend.chat.room_rows import RoomRecord
from sync_server.protocol.bodies import File, Link
from sync_server.protocol.fold import MessageState, RoomFacts
from sync_server.protocol.messages import Person

MS_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a room's messages are shown with: who looks, who the people are, how far they have read, and how files move."""

    db: Any
    room: RoomRecord
    user: str
    people: Mapping[str, Person]
    reads: Mapping[str, int]
    info: RoomFacts | None
    progress: Callable[[str], float]

    def name(self, user: str) -> str:
        """What a person is called; the beginning of the id where nobody has told."""
        person = self.people.get(user)
        return person.name if person is not None else f"Unknown ({user[:8]})"


def show(shown: Shown, laid: Overlaid) -> tuple[MessageRow, ...]:
    """The rows of messages, in their order."""
    replies = _replies(shown, laid, [key for key, state in laid.states.items() if not state.thread])
    here = _here(shown, laid)
    return tuple(
        _row(shown, state, laid.marks.get(key, Mark()), replies.get(key, (0, 0)), here) for key, state in laid.states.items()
    )


def _row(shown: Shown, state: MessageState, mark: Mark, replies: tuple[int, int], here: frozenset[str]) -> MessageRow:
    is_mine = state.a == shown.user
    n_readers = sum(1 for user, read in shown.reads.items() if user != shown.user and read >= state.s) if state.s else 0
    delivery = Delivery.READ if is_mine and n_readers and mark.delivery is Delivery.SENT else Delivery(mark.delivery)
    is_gone = state.is_deleted or state.is_erased
    return MessageRow(
        id=state.id,
        room=shown.room.id,
        seq=state.s,
        author=state.a,
        author_name=shown.name(state.a),
        at_ms=state.ts,
        text="" if is_gone else state.text,
        thread=state.thread,
        mentions=state.mentions,
        is_mine=is_mine,
        mentions_me=shown.user in state.mentions,
        delivery=delivery,
        why=mark.why,
        is_edited=bool(state.editor) and not is_gone,
        is_deleted=state.is_deleted,
        is_erased=state.is_erased,
        is_pinned=state.pinned,
        reactions=tuple(Reaction(emoji, users, shown.user in users) for emoji, users in state.reactions),
        files=tuple(_file(shown, file, here) for file in state.files),
        links=tuple(map(_link, state.links)),
        n_replies=replies[0],
        last_reply_ms=replies[1],
        n_readers=n_readers,
        pending=mark.pending,
        conflict=mark.conflict,
    )


def _replies(shown: Shown, laid: Overlaid, roots: list[str]) -> dict[str, tuple[int, int]]:
    """Of each root how many replies it has, and when the last came."""
    found = {}
    for root in roots:
        n, last = shown.db.execute(
            "SELECT count(*), coalesce(max(ts), 0) FROM chat_messages WHERE room = ? AND thread = ? AND is_gone = 0",
            (shown.room.key, root),
        ).fetchone()
        n_waiting, last_waiting = laid.replies.get(root, (0, 0))
        if n or n_waiting:
            found[root] = (n + n_waiting, max(last, last_waiting))
    return found


def _here(shown: Shown, laid: Overlaid) -> frozenset[str]:
    """Which of the files named by messages are on this computer."""
    named = {file.sha256 for state in laid.states.values() for file in state.files}
    return frozenset(
        one for one in named if shown.db.execute("SELECT 1 FROM chat_files WHERE sha256 = ?", (one,)).fetchone() is not None
    )


def _file(shown: Shown, file: File, here: frozenset[str]) -> FileRow:
    progress = shown.progress(file.sha256)
    return FileRow(file.sha256, file.name, file.mime, file.size, file.width, file.height, file.sha256 in here, progress)


def _link(link: Link) -> LinkRow:
    return LinkRow(link.instrument, link.spec, link.from_ms * MS_NS, link.to_ms * MS_NS, link.chart)
