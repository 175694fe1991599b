"""Search among what a person wrote and no event has brought back yet: few messages, looked through one by one."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from backend.chat.message import SearchFilters
from backend.chat.searching import BEGIN, CHARS_MAX, END, WORDS_MAX, Hit
from backend.market.instrument_index import plain
from sync_server.protocol.bodies import MsgCreate, parse_body
from sync_server.protocol.events import Kind

_WORD: Final = re.compile(r"[^\W_]+")
_SHOWN_CHARS: Final = 300
_WAITING: Final = """
    SELECT o.room, o.id, o.b, o.cts, s.user FROM chat_outbox o JOIN chat_servers s ON s.id = o.server
    WHERE o.k = ?1 AND (?2 = '' OR o.server = ?2) AND (?3 = '' OR o.room = ?3) AND NOT EXISTS (
        SELECT 1 FROM chat_messages m JOIN chat_rooms r ON r.key = m.room WHERE r.id = o.room AND m.id = o.id
    )
    UNION ALL
    SELECT o.room, o.id, o.body, o.made_ms, s.user FROM chat_staged o JOIN chat_servers s ON s.id = o.server
    WHERE (?2 = '' OR o.server = ?2) AND (?3 = '' OR o.room = ?3)
    ORDER BY 4 DESC
"""


def find_waiting(db: Any, text: str, filters: SearchFilters, n: int, server: str = "") -> tuple[Hit, ...]:
    """Waiting messages that hold every word of ``text``, the last one perhaps unfinished, and pass the filters; newest first."""
    wanted = _folded(text[:CHARS_MAX])[:WORDS_MAX]
    if not wanted and (text.strip() or filters == SearchFilters()):
        return ()
    is_unfinished = text[-1:].isalnum()
    hits = (
        Hit(room, message, _marked(body.text, wanted, is_unfinished=is_unfinished))
        for room, message, body in _waiting(db, filters, server)
        if _holds(body.text, wanted, is_unfinished=is_unfinished)
    )
    return tuple(hit for hit, _ in zip(hits, range(n), strict=False))


def _waiting(db: Any, filters: SearchFilters, server: str) -> Iterator[tuple[str, str, MsgCreate]]:
    for room, message, text, at_ms, user in db.execute(_WAITING, (Kind.MSG_CREATE, server, filters.room)).fetchall():
        body = parse_body(Kind.MSG_CREATE, text)
        assert isinstance(body, MsgCreate), "A message of one's own has the body of a message."
        is_about = not filters.instrument or any(link.instrument == filters.instrument for link in body.links)
        is_then = at_ms >= filters.from_ms and (not filters.to_ms or at_ms < filters.to_ms)
        has = {"": True, "file": bool(body.files), "link": bool(body.links)}.get(filters.has, False)
        if is_about and is_then and has and filters.author in ("", user):
            yield room, message, body


def _folded(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _is_hit(word: str, wanted: Sequence[str], *, is_unfinished: bool) -> bool:
    return word in wanted or (is_unfinished and bool(wanted) and word.startswith(wanted[-1]))


def _holds(text: str, wanted: Sequence[str], *, is_unfinished: bool) -> bool:
    words = _folded(text)
    return all(any(_is_hit(word, (one,), is_unfinished=is_unfinished and one == wanted[-1]) for word in words) for one in wanted)


def _marked(text: str, wanted: Sequence[str], *, is_unfinished: bool) -> str:
    def mark(found: re.Match[str]) -> str:
        is_hit = any(_is_hit(word, wanted, is_unfinished=is_unfinished) for word in _folded(found[0]))
        return f"{BEGIN}{found[0]}{END}" if is_hit else found[0]

    unmarked = text[:_SHOWN_CHARS].replace(BEGIN, "").replace(END, "")
    return _WORD.sub(mark, unmarked)
