"""Which entries match what was typed, and in which order: how well, how lately used, how they stood before."""

from collections.abc import Iterable, Mapping
from typing import Final

from backend.market.instrument_index import plain
from trii_desktop.palette.entry import Kind, PaletteEntry

PREFIXES: Final[Mapping[str, Kind]] = {
    ">": Kind.ACTION,
    "@": Kind.INSTRUMENT,
    "/": Kind.INDICATOR,
    ".": Kind.WORKSPACE,
    "#": Kind.SETTING,
}
INITIALS_MIN: Final = 2


def read_query(text: str) -> tuple[Kind | None, str]:
    """The kind that a leading mark asks for, if any, and what is searched."""
    text = text.strip()
    kind = PREFIXES.get(text[:1])
    return (kind, text[1:].strip()) if kind else (None, text)


def closeness(entry: PaletteEntry, query: str) -> int | None:
    """How well ``entry`` matches ``query`` as `plain` writes it: 0 is exactly, 5 hardly, None not at all."""
    titles = [text for text in (plain(entry.title), plain(entry.name)) if text]
    if query in (*titles, plain(entry.code)):
        return 0
    if any(title.startswith(query) for title in titles):
        return 1
    asked, named = query.split(), [word for title in titles for word in _words(title)]
    if all(any(word.startswith(one) for word in named) for one in asked):
        return 2
    if len(query) >= INITIALS_MIN and "".join(word[0] for word in _words(titles[0])).startswith(query):
        return 3
    others = _words(plain(f"{entry.code} {entry.words} {entry.detail}"))
    if all(any(word.startswith(one) for word in (*named, *others)) for one in asked):
        return 4
    everything = " ".join((*titles, *others))
    return 5 if all(one in everything for one in asked) else None


def ranked(entries: Iterable[PaletteEntry], text: str, recent: tuple[str, ...] = ()) -> tuple[PaletteEntry, ...]:
    """The entries that match, best first; among equals what was used lately, then as they stood.

    Without anything typed: what was used lately, then all others. What cannot be done now comes after its equals.
    recent : keys, the newest first
    """
    kind, query = read_query(text)
    asked = plain(query)
    place = {key: number for number, key in enumerate(recent)}
    found = []
    for number, entry in enumerate(entries):
        if kind is not None and entry.kind is not kind:
            continue
        match = closeness(entry, asked) if asked else 0
        if match is not None:
            found.append((match, not entry.is_possible, place.get(entry.key, len(recent)), number, entry))
    return tuple(entry for *_, entry in sorted(found, key=lambda one: one[:4]))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()
