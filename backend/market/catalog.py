"""Every instrument the workstation knows, found by id, code or words of its name."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec

from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind, PriceStep
from backend.errors import InvalidInput, NotFound
from backend.events import Event, InstrumentsChanged
from backend.market.instrument_index import InstrumentIndex, plain
from backend.storage.connection import Connection
from backend.storage.ledger import Ledger

_SELECT: Final = "SELECT id, name, kind, currency, calendar, timezone, price_steps, lot FROM instruments ORDER BY id"
_PUT: Final = """
    INSERT INTO instruments (id, name, kind, currency, calendar, timezone, price_steps, lot) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, currency = excluded.currency,
        calendar = excluded.calendar, timezone = excluded.timezone, price_steps = excluded.price_steps, lot = excluded.lot
"""


class Catalog:
    """The instruments in the money ledger, held in memory after the first look. Lives on the engine thread."""

    def __init__(self, ledger: Ledger, publish: Callable[[Event], None] = lambda _: None) -> None:
        self._ledger = ledger
        self._publish = publish
        self._known: _Known | None = None

    async def all(self) -> tuple[Instrument, ...]:
        """Every instrument, by id."""
        return tuple(sorted((await self._load()).instruments.values(), key=lambda instrument: str(instrument.id)))

    async def get(self, instrument: InstrumentId) -> Instrument:
        """The instrument of this id. Raises NotFound with near matches."""
        known = await self._load()
        found = known.instruments.get(str(instrument))
        if found is None:
            raise _not_found(str(instrument), known)
        return found

    async def put(self, *instruments: Instrument) -> None:
        """Add instruments, or replace those with the same id."""
        known = await self._load()
        changed = tuple(i for i in instruments if known.instruments.get(str(i.id)) != i)
        if not changed:
            return
        rows = [_row_of(instrument) for instrument in changed]
        await self._ledger.write(lambda c: _put(c, rows))
        known.update(changed)
        self._publish(InstrumentsChanged(tuple(instrument.id for instrument in changed)))

    async def resolve(self, text: str) -> Instrument:
        """The one instrument meant by an id or by a code alone.

        Raises NotFound with near matches, InvalidInput where a code stands for several instruments.
        """
        known = await self._load()
        wanted = text.strip().upper()
        exact = known.instruments.get(wanted)
        meant = [exact] if exact else [i for i in known.instruments.values() if i.id.code == wanted]
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
        codes and names that are spelled nearly so; by id within a rank. Case and accents do not matter; several words
        must all match.
        """
        known = await self._load()
        words = plain(query).split()
        if not words:
            return (await self.all())[:limit]
        found = known.index().find(words) or known.index().near(query.strip())
        return tuple(known.instruments[text] for text in found[:limit])

    async def _load(self) -> "_Known":
        if self._known is None:
            # On the ledger's thread: thousands of rows take a while to read.
            loaded = await self._ledger.read(lambda c: [_instrument_of(row) for row in c.execute(_SELECT)])
            # Another caller may have loaded, and put, while this one waited: its newer instruments stand.
            if self._known is None:
                self._known = _Known({str(instrument.id): instrument for instrument in loaded})
        return self._known


class _Known:
    """The instruments by id, and an index of their words that is made anew for the first search after a change."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self.instruments = instruments
        self._index: InstrumentIndex | None = None

    def update(self, changed: Iterable[Instrument]) -> None:
        self.instruments.update((str(instrument.id), instrument) for instrument in changed)
        self._index = None

    def index(self) -> InstrumentIndex:
        if self._index is None:
            self._index = InstrumentIndex(sorted((text, i.name) for text, i in self.instruments.items()))
        return self._index


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


def _not_found(text: str, known: _Known) -> NotFound:
    near = ", ".join(known.index().near(text.strip()))
    if near:
        hint = f"Did you mean {near}?"
    elif known.instruments:
        hint = "List what is there with: trii instruments"
    else:
        hint = "Nothing has been imported yet; bring bars with: trii import FILE"
    return NotFound(f"No instrument is called {text!r}.", hint=hint, code="instrument.unknown")
