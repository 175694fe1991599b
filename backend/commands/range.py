"""Which bars a command means: the instrument, the bar spec, the range of time and what was known then."""

import argparse

from backend.commands.bar_query import BarQuery
from backend.commands.context import CommandContext
from backend.commands.times import When, find_zone, parse_when
from backend.domain.bars import BarArrays, BarSpec
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput, NotFound


async def read_query(context: CommandContext, arguments: argparse.Namespace, instrument: Instrument) -> BarQuery:
    """The query of ``--interval --from --to --last --adjusted --as-of``. Raises InvalidInput, NotFound."""
    spec = await choose_spec(context, instrument, arguments.interval)
    zone = find_zone(instrument.timezone)
    first, last, known = (
        None if text is None else parse_when(text, zone) for text in (arguments.from_, arguments.to, arguments.as_of)
    )
    from_ns = None if first is None else first.from_ns(is_dated=spec.is_dated)
    to_ns = None if last is None else last.to_ns(is_dated=spec.is_dated)
    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise InvalidInput(
            f"--from {arguments.from_} is not before the end of --to {arguments.to}.", hint="Swap them.", code="time.range"
        )
    as_of_ns = None if known is None else known.last_ns
    source = getattr(arguments, "source", None)
    return BarQuery(instrument, spec, from_ns, to_ns, as_of_ns, bool(arguments.adjusted), source, arguments.last)


async def choose_spec(context: CommandContext, instrument: Instrument, text: str | None) -> BarSpec:
    """The spec in ``text``, else the longest stored one, days before weeks and months. Raises InvalidInput, NotFound."""
    if text is not None:
        return BarSpec.parse(text)
    stored = await stored_specs(context, instrument)
    if not stored:
        raise no_bars(instrument)
    day = BarSpec.parse("1d")
    return day if day in stored else stored[0]


async def stored_specs(context: CommandContext, instrument: Instrument) -> list[BarSpec]:
    """Specs with bars in the store, the shortest first, each once."""
    found = {s.series.spec for s in await context.backend.store.series() if s.series.instrument == instrument.id}
    return sorted(found, key=lambda spec: (spec.duration_ns or 1 << 62, str(spec)))


async def load_bars(context: CommandContext, query: BarQuery) -> BarArrays:
    """The bars asked for, at least one. Raises NotFound that says what there is instead."""
    bars = await context.backend.history.bars(
        query.series,
        from_ns=query.from_ns,
        to_ns=query.to_ns,
        adjusted=query.adjusted,
        as_of_ns=query.as_of_ns,
        source=query.source,
    )
    if not len(bars):
        raise await nothing_found(context, query)
    return bars if query.n_last is None else bars[-query.n_last :]


def parse_bar_time(text: str, instrument: Instrument, spec: BarSpec) -> int:
    """The event time of one bar as ``trii bars`` shows it. Raises InvalidInput."""
    when: When = parse_when(text, find_zone(instrument.timezone))
    return when.first_label_ns if spec.is_dated else when.start_ns


def no_bars(instrument: Instrument) -> NotFound:
    """The error that an instrument has no bars at all."""
    return NotFound(
        f"There are no bars of {instrument.id}.",
        hint=f"Import some: trii import FILE --instrument {instrument.id}",
        code="bars.none",
    )


async def nothing_found(context: CommandContext, query: BarQuery) -> NotFound:
    """The error that a query has no bars, with what there is instead."""
    stored = await stored_specs(context, query.instrument)
    if not stored:
        return no_bars(query.instrument)
    names = ", ".join(str(spec) for spec in stored)
    return NotFound(
        f"There are no {query.spec} bars of {query.instrument.id} in that range.",
        hint=f"Stored are {names}; 'trii instruments {query.instrument.id.code}' shows from when to when.",
        code="bars.none",
    )
