"""`trii revisions`: what imports replaced, and how to bring it back."""

import argparse
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.numbers import format_count
from backend.commands.tables import TextColumn
from backend.commands.times import find_zone, format_instant, format_times
from backend.domain.bars import Series
from backend.domain.instruments import Instrument
from backend.storage.revisions import Revision

_COLUMNS = (
    TextColumn("revision", is_number=True),
    TextColumn("made"),
    TextColumn("series"),
    TextColumn("source"),
    TextColumn("by"),
    TextColumn("bars", is_number=True),
    TextColumn("from"),
    TextColumn("to"),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    return await (_restore if arguments.action == "restore" else _list)(context, arguments)


async def _list(context: CommandContext, arguments: argparse.Namespace) -> int:
    store, catalog = context.backend.store, context.backend.catalog
    wanted = None if arguments.instrument is None else await catalog.resolve(arguments.instrument)
    known = {instrument.id: instrument for instrument in await catalog.all()}
    every = {s.series for s in await store.series() if wanted is None or s.series.instrument == wanted.id}
    found: list[tuple[Series, Revision]] = [(series, revision) for series in every for revision in await store.revisions(series)]
    found.sort(key=lambda pair: pair[1].id, reverse=True)
    if context.as_json:
        await context.put_json([_facts(series, revision, known.get(series.instrument)) for series, revision in found])
    elif found:
        await context.put_table(_COLUMNS, [_row(series, revision, known.get(series.instrument)) for series, revision in found])
    else:
        await context.tell("Nothing was replaced.")
    return 0


async def _restore(context: CommandContext, arguments: argparse.Namespace) -> int:
    outcome = await context.backend.store.restore_revision(arguments.revision)
    if context.as_json:
        facts = {
            "n_new": outcome.n_new,
            "n_replaced": outcome.n_replaced,
            "n_same": outcome.n_same,
            "revision": outcome.revision_id,
        }
        await context.put_json({"restored": arguments.revision, **facts})
        return 0
    words = f"{format_count(outcome.n_replaced + outcome.n_new, 'bar')} of revision {arguments.revision} are back"
    kept = "" if outcome.revision_id is None else f"; what they replaced is revision {outcome.revision_id}"
    await context.say(f"{words}{kept}.")
    return 0


def _ends(revision: Revision, series: Series, instrument: Instrument | None) -> tuple[str, str]:
    zone = find_zone(instrument.timezone if instrument else "UTC")
    first, last = format_times((revision.first_ns, revision.last_ns), zone, is_dated=series.spec.is_dated)
    return first, last


def _row(series: Series, revision: Revision, instrument: Instrument | None) -> tuple[str, ...]:
    ends = _ends(revision, series, instrument)
    return (
        str(revision.id),
        format_instant(revision.made_ns),
        str(series),
        revision.key.source,
        revision.reason,
        f"{revision.n_bars:,}",
        *ends,
    )


def _facts(series: Series, revision: Revision, instrument: Instrument | None) -> dict[str, Any]:
    first, last = _ends(revision, series, instrument)
    return {
        "revision": revision.id,
        "made": format_instant(revision.made_ns),
        "series": series,
        "source": revision.key.source,
        "by": revision.reason,
        "n_bars": revision.n_bars,
        "first": first,
        "last": last,
    }
