"""Whether every room of a restored server has the history that its hashes commit to."""

from collections.abc import Sequence
from typing import Final

from sync_server.protocol.chain import START, is_intact, next_hash
from sync_server.rooms.store import EVENT_COLUMNS, event_of
from sync_server.storage.database import Reading
from sync_server.storage.restore import Staged

_PAGE: Final = 1_000
_ROOMS: Final = "SELECT room, epoch, seq, hash FROM rooms ORDER BY room"
_NEXT: Final = f"SELECT {EVENT_COLUMNS}, epoch, hash FROM events WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3"  # noqa: S608 our own
_STRAYS: Final = "SELECT DISTINCT room FROM events WHERE room NOT IN (SELECT room FROM rooms) ORDER BY room"


async def check_rooms(staged: Staged) -> Sequence[str]:
    """What is wrong, the first thing of each room: a hole, a body that was changed, a hash that does not follow, a cut end."""
    problems = []
    async with staged.database.read() as view:
        for room, epoch, seq, chain in await view.rows(_ROOMS):
            problem = await _find_problem(view, room, (epoch, seq, bytes(chain)))
            if problem:
                problems.append(f"room {room}: {problem}")
        problems += [f"room {room}: its events have no room" for (room,) in await view.rows(_STRAYS)]
    return problems


async def _find_problem(view: Reading, room: str, head: tuple[int, int, bytes]) -> str:
    """What is wrong with one room, empty for nothing; ``head`` is where the room says that it stands."""
    at = (0, 0, START)
    while rows := await view.rows(_NEXT, room, at[1], _PAGE):
        for row in rows:
            event, epoch, chain = event_of(row), row[-2], bytes(row[-1])
            if event.s != at[1] + 1 or epoch < at[0]:
                return f"event {event.s} of epoch {epoch} does not follow event {at[1]} of epoch {at[0]}"
            if not is_intact(event):
                return f"event {event.s} is not what its author sent"
            if chain != next_hash(at[2], epoch, event):
                return f"event {event.s} does not follow from what stands before it"
            at = (epoch, event.s, chain)
    return "" if at == head else f"it stands at event {head[1]} of epoch {head[0]}, its events end with {at[1]} of {at[0]}"
