"""`trii instruments`: which instruments there are, and what is stored of each."""

import argparse
from collections.abc import Iterable
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.import_text import instrument_facts
from backend.commands.tables import TextColumn
from backend.commands.times import find_zone, format_times
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import NotFound
from backend.storage.market_store import StoredSeries

_COLUMNS = (
    TextColumn("instrument"),
    TextColumn("name", may_be_cut=True),
    TextColumn("kind"),
    TextColumn("interval"),
    TextColumn("source"),
    TextColumn("bars", is_number=True),
    TextColumn("from"),
    TextColumn("to"),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """List the instruments that match, each with its stored series."""
    catalog = context.backend.catalog
    if arguments.query:
        found: Iterable[Instrument] = await catalog.find(arguments.query, limit=arguments.limit)
    else:
        found = await catalog.all()
    instruments = list(found)
    if arguments.query and not instruments:
        raise NotFound(
            f"No instrument matches {arguments.query!r}.", hint="'trii instruments' lists all there are.", code="instrument.unknown"
        )
    stored: dict[InstrumentId, list[StoredSeries]] = {}
    for series in await context.backend.store.series():
        stored.setdefault(series.series.instrument, []).append(series)
    if context.as_json:
        await context.put_json([_facts(i, stored.get(i.id, [])) for i in instruments])
    elif instruments:
        await context.put_table(_COLUMNS, [row for i in instruments for row in _rows(i, stored.get(i.id, []))])
    else:
        await context.tell("There are no instruments yet. Import bars with 'trii import FILE', or load 'trii samples'.")
    return 0


def _rows(instrument: Instrument, stored: list[StoredSeries]) -> list[tuple[str, ...]]:
    head = (str(instrument.id), instrument.name, instrument.kind.value)
    if not stored:
        return [(*head, "", "", "0", "", "")]
    return [
        (*(head if i == 0 else ("", "", "")), str(s.series.spec), s.source, f"{s.n_bars:,}", *_ends(instrument, s))
        for i, s in enumerate(stored)
    ]


def _ends(instrument: Instrument, stored: StoredSeries) -> tuple[str, str]:
    zone = find_zone(instrument.timezone)
    first, last = format_times((stored.first_ns, stored.last_ns), zone, is_dated=stored.series.spec.is_dated)
    return first, last


def _facts(instrument: Instrument, stored: list[StoredSeries]) -> dict[str, Any]:
    series = []
    for each in stored:
        first, last = _ends(instrument, each)
        series.append({"interval": each.series.spec, "source": each.source, "n_bars": each.n_bars, "first": first, "last": last})
    return {**instrument_facts(instrument), "series": series}
