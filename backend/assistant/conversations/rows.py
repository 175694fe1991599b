"""Conversations and turns as rows of the words ledger: the statements, and what they give as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from backend.assistant.conversations.conversation import ConversationRow, Found, Speaker, Turn
from backend.errors import CorruptData, NotFound
from backend.market.instrument_index import plain

_ROW: Final = "SELECT id, title, made_ns, changed_ns, n_turns, leaf, instrument, is_pinned, mode FROM conversations"
_NEWEST: Final = " ORDER BY is_pinned DESC, changed_ns DESC, id LIMIT ?"
_TITLED: Final = r" WHERE plain_title LIKE ? ESCAPE '\'"
_SPOKEN: Final = " OR id IN (SELECT conversation FROM turns WHERE row IN (SELECT rowid FROM turn_words WHERE turn_words MATCH ?))"

_COLUMNS: Final = """
    SELECT t.id, t.conversation, coalesce(t.parent, ''), t.speaker, t.at_ns, t.text, t.content,
        (SELECT count(*) FROM turns s WHERE s.conversation = t.conversation AND s.parent IS t.parent),
        (SELECT count(*) FROM turns s WHERE s.conversation = t.conversation AND s.parent IS t.parent AND s.row < t.row)
"""
_TURN: Final = _COLUMNS + " FROM turns t"
# Up from a leaf, at most so many turns; the newest comes first.
_UP: Final = """
    WITH RECURSIVE up (id, parent, depth) AS (
        SELECT id, parent, 1 FROM turns WHERE id = ? AND conversation = ?
        UNION ALL SELECT turns.id, turns.parent, depth + 1 FROM turns JOIN up ON turns.id = up.parent WHERE depth < ?
    )
"""
_BRANCH: Final = _UP + _COLUMNS + " FROM up CROSS JOIN turns t ON t.id = up.id ORDER BY depth DESC"
# Down from a turn, along the newest of its answers each time.
_DEEPEST: Final = """
    WITH RECURSIVE down (id, depth) AS (
        SELECT id, 0 FROM turns WHERE id = ?
        UNION ALL SELECT (SELECT c.id FROM turns c WHERE c.parent = down.id ORDER BY c.row DESC LIMIT 1), depth + 1
        FROM down WHERE down.id IS NOT NULL
    )
    SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1
"""
_SEARCH: Final = """
    SELECT t.conversation, t.id, c.title, t.at_ns, snippet(turn_words, 0, char(2), char(3), '…', 16)
    FROM turn_words JOIN turns t ON t.row = turn_words.rowid JOIN conversations c ON c.id = t.conversation
    WHERE turn_words MATCH :match AND t.id <> :but AND (NOT :beside_searches OR NOT (
        instr(t.content, :searched) OR EXISTS (SELECT 1 FROM turns a WHERE a.parent = t.id AND instr(a.content, :searched))
    ))
    ORDER BY turn_words.rank, t.row DESC LIMIT :n_max
"""
# Within the words of a turn each quotation mark is escaped, so that this stands for the mode alone.
_OF_A_SEARCH: Final = b'"mode":"search"'
_ROW_BY_ID: Final = _ROW + " WHERE id = ?"
_ROWS: Final = _ROW + _NEWEST
_ROWS_TITLED: Final = _ROW + _TITLED + _NEWEST
_ROWS_FOUND: Final = _ROW + _TITLED + _SPOKEN + _NEWEST
_TURN_BY_ID: Final = _TURN + " WHERE t.id = ?"
_SIBLINGS: Final = _TURN + " WHERE t.conversation = ? AND t.parent IS ? ORDER BY t.row"
_ALL_TURNS: Final = _TURN + " WHERE t.conversation = ? ORDER BY t.row"
_PUT_TURN: Final = "INSERT INTO turns (id, conversation, parent, speaker, at_ns, text, content) VALUES (?, ?, ?, ?, ?, ?, ?)"
_PUT_CONVERSATION: Final = """
    INSERT INTO conversations (id, title, plain_title, is_named, made_ns, changed_ns, instrument, is_pinned, n_turns, leaf, mode)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class RemovedConversation:
    """A conversation that was removed, whole, so that it can be restored; ``is_named`` says that a person gave the title."""

    row: ConversationRow
    is_named: bool
    turns: tuple[Turn, ...]


def read_row(db: Any, conversation: str) -> ConversationRow:
    """The conversation of this id. Raises NotFound."""
    found = db.execute(_ROW_BY_ID, (conversation,)).fetchone()
    if found is None:
        raise NotFound("This conversation is not there any more.", hint="Choose another one.", code="conversation.unknown")
    return _row_of(found)


def read_rows(db: Any, title: str, match: str, n_max: int) -> tuple[ConversationRow, ...]:
    """Pinned ones first, then the newest; with a ``title`` or ``match``, those whose title or turns hold it."""
    if not title:
        return tuple(map(_row_of, db.execute(_ROWS, (n_max,)).fetchall()))
    pattern = "%" + plain(title).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    if not match:
        return tuple(map(_row_of, db.execute(_ROWS_TITLED, (pattern, n_max)).fetchall()))
    return tuple(map(_row_of, db.execute(_ROWS_FOUND, (pattern, match, n_max)).fetchall()))


def read_turn(db: Any, turn: str) -> Turn:
    """The turn of this id. Raises NotFound."""
    found = db.execute(_TURN_BY_ID, (turn,)).fetchone()
    if found is None:
        raise NotFound("This turn is not there any more.", hint="Open the conversation again.", code="conversation.turn_unknown")
    return _turn_of(found)


def read_branch(db: Any, conversation: str, leaf: str, n_max: int) -> tuple[Turn, ...]:
    """The newest ``n_max`` turns up to ``leaf``, oldest first; none where there is no leaf."""
    return tuple(map(_turn_of, db.execute(_BRANCH, (leaf, conversation, n_max)).fetchall()))


def read_siblings(db: Any, turn: Turn) -> tuple[Turn, ...]:
    """The turns that follow the same one, the turn itself among them, oldest first."""
    place = (turn.conversation, turn.parent or None)
    return tuple(map(_turn_of, db.execute(_SIBLINGS, place).fetchall()))


def read_all_turns(db: Any, conversation: str) -> tuple[Turn, ...]:
    """Every turn of every branch, each behind its parent."""
    return tuple(map(_turn_of, db.execute(_ALL_TURNS, (conversation,)).fetchall()))


def read_deepest(db: Any, turn: str) -> str:
    """The end of the branch that goes on from ``turn`` by the newest answers."""
    (leaf,) = db.execute(_DEEPEST, (turn,)).fetchone()
    return str(leaf)


def read_found(db: Any, match: str, n_max: int, *, but: str, beside_searches: bool) -> tuple[Found, ...]:
    """The turns that a query of the index finds, the best first and then the newest."""
    asked = {"match": match, "but": but, "beside_searches": beside_searches, "searched": _OF_A_SEARCH, "n_max": n_max}
    return tuple(Found(*found) for found in db.execute(_SEARCH, asked).fetchall())


def write_turns(db: Any, turns: Iterable[Turn]) -> None:
    """Store turns, each behind its parent."""
    for turn in turns:
        place = (turn.id, turn.conversation, turn.parent or None)
        db.execute(_PUT_TURN, (*place, turn.speaker.value, turn.at_ns, turn.text, turn.content))


def write_conversation(db: Any, row: ConversationRow, *, is_named: bool) -> None:
    """Store a conversation without its turns."""
    times = (row.made_ns, row.changed_ns)
    titles = (row.title, plain(row.title))
    place = (row.instrument, row.is_pinned, row.n_turns, row.leaf, row.mode)
    db.execute(_PUT_CONVERSATION, (row.id, *titles, is_named, *times, *place))


def write_title(db: Any, conversation: str, title: str, *, is_named: bool) -> None:
    """Call a conversation ``title``."""
    written = (title, plain(title), is_named, conversation)
    db.execute("UPDATE conversations SET title = ?, plain_title = ?, is_named = ? WHERE id = ?", written)


def write_mode(db: Any, conversation: str, mode: str) -> None:
    """Keep the mode that a conversation was switched to; empty for that of its last question."""
    db.execute("UPDATE conversations SET mode = ? WHERE id = ?", (mode, conversation))


def is_named(db: Any, conversation: str) -> bool:
    """Whether a person gave the title."""
    (named,) = db.execute("SELECT is_named FROM conversations WHERE id = ?", (conversation,)).fetchone()
    return bool(named)


def erase(db: Any, conversation: str) -> RemovedConversation:
    """Delete a conversation and its turns; what they were. Raises NotFound."""
    row = read_row(db, conversation)
    has_name = is_named(db, conversation)
    turns = read_all_turns(db, conversation)
    if len(turns) != row.n_turns:
        raise CorruptData(f"{row.title} should hold {row.n_turns} turns and holds {len(turns)}.", code="conversation.damaged")
    db.execute("DELETE FROM turns WHERE conversation = ?", (conversation,))
    db.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
    return RemovedConversation(row, has_name, turns)


def _row_of(found: tuple[Any, ...]) -> ConversationRow:
    key, title, made_ns, changed_ns, n_turns, leaf, instrument, is_pinned, mode = found
    return ConversationRow(key, title, made_ns, changed_ns, n_turns, leaf, instrument, bool(is_pinned), mode)


def _turn_of(found: tuple[Any, ...]) -> Turn:
    key, conversation, parent, speaker, at_ns, text, content, n_siblings, sibling = found
    return Turn(key, conversation, parent, Speaker(speaker), at_ns, text, bytes(content), n_siblings, sibling)
