"""Every instrument the workstation knows, found by id, code or words of its name."""

import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind, PriceStep
from backend.errors import InvalidInput, NotFound
from backend.events import Event, InstrumentsChanged
from backend.storage.connection import Connection
from backend.storage.ledger import Ledger

_SELECT: Final = "SELECT id, name, kind, currency, calendar, timezone, price_steps, lot FROM instruments ORDER BY id"
_PUT: Final = """
    INSERT INTO instruments (id, name, kind, currency, calendar, timezone, price_steps, lot) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, currency = excluded.currency,
        calendar = excluded.calendar, timezone = excluded.timezone, price_steps = excluded.price_steps, lot = excluded.lot
"""
N_NEAR: Final = 3
FUZZY_LENGTH_MIN: Final = 3


class Catalog:
    """The instruments in the money ledger, held in memory after the first look. Lives on the engine thread."""

    def __init__(self, ledger: Ledger, publish: Callable[[Event], None] = lambda _: None) -> None:
        self._ledger = ledger
        self._publish = publish
        self._known: dict[InstrumentId, Instrument] | None = None

    async def all(self) -> tuple[Instrument, ...]:
        """Every instrument, by id."""
        return tuple(sorted((await self._load()).values(), key=lambda instrument: instrument.id))

    async def get(self, instrument: InstrumentId) -> Instrument:
        """The instrument of this id. Raises NotFound with near matches."""
        known = await self._load()
        if instrument in known:
            return known[instrument]
        raise _not_found(str(instrument), known)

    async def put(self, *instruments: Instrument) -> None:
        """Add instruments, or replace those with the same id."""
        known = await self._load()
        changed = tuple(i for i in instruments if known.get(i.id) != i)
        if not changed:
            return
        rows = [_row_of(instrument) for instrument in changed]
        await self._ledger.write(lambda c: _put(c, rows))
        known.update((instrument.id, instrument) for instrument in changed)
        self._publish(InstrumentsChanged(tuple(instrument.id for instrument in changed)))

    async def resolve(self, text: str) -> Instrument:
        """The one instrument meant by an id or by a code alone.

        Raises NotFound with near matches, InvalidInput where a code stands for several instruments.
        """
        known = await self._load()
        wanted = text.strip().upper()
        meant = [i for i in known.values() if str(i.id) == wanted] or [i for i in known.values() if i.id.code == wanted]
        if len(meant) == 1:
            return meant[0]
        if not meant:
            raise _not_found(text, known)
        raise InvalidInput(
            f"{text!r} is the code of {len(meant)} instruments.",
            hint=f"Say which: {', '.join(sorted(str(i.id) for i in meant))}.",
            code="instrument.ambiguous",
        )

    async def find(self, query: str, limit: int = 50) -> tuple[Instrument, ...]:
        """Instruments that match what someone types, the likeliest first; all of them for an empty query.

        Rank: the code itself, codes that begin so, names with a word that begins so, anything that contains it, then
        codes that are spelled nearly so. Case and accents do not matter; several words must all match.
        """
        known = await self._load()
        words = _plain(query).split()
        if not words:
            return (await self.all())[:limit]
        ranked = [(rank, i.id, i) for i in known.values() if (rank := _rank(i, words)) is not None]
        if not ranked and len(query) >= FUZZY_LENGTH_MIN:
            ranked = [(0, i.id, i) for i in _near(query, known)]
        return tuple(instrument for *_, instrument in sorted(ranked, key=lambda entry: entry[:2])[:limit])

    async def _load(self) -> dict[InstrumentId, Instrument]:
        if self._known is None:
            rows = await self._ledger.read(lambda c: c.execute(_SELECT).fetchall())
            self._keep({instrument.id: instrument for instrument in map(_instrument_of, rows)})
        assert self._known is not None
        return self._known

    def _keep(self, loaded: dict[InstrumentId, Instrument]) -> None:
        # Another caller may have loaded, and put, while this one waited: its newer instruments stand.
        if self._known is None:
            self._known = loaded


def _put(connection: Connection, rows: Iterable[tuple[str, ...]]) -> None:
    connection.executemany(_PUT, rows)


def _row_of(instrument: Instrument) -> tuple[str, ...]:
    steps = msgspec.json.encode([(str(s.above), str(s.step)) for s in instrument.price_steps]).decode()
    fields = (instrument.name, str(instrument.kind), instrument.currency, instrument.calendar, instrument.timezone)
    return (str(instrument.id), *fields, steps, str(instrument.lot))


def _instrument_of(row: tuple[Any, ...]) -> Instrument:
    instrument, name, kind, currency, calendar, timezone, steps, lot = row
    bands = msgspec.json.decode(steps, type=list[tuple[str, str]])
    return Instrument(
        InstrumentId.parse(instrument),
        name,
        InstrumentKind(kind),
        currency,
        calendar,
        timezone,
        tuple(PriceStep(Decimal(above), Decimal(step)) for above, step in bands),
        Decimal(lot),
    )


def _plain(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))


def _rank(instrument: Instrument, words: list[str]) -> int | None:
    whole, code, name = str(instrument.id).casefold(), instrument.id.code.casefold(), _plain(instrument.name)
    if len(words) == 1 and words[0] in {code, whole}:
        return 0
    if len(words) == 1 and whole.startswith(words[0]):
        return 1
    starts = name.split()
    if all(any(start.startswith(word) for start in starts) for word in words):
        return 2
    return 3 if all(word in whole or word in name for word in words) else None


def _near(text: str, known: dict[InstrumentId, Instrument]) -> list[Instrument]:
    by_word: dict[str, Instrument] = {}
    for instrument in known.values():
        for word in (str(instrument.id), instrument.id.code, *instrument.name.upper().split()):
            by_word.setdefault(word, instrument)
    matches = get_close_matches(text.strip().upper(), by_word, N_NEAR, 0.6)
    return list(dict.fromkeys(by_word[match] for match in matches))


def _not_found(text: str, known: dict[InstrumentId, Instrument]) -> NotFound:
    near = ", ".join(str(i.id) for i in _near(text, known))
    if near:
        hint = f"Did you mean {near}?"
    elif known:
        hint = "List what is there with: trii instruments"
    else:
        hint = "Nothing has been imported yet; bring bars with: trii import FILE"
    return NotFound(f"No instrument is called {text!r}.", hint=hint, code="instrument.unknown")
