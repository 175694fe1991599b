"""`trii indicators`: what can be computed, and its values over the bars of an instrument."""

import argparse
import asyncio
from dataclasses import replace
from typing import Any

import numpy as np

from backend.charts.series_times import session_numbers
from backend.commands.bar_query import BarQuery
from backend.commands.context import CommandContext
from backend.commands.numbers import format_floats
from backend.commands.range import load_bars, read_query
from backend.commands.tables import TextColumn
from backend.commands.times import find_zone, format_time_column
from backend.domain.bars import BarArrays, Float64s
from backend.errors import InvalidInput
from backend.indicators.registry import checked_params, find_indicators, spec_of
from backend.indicators.spec import IndicatorSpec, Parameter, Value

_COLUMNS = (TextColumn("name"), TextColumn("title"), TextColumn("family"), TextColumn("parameters"), TextColumn("outputs"))


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    actions = {"list": _list, "show": _show, "compute": _compute}
    return await actions[arguments.action](context, arguments)


async def _list(context: CommandContext, arguments: argparse.Namespace) -> int:
    found = find_indicators(arguments.query or "")
    if context.as_json:
        await context.put_json([_facts(spec) for spec in found])
    elif found:
        await context.put_table(_COLUMNS, [_row(spec) for spec in found])
    else:
        await context.tell(f"Nothing is like {arguments.query!r}. List all with: trii indicators list")
    return 0


async def _show(context: CommandContext, arguments: argparse.Namespace) -> int:
    spec = spec_of(arguments.name)
    if context.as_json:
        await context.put_json(_facts(spec))
        return 0
    lines = [f"{spec.title} ({spec.name})", spec.description, f"Source: {spec.source}", f"Checked against: {spec.verified}"]
    lines += [f"  {p.name} = {p.default:g}  ({p.title}, {p.low:g} to {p.high:g})" for p in spec.parameters]
    lines.append("Gives: " + ", ".join(f"{output.name} ({output.title})" for output in spec.outputs))
    for line in lines:
        await context.say(line)
    return 0


async def _compute(context: CommandContext, arguments: argparse.Namespace) -> int:
    spec = spec_of(arguments.name)
    params = checked_params(spec, dict(map(_parameter, arguments.set or ())))
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    query = await read_query(context, arguments, instrument)
    # A running value depends on every bar before it, so all are read, and the range asked for is cut afterwards.
    bars = await load_bars(context, replace(query, from_ns=None, n_last=None))
    sessions = session_numbers(query.spec, bars.event_ns, await context.backend.calendars.load(instrument.calendar))
    values = await asyncio.to_thread(_values, spec, params, bars, sessions, arguments.price or "")
    rows = _range(query, bars)
    if context.as_json:
        await context.put_json(_answer(query, spec, params, bars[rows], {name: column[rows] for name, column in values.items()}))
        return 0
    times = format_time_column(bars.event_ns[rows], find_zone(instrument.timezone), is_dated=query.spec.is_dated)
    columns = [format_floats(bars.close[rows].tolist()), *(_texts(column[rows]) for column in values.values())]
    heads = (TextColumn("time"), TextColumn("close", is_number=True), *(TextColumn(name, is_number=True) for name in values))
    await context.put_table(heads, list(zip(times, *columns, strict=True)))
    return 0


def _values(spec: IndicatorSpec, params: dict[str, Value], bars: BarArrays, sessions: Float64s, price: str) -> dict[str, Float64s]:
    from backend.indicators.stream import compute  # noqa: PLC0415 - what computes is loaded when it is needed

    return compute(spec.name, bars, source=price, sessions=sessions, **params)


def _range(query: BarQuery, bars: BarArrays) -> slice:
    first = 0 if query.from_ns is None else int(np.searchsorted(bars.event_ns, query.from_ns))
    return slice(first if query.n_last is None else max(first, len(bars) - query.n_last), len(bars))


def _texts(values: Float64s) -> list[str]:
    return ["" if value != value else text for value, text in zip(values.tolist(), format_floats(values.tolist()), strict=True)]  # noqa: PLR0124 - NaN is unequal to itself


def _parameter(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        equals = ""
        number = 0.0
    if not equals:
        raise InvalidInput(f"{text!r} is not a parameter.", hint="Write its name, = and a number: --set period=50", code="usage")
    return name.strip(), number


def _row(spec: IndicatorSpec) -> tuple[str, ...]:
    params = ", ".join(f"{p.name}={p.default:g}" for p in spec.parameters)
    return spec.name, spec.title, spec.family, params, ", ".join(output.name for output in spec.outputs)


def _facts(spec: IndicatorSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "family": spec.family,
        "aliases": list(spec.aliases),
        "description": spec.description,
        "source": spec.source,
        "verified": spec.verified,
        "overlay": spec.is_overlay,
        "inputs": list(spec.inputs),
        "parameters": [_parameter_facts(p) for p in spec.parameters],
        "outputs": [{"name": output.name, "title": output.title} for output in spec.outputs],
    }


def _parameter_facts(parameter: Parameter) -> dict[str, Any]:
    bounds = {"default": parameter.default, "low": parameter.low, "high": parameter.high}
    return {"name": parameter.name, "title": parameter.title, **bounds}


def _answer(
    query: BarQuery, spec: IndicatorSpec, params: dict[str, Value], bars: BarArrays, values: dict[str, Float64s]
) -> dict[str, Any]:
    zone = find_zone(query.instrument.timezone)
    times = format_time_column(bars.event_ns, zone, is_dated=query.spec.is_dated)
    known = {name: [None if v != v else v for v in column.tolist()] for name, column in values.items()}  # noqa: PLR0124 - NaN
    return {
        "instrument": str(query.instrument.id),
        "interval": str(query.spec),
        "indicator": spec.name,
        "parameters": params,
        "adjusted": query.adjusted,
        "time": list(times),
        "close": bars.close.tolist(),
        "values": known,
    }
