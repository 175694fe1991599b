"""What a message may hold, said before anything is stored; and whom its words name."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from backend.chat.message import LinkRow
from backend.errors import InvalidInput
from sync_server.protocol.bodies import Link
from sync_server.protocol.messages import Person

TEXT_CHARS_MAX: Final = 12_000
FILES_MAX: Final = 20
LINKS_MAX: Final = 20
MENTIONS_MAX: Final = 50
DRAFT_CHARS_MAX: Final = 12_000
MS_NS: Final = 1_000_000

_CONTROLS: Final = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}
_HANDLE: Final = re.compile(r"(?<![\w@.])@([\w][\w.-]{0,63})")


def checked_text(text: str, *, may_be_empty: bool) -> str:
    """``text`` as it is sent: without control characters and blank ends. Raises InvalidInput where it is too long or empty."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "The text holds half of a character, which cannot be kept.", hint="Type or paste it again.", code="chat.text"
        ) from error
    plain = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).strip()
    if len(plain) > TEXT_CHARS_MAX:
        raise InvalidInput(
            f"A message has {len(plain):,} characters; at most {TEXT_CHARS_MAX:,} are sent.",
            hint="Shorten it, or attach a file instead.",
            code="chat.too_long",
        )
    if not plain and not may_be_empty:
        raise InvalidInput("There is nothing to send.", hint="Write a few words.", code="chat.empty")
    return plain


def checked_name(name: str, what: str = "A room") -> str:
    """A name on one line. Raises InvalidInput where it is empty or too long."""
    line = " ".join(name.translate(_CONTROLS).split())
    if not 1 <= len(line) <= 80:
        raise InvalidInput(f"{what} needs a name of 1 to 80 letters; this has {len(line)}.", code="chat.name")
    return line


def checked_links(links: Sequence[LinkRow]) -> tuple[Link, ...]:
    """Links as they are sent. Raises InvalidInput for too many, or for a time that cannot be."""
    if len(links) > LINKS_MAX:
        raise InvalidInput(f"A message points at {len(links)} things; at most {LINKS_MAX} are sent.", code="chat.links")
    for link in links:
        if not link.instrument or link.from_ns < 0 or link.to_ns < link.from_ns:
            raise InvalidInput(f"The link to {link.instrument!r} has no place in time.", code="chat.link")
    return tuple(Link(link.instrument, link.spec, link.from_ns // MS_NS, link.to_ns // MS_NS, link.chart) for link in links)


def mentions_in(text: str, people: Iterable[Person]) -> tuple[str, ...]:
    """Whom a text names as ``@handle``: each once, in the order of their names in it, at most 50."""
    by_handle = {person.handle.casefold(): person.u for person in people if person.handle and not person.is_gone}
    named: dict[str, None] = {}
    for found in _HANDLE.finditer(text):
        handle = found[1].casefold()
        user = by_handle.get(handle) or by_handle.get(handle.rstrip(".-"))
        if user is not None:
            named[user] = None
    return tuple(named)[:MENTIONS_MAX]
