"""Watchlists as text: written one row a line, read also as other programs write them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.market.catalog import Catalog
from backend.market.importers.market_names import EXCHANGES
from backend.storage.durable import write_durably
from backend.watchlists.watchlist import ENTRIES_MAX, Entry, Section, Watchlist, checked_name

_HEADING: Final = "###"
_SPLIT: Final = re.compile(r"[,;\t\n]")
_LENGTH_MAX: Final = 200 * ENTRIES_MAX
_HEADS: Final = frozenset({"symbol", "ticker", "instrument", "code"})


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a text says: rows in order, and the words that name no instrument we know."""

    entries: tuple[Entry, ...]
    unknown: tuple[str, ...]


def format_list(watchlist: Watchlist) -> str:
    """One row a line: ``### Heading`` or ``AAPL.XNAS``; ``read_list`` gives the same rows back."""
    lines = (f"{_HEADING} {entry.name}" if isinstance(entry, Section) else str(entry) for entry in watchlist.entries)
    return "".join(f"{line}\n" for line in lines)


async def read_list(text: str, catalog: Catalog) -> ReadList:
    """Read names separated by lines, commas, semicolons or tabs, ``###`` before headings.

    ``AAPL.XNAS`` is taken as it is, ``NASDAQ:AAPL`` by its venue, ``AAPL`` where the catalog knows just one. Of a table with
    a head the first column counts. Raises InvalidInput where there is nothing to read, or far too much.
    """
    if len(text) > _LENGTH_MAX:
        raise InvalidInput(
            f"The list is {len(text)} characters long.", hint=f"A list holds up to {ENTRIES_MAX} rows.", code="watchlist.text"
        )
    entries: list[Entry] = []
    unknown: list[str] = []
    for word in _words(text):
        if word.startswith(_HEADING):
            heading = word[len(_HEADING) :].strip()
            if heading:
                entries.append(Section(checked_name(heading, "a section's name")))
            continue
        found = await _instrument(word, catalog)
        if found is None:
            unknown.append(word)
        else:
            entries.append(found)
    if not entries and not unknown:
        raise InvalidInput("The list is empty.", hint="Write one instrument a line, such as AAPL.XNAS.", code="watchlist.text")
    return ReadList(Watchlist("", "The list").with_entries(tuple(dict.fromkeys(entries))).entries, tuple(unknown))


def read_text_file(path: Path) -> str:
    """A text file, UTF-8, or UTF-16 by its mark. Raises InvalidInput where it is no text, Unavailable where it cannot be read."""
    try:
        content = path.read_bytes()[: 4 * _LENGTH_MAX + 4]
    except OSError as e:
        raise Unavailable(f"{path} cannot be read: {e.strerror}.", hint="Check the file and its rights.") from e
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as e:
        raise InvalidInput(f"{path} is not a text file.", hint="Save the list as UTF-8 text.", code="watchlist.text") from e


def write_text_file(path: Path, text: str) -> None:
    """Write ``text`` whole or not at all. Raises Unavailable."""
    try:
        write_durably(path, text.encode())
    except OSError as e:
        raise Unavailable(f"{path} cannot be written: {e.strerror}.", hint="Choose another place.") from e


def _words(text: str) -> list[str]:
    lines = [line for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    head = [cell.strip().strip('"').casefold() for cell in _SPLIT.split(lines[0])] if lines else []
    if head and head[0] in _HEADS:
        cells = [_SPLIT.split(line)[0] for line in lines[1:]]
    else:
        # A heading of ours is a whole line; others write it without a space, and rows behind it.
        cells = [cell for line in lines for cell in ([line] if line.startswith(f"{_HEADING} ") else _SPLIT.split(line))]
    return [word for cell in cells if (word := cell.strip().strip('"').strip())]


async def _instrument(word: str, catalog: Catalog) -> InstrumentId | None:
    venue, colon, code = word.partition(":")
    if colon:
        word = f"{code.strip()}.{EXCHANGES.get(venue.strip().upper(), venue.strip().upper())}"
    try:
        return (await catalog.resolve(word)).id
    except TriiError:
        pass  # not one the catalog knows; a whole id may name one whose bars come later
    try:
        return InstrumentId.parse(word) if "." in word else None
    except InvalidInput:
        return None
