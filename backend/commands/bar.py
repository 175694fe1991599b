"""`trii bar`: correct or delete one bar by hand, undo that, and list what was edited."""

import argparse
import dataclasses
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.json_text import dump_json
from backend.commands.numbers import format_float
from backend.commands.range import parse_bar_time, stored_specs
from backend.commands.tables import TextColumn
from backend.commands.times import find_zone, format_instant, format_times
from backend.domain.bars import Bar, BarSpec, Series
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput, NotFound
from backend.storage.revisions import BarEdit

_FIELDS = ("open", "high", "low", "close", "volume")
_COLUMNS = (
    TextColumn("edit", is_number=True),
    TextColumn("made"),
    TextColumn("interval"),
    TextColumn("source"),
    TextColumn("bar"),
    TextColumn("change", may_be_cut=True),
    TextColumn("state"),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    actions = {"set": _set, "delete": _delete, "undo": _undo, "log": _log}
    return await actions[arguments.action](context, arguments)


async def _set(context: CommandContext, arguments: argparse.Namespace) -> int:
    changes = {field: getattr(arguments, field) for field in _FIELDS if getattr(arguments, field) is not None}
    if not changes:
        raise InvalidInput("No new value was given.", hint="Add --open, --high, --low, --close or --volume.", code="usage")
    instrument, series, source, event_ns = await _place(context, arguments)
    old = await _stored_bar(context, instrument, series, source, event_ns)
    new = dataclasses.replace(old, **changes)
    edit = await context.backend.store.edit(series, source, event_ns, new)
    return await _tell(context, edit, f"{series} {_time(instrument, series.spec, event_ns)}: {_change(old, new)}")


async def _delete(context: CommandContext, arguments: argparse.Namespace) -> int:
    instrument, series, source, event_ns = await _place(context, arguments)
    await _stored_bar(context, instrument, series, source, event_ns)
    edit = await context.backend.store.edit(series, source, event_ns, None)
    return await _tell(context, edit, f"{series} {_time(instrument, series.spec, event_ns)}: deleted")


async def _undo(context: CommandContext, arguments: argparse.Namespace) -> int:
    await context.backend.store.undo(arguments.edit)
    if context.as_json:
        await context.put_json({"undone": arguments.edit})
    else:
        await context.say(f"Edit {arguments.edit} is undone.")
    return 0


async def _log(context: CommandContext, arguments: argparse.Namespace) -> int:
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    specs = await stored_specs(context, instrument) if arguments.interval is None else [BarSpec.parse(arguments.interval)]
    edits = [edit for spec in specs for edit in await context.backend.store.edits(Series(instrument.id, spec))]
    edits.sort(key=lambda edit: edit.id, reverse=True)
    if context.as_json:
        await context.put_json([_facts(instrument, edit) for edit in edits])
    elif edits:
        await context.put_table(_COLUMNS, [_row(instrument, edit) for edit in edits])
    else:
        await context.tell(f"No bar of {instrument.id} was edited.")
    return 0


async def _place(context: CommandContext, arguments: argparse.Namespace) -> tuple[Instrument, Series, str, int]:
    """Which bar is meant: instrument, series, source and event time. Raises InvalidInput where several fit."""
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    wanted = None if arguments.interval is None else BarSpec.parse(arguments.interval)
    stored = [s for s in await context.backend.store.series() if s.series.instrument == instrument.id]
    fitting = [s for s in stored if wanted in (None, s.series.spec) and arguments.source in (None, s.source)]
    if not fitting:
        hint = ", ".join(sorted(f"{s.series.spec} from {s.source}" for s in stored)) or "nothing"
        raise NotFound(
            f"{instrument.id} has no such bars.", hint=f"Stored are {hint}. Only stored bars can be edited.", code="bars.none"
        )
    if len({s.series.spec for s in fitting}) > 1:
        specs = ", ".join(sorted(str(s.series.spec) for s in fitting))
        raise InvalidInput(f"{instrument.id} has {specs} bars.", hint="Say which with --interval.", code="bar.ambiguous")
    if len(fitting) > 1:
        sources = ", ".join(sorted(s.source for s in fitting))
        raise InvalidInput(f"{fitting[0].series} comes from {sources}.", hint="Say which with --source.", code="bar.ambiguous")
    chosen = fitting[0]
    return instrument, chosen.series, chosen.source, parse_bar_time(arguments.time, instrument, chosen.series.spec)


async def _stored_bar(context: CommandContext, instrument: Instrument, series: Series, source: str, event_ns: int) -> Bar:
    bars = await context.backend.store.load(series, source=source, from_ns=event_ns, to_ns=event_ns + 1)
    if not len(bars):
        raise NotFound(
            f"{series} has no bar at {_time(instrument, series.spec, event_ns)}.",
            hint=f"'trii bars {instrument.id} --interval {series.spec}' lists them.",
            code="bars.no_bar",
        )
    return bars.bar(0)


async def _tell(context: CommandContext, edit: int, words: str) -> int:
    if context.as_json:
        await context.terminal.write(dump_json({"edit": edit, "change": words}) + b"\n")
    else:
        await context.say(f"{words}. Edit {edit}; 'trii bar undo {edit}' takes it back.")
    return 0


def _row(instrument: Instrument, edit: BarEdit) -> tuple[str, ...]:
    spec = edit.key.series.spec
    change = "deleted" if edit.new is None else _change(edit.old, edit.new)
    state = "" if edit.undone_ns is None else f"undone {format_instant(edit.undone_ns)}"
    return (
        str(edit.id),
        format_instant(edit.made_ns),
        str(spec),
        edit.key.source,
        _time(instrument, spec, edit.old.event_ns),
        change,
        state,
    )


def _facts(instrument: Instrument, edit: BarEdit) -> dict[str, Any]:
    return {
        "edit": edit.id,
        "made": format_instant(edit.made_ns),
        "undone": None if edit.undone_ns is None else format_instant(edit.undone_ns),
        "series": edit.key.series,
        "source": edit.key.source,
        "time": _time(instrument, edit.key.series.spec, edit.old.event_ns),
        "old": _values(edit.old),
        "new": None if edit.new is None else _values(edit.new),
    }


def _values(bar: Bar) -> dict[str, float]:
    return {field: getattr(bar, field) for field in _FIELDS}


def _time(instrument: Instrument, spec: BarSpec, event_ns: int) -> str:
    return next(format_times((event_ns,), find_zone(instrument.timezone), is_dated=spec.is_dated))


def _change(old: Bar, new: Bar) -> str:
    pairs = ((field, format_float(getattr(old, field)), format_float(getattr(new, field))) for field in _FIELDS)
    return ", ".join(f"{field} {before or 'unknown'} → {after or 'unknown'}" for field, before, after in pairs if before != after)
