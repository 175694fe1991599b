"""One watchlist as a value: instruments in the user's order, under headings where there are any."""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from backend.domain.instruments import InstrumentId
from backend.errors import Conflict, InvalidInput, NotFound

NAME_LENGTH_MAX: Final = 60
ENTRIES_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Section:
    """A heading; the rows below it belong to it, up to the next heading. ``name`` is unique without regard to case."""

    name: str
    is_collapsed: bool = False


Entry: TypeAlias = InstrumentId | Section


@dataclass(frozen=True, slots=True)
class Watchlist:
    """One list: ``id`` never changes, ``name`` is unique without regard to case."""

    id: str
    name: str
    entries: tuple[Entry, ...] = ()

    @property
    def instruments(self) -> tuple[InstrumentId, ...]:
        """The instruments, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, InstrumentId))

    def place_of(self, entry: Entry) -> int:
        """Where ``entry`` stands; a section is known by its name. Raises NotFound."""
        for place, there in enumerate(self.entries):
            if _is_same(there, entry):
                return place
        words = entry.name if isinstance(entry, Section) else str(entry)
        raise NotFound(f"{words} is not in {self.name}.", hint="It may have been removed already.")

    def block_of(self, entry: Entry) -> tuple[int, int]:
        """Place of ``entry`` and the place after its last row; an instrument is a block of one. Raises NotFound."""
        start = self.place_of(entry)
        stop = start + 1
        if isinstance(entry, Section):
            while stop < len(self.entries) and not isinstance(self.entries[stop], Section):
                stop += 1
        return start, stop

    def with_entries(self, entries: tuple[Entry, ...]) -> "Watchlist":
        """The same list with other rows. Raises InvalidInput or Conflict for rows that no list can have."""
        if len(entries) > ENTRIES_MAX:
            raise InvalidInput(
                f"{self.name} would hold {len(entries)} rows, more than {ENTRIES_MAX}.",
                hint="Start another list.",
                code="watchlist.full",
            )
        checked = tuple(
            replace(entry, name=checked_name(entry.name, "a section's name")) if isinstance(entry, Section) else entry
            for entry in entries
        )
        names = [in_words(entry.name) for entry in checked if isinstance(entry, Section)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise Conflict(f"{self.name} has a section {twice!r} already.", hint="Choose another name.", code="watchlist.section")
        return replace(self, entries=tuple(dict.fromkeys(checked)))


def checked_name(name: str, what: str = "a watchlist's name") -> str:
    """``name`` without doubled spaces; raises InvalidInput where it cannot be shown."""
    words = " ".join(name.split())
    if not words or len(words) > NAME_LENGTH_MAX or not words.isprintable():
        raise InvalidInput(
            f"{words[:80]!r} cannot be {what}.",
            hint=f"Use 1 to {NAME_LENGTH_MAX} printable characters.",
            code="watchlist.name",
        )
    return words


def in_words(name: str) -> str:
    """How names are compared."""
    return name.casefold()


def _is_same(one: Entry, other: Entry) -> bool:
    if isinstance(one, Section) and isinstance(other, Section):
        return in_words(one.name) == in_words(other.name)
    return one == other
