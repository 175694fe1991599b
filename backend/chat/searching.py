"""Search over the local history: every word, the last one perhaps unfinished, with filters; the newest of the best first."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from backend.chat.message import FoundMessage, MessageRow, SearchFilters

N_MAX: Final = 200
WORDS_MAX: Final = 24
CHARS_MAX: Final = 400
BEGIN, END = "\x02", "\x03"

# One text for both: ?1 is the query of the index, ?2 to ?8 the filters, ?9 how many.
# Excerpts are made of the best alone: a common word may stand in thousands.
_BY_WORDS: Final = """
    WITH best AS (
        SELECT m.key, chat_words.rank AS place
        FROM chat_words JOIN chat_messages m ON m.key = chat_words.rowid JOIN chat_rooms r ON r.key = m.room
        WHERE chat_words MATCH ?1 AND m.is_gone = 0 {FILTERS}
        ORDER BY chat_words.rank, m.ts DESC, m.key DESC LIMIT ?9
    )
    SELECT r.id, m.id, (
        SELECT snippet(chat_words, 0, char(2), char(3), '…', 24) FROM chat_words WHERE chat_words MATCH ?1 AND rowid = m.key
    )
    FROM best JOIN chat_messages m ON m.key = best.key JOIN chat_rooms r ON r.key = m.room
    ORDER BY best.place, m.ts DESC, m.key DESC
"""
_BY_FILTERS: Final = """
    SELECT r.id, m.id, substr(m.text, 1, 200)
    FROM chat_messages m JOIN chat_rooms r ON r.key = m.room
    WHERE ?1 = '' AND m.is_gone = 0 {FILTERS}
    ORDER BY m.ts DESC, m.key DESC LIMIT ?9
"""
_FILTERS: Final = """
    AND (?2 = '' OR r.id = ?2) AND (?3 = '' OR r.server = ?3) AND (?4 = '' OR m.a = ?4)
    AND (?5 = '' OR instr(m.instruments, char(10) || ?5 || char(10)))
    AND m.ts >= ?6 AND (?7 = 0 OR m.ts < ?7)
    AND (?8 <> 'file' OR m.n_files > 0) AND (?8 <> 'link' OR m.n_links > 0) AND (?8 <> 'pin' OR m.is_pinned)
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something was found: the message, and an excerpt with marks around what matched."""

    room: str
    message: str
    marked: str


def find(db: Any, text: str, filters: SearchFilters, n: int, server: str = "") -> tuple[Hit, ...]:
    """Messages that hold every word of ``text``, or all that the filters leave where it has no word. None for neither."""
    match = match_of(text)
    if not match and (text.strip() or filters == SearchFilters()):
        return ()
    about = (filters.room, server, filters.author, filters.instrument, filters.from_ms, filters.to_ms, filters.has)
    sql = (_BY_WORDS if match else _BY_FILTERS).replace("{FILTERS}", _FILTERS)
    return tuple(Hit(*row) for row in db.execute(sql, (match, *about, max(1, min(n, N_MAX)))).fetchall())


def match_of(text: str) -> str:
    """A query of the full-text index for every word of ``text``; each is a quoted string, in which nothing means anything."""
    words = unicodedata.normalize("NFC", text[:CHARS_MAX]).replace("\0", " ").split()
    kept = [word for word in words if any(c.isalnum() for c in word)][:WORDS_MAX]
    if not kept:
        return ""
    is_unfinished = text[-1:].isalnum()
    return " ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in kept) + (" *" if is_unfinished else "")


def found_of(hit: Hit, row: Callable[[str, str], MessageRow | None], room_name: str) -> FoundMessage | None:
    """The value of a hit; None where the message has gone meanwhile."""
    message = row(hit.room, hit.message)
    if message is None:
        return None
    snippet, hits = unmark(hit.marked)
    return FoundMessage(message, room_name, snippet, hits)


def unmark(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """An excerpt without its marks, and the places that they stood around."""
    parts: list[str] = []
    hits: list[tuple[int, int]] = []
    length = begin = 0
    for c in marked:
        if c == BEGIN:
            begin = length
        elif c == END:
            hits.append((begin, length))
        else:
            parts.append(c)
            length += 1
    return "".join(parts), tuple(hits)
