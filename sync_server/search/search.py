"""Find messages by words and filters, newest first, among those that the asker may read and no others."""

import base64
from collections.abc import Iterable
from typing import Final

import msgspec

from sync_server.accounts.permissions import Deed, allows
from sync_server.actor import Actor
from sync_server.errors import Refused
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Count
from sync_server.rooms.rooms import Committed
from sync_server.search.projection import Projection
from sync_server.search.words import question_of
from sync_server.storage.database import Database

PAGE_MAX: Final = 100
HAS: Final = {"file": "m.has_file", "image": "m.has_image", "link": "m.has_link", "thread": "m.thread <> ''"}
# A seat is looked up at the moment of asking: what is not served by the log is not found either.
_FOUND: Final = """
SELECT m.no, m.room, m.id, m.seq, m.ts, m.sender, m.thread, m.body FROM search_messages m
JOIN seats s ON s.room = m.room AND s.usr = $1 JOIN rooms r ON r.room = m.room AND r.org = $2
WHERE m.org = $2 AND (r.shows_history OR m.seq >= s.since)
"""
_MATCHES: Final = {
    "sqlite": "m.no IN (SELECT rowid FROM search_index WHERE search_index MATCH {})",
    "postgresql": "array_to_tsvector(string_to_array(m.words, ' ')) @@ CAST(CAST({} AS TEXT) AS TSQUERY)",
}


class Filters(msgspec.Struct, frozen=True):
    """What found messages must be besides their words.

    ``sender`` user id · ``room`` · ``since_ms`` and ``until_ms`` UTC, from the first up to but not with the second, 0 for any ·
    ``has`` each of "file", "image", "link", "thread" · ``instrument`` that a link of the message names, as ``AAPL.XNAS``.
    """

    sender: str = ""
    room: str = ""
    since_ms: int = 0
    until_ms: int = 0
    has: tuple[str, ...] = ()
    instrument: str = ""


ANY: Final = Filters()


class FoundMessage(msgspec.Struct, frozen=True):
    """A message as it stands now; its place is event ``s`` of room ``r``."""

    r: str
    id: str
    s: int
    ts: int
    a: str
    thread: str
    text: str


class Findings(msgspec.Struct, frozen=True):
    """Found messages, newest first; ``cursor`` continues after the last one, empty at the end."""

    messages: tuple[FoundMessage, ...]
    cursor: str = ""


class _Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a cursor holds: time and number of the last message."""

    ts: Count
    no: Count


class Search:
    """The index and its questions. Give ``committed`` to ``Rooms.on_committed`` and ``remove_messages`` to its erasers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._projection = Projection(database)

    async def begin(self) -> None:
        """Start carrying over what is entered."""
        await self._projection.begin()

    async def close(self) -> None:
        """Stop; the database stays open."""
        await self._projection.close()

    def committed(self, committed: Committed) -> None:
        """There is something new in a room."""
        self._projection.committed(committed)

    async def settled(self, room: str = "") -> None:
        """Wait until what was entered so far, in ``room`` or in all, is found; what is entered meanwhile does not count."""
        await self._projection.settled(room)

    async def find(self, actor: Actor, text: str, filters: Filters = ANY, cursor: str = "", limit: int = 50) -> Findings:
        """Messages that hold every word of ``text`` (the last as a beginning) and pass the filters.

        Raises Refused: a cursor that is none, a filter that is unknown, a key without the scope.
        """
        if not allows(actor, Deed.READ, RoomRole.READER):
            raise Refused(Code.NOT_ALLOWED, "This key may not read messages.", status=403)
        if "\0" in filters.sender + filters.room + filters.instrument:
            return Findings(())  # nothing has such a name
        limit = min(max(limit, 1), PAGE_MAX)
        conditions = _Conditions(actor.user, actor.org)
        question = question_of(text, self._database.kind)
        if question:
            conditions.add(_MATCHES[self._database.kind], question)
        elif text.strip():
            return Findings(())  # signs alone are in no message's words
        _narrow(conditions, filters)
        if cursor:
            place = parse_cursor(cursor)
            conditions.add("(m.ts < {} OR (m.ts = {} AND m.no < {}))", place.ts, place.ts, place.no)
        sql = f"{_FOUND}{conditions.sql} ORDER BY m.ts DESC, m.no DESC LIMIT {conditions.place(limit + 1)}"
        async with self._database.read() as reading:
            rows = await reading.rows(sql, *conditions.args)
        messages = tuple(FoundMessage(*row[1:]) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Findings(messages, format_cursor(last[4], last[0]) if last else "")


class _Conditions:
    """Conditions of a statement, with ``{}`` where a parameter stands."""

    def __init__(self, *args: object) -> None:
        self.args: list[object] = list(args)
        self.sql = ""

    def place(self, value: object) -> str:
        """The place of one more parameter."""
        self.args.append(value)
        return f"${len(self.args)}"

    def add(self, condition: str, *values: object) -> None:
        """One more that must hold."""
        self.sql += f" AND {condition.format(*map(self.place, values))}"


def _narrow(conditions: _Conditions, filters: Filters) -> None:
    unknown = set(filters.has) - HAS.keys()
    if unknown:
        raise Refused(Code.BAD_FRAME, f"Messages cannot have {_listed(unknown)}.", hint=f"Ask for {_listed(HAS)}.")
    for value, condition in (
        (filters.sender, "m.sender = {}"),
        (filters.room, "m.room = {}"),
        (filters.since_ms, "m.ts >= {}"),
        (filters.until_ms, "m.ts < {}"),
        (filters.instrument.upper(), "m.no IN (SELECT no FROM search_instruments WHERE instrument = {})"),
    ):
        if value:
            conditions.add(condition, value)
    for word in filters.has:
        conditions.add(HAS[word])


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def format_cursor(ts: int, no: int) -> str:
    """A place in the results as opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(_Place(ts, no))).decode("ascii").rstrip("=")


def parse_cursor(cursor: str) -> _Place:
    """The place of :func:`format_cursor`. Raises Refused for any other text."""
    try:
        return msgspec.json.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True), type=_Place)
    except ValueError as error:
        raise Refused(Code.BAD_FRAME, "This cursor is none of ours.", hint="Begin the search again.") from error
