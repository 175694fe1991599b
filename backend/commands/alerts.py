"""`trii alerts`: alerts made, listed, tried over history, switched, and what they fired."""

import argparse
import asyncio
import json
from typing import Any, Final

from backend.alerts.alert import Alert, Condition, Repeat, When, new_id
from backend.alerts.firing import AlertRow, Firing
from backend.alerts.founding import format_moment, format_row, parse_conditions, parse_row
from backend.alerts.grammar import format_text, parse_text
from backend.commands.context import CommandContext
from backend.commands.json_text import dump_json
from backend.commands.numbers import format_count
from backend.commands.parser import UsageError
from backend.commands.tables import TextColumn, printable
from backend.commands.times import find_zone, format_instant, parse_when
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import Conflict, InvalidInput, NotFound
from backend.storage.durable import write_durably

_ALERTS: Final = (
    TextColumn("alert"),
    TextColumn("instrument"),
    TextColumn("condition", may_be_cut=True),
    TextColumn("on"),
    TextColumn("repeats"),
    TextColumn("stands"),
    TextColumn("fired", is_number=True),
    TextColumn("last fired"),
    TextColumn("name", may_be_cut=True),
)
_FIRINGS: Final = (TextColumn("when"), TextColumn("instrument"), TextColumn("price", is_number=True), TextColumn("what"))
_REPEATS: Final = {"once": Repeat.ONCE, "bar": Repeat.ONCE_PER_BAR, "always": Repeat.EVERY_TIME}
_SAID: Final = {repeat: word for word, repeat in _REPEATS.items()}
_SHORT: Final = 8
_IMPORT_BYTES_MAX: Final = 16 * 1024 * 1024


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    actions = {
        "list": _list,
        "add": _add,
        "test": _test,
        "remove": _remove,
        "enable": _switch,
        "disable": _switch,
        "history": _history,
        "export": _export,
        "import": _import,
    }
    return await actions[arguments.action](context, arguments)


async def _list(context: CommandContext, arguments: argparse.Namespace) -> int:
    rows = await context.backend.alerts.rows()
    if arguments.instrument is not None:
        instrument = await context.backend.catalog.resolve(arguments.instrument)
        rows = tuple(row for row in rows if row.alert.instrument == str(instrument.id))
    if context.as_json:
        await context.put_json([_facts(row) for row in rows])
    elif rows:
        await context.put_table(_ALERTS, [_row(row) for row in rows])
    else:
        await context.tell('There are no alerts. Make one with: trii alerts add AAPL "price > 180"')
    return 0


async def _add(context: CommandContext, arguments: argparse.Namespace) -> int:
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    row = await context.backend.alerts.add(_alert(arguments, instrument))
    if context.as_json:
        await context.put_json(_facts(row))
    else:
        await context.say(f"Alert {row.alert.id[:_SHORT]} on {row.alert.instrument}: {row.words}.")
    return 0


async def _test(context: CommandContext, arguments: argparse.Namespace) -> int:
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    zone = find_zone(instrument.timezone)
    first, last = (None if text is None else parse_when(text, zone) for text in (arguments.from_, arguments.to))
    from_ns, to_ns = None if first is None else first.start_ns, None if last is None else last.end_ns
    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise InvalidInput("--from is not before the end of --to.", hint="Swap them.", code="time.range")
    alert = _alert(arguments, instrument)
    firings = await context.backend.alerts.rehearse(alert, from_ns, to_ns)
    if context.as_json:
        await context.put_json([_firing_facts(firing) for firing in firings])
        return 0
    if firings:
        await context.put_table(_FIRINGS, [_firing_row(firing, instrument) for firing in firings])
    await context.tell(f"It would have fired {_times(len(firings))}.")
    return 0


async def _remove(context: CommandContext, arguments: argparse.Namespace) -> int:
    gone = await context.backend.alerts.remove(await _resolve(context, arguments.alert))
    if context.as_json:
        await context.put_json(format_row(gone))
    else:
        await context.say(f"Alert {gone.id[:_SHORT]} on {gone.instrument} is gone; what it fired is kept.")
    return 0


async def _switch(context: CommandContext, arguments: argparse.Namespace) -> int:
    is_on = arguments.action == "enable"
    row = await context.backend.alerts.enable(await _resolve(context, arguments.alert), is_on)
    if context.as_json:
        await context.put_json(_facts(row))
    else:
        await context.say(f"Alert {row.alert.id[:_SHORT]} on {row.alert.instrument} is {'on' if is_on else 'off'} now.")
    return 0


async def _history(context: CommandContext, arguments: argparse.Namespace) -> int:
    alerts = context.backend.alerts
    alert_id = None if arguments.alert is None else await _resolve(context, arguments.alert)
    firings = await alerts.history(alert_id, arguments.last)
    if context.as_json:
        await context.put_json([_firing_facts(firing) for firing in firings])
        return 0
    if not firings:
        await context.tell("Nothing has fired yet.")
        return 0
    known = {str(instrument.id): instrument for instrument in await context.backend.catalog.all()}
    await context.put_table(_FIRINGS, [_firing_row(firing, known.get(firing.instrument)) for firing in firings])
    return 0


async def _export(context: CommandContext, arguments: argparse.Namespace) -> int:
    rows = [format_row(row.alert, row.last_fired_ns) for row in await context.backend.alerts.rows()]
    if arguments.out is None:
        await context.put_json(rows)
        return 0
    path = context.path(arguments.out)
    await asyncio.to_thread(write_durably, path, dump_json(rows) + b"\n")
    await context.tell(f"{format_count(len(rows), 'alert')} in {path}.")
    return 0


async def _import(context: CommandContext, arguments: argparse.Namespace) -> int:
    path = context.path(arguments.file)
    try:
        text = await asyncio.to_thread(path.read_bytes)
    except OSError as e:
        raise NotFound(f"{path} cannot be read: {e.strerror}.", hint="Give a file of 'trii alerts export'.") from e
    alerts = _parse_file(text)
    n_added, n_there = 0, 0
    for alert in alerts:
        try:
            await context.backend.alerts.add(alert)
            n_added += 1
        except Conflict:
            n_there += 1
    if context.as_json:
        await context.put_json({"added": n_added, "there": n_there})
    else:
        await context.say(f"{format_count(n_added, 'alert')} added; {n_there} were there already.")
    return 0


def _parse_file(text: bytes) -> list[Alert]:
    """The alerts of a file, all of them or none. Raises InvalidInput."""
    rows = _parse_json(text, "The file")
    if not isinstance(rows, list):
        raise InvalidInput("The file holds no list of alerts.", hint="Give a file of 'trii alerts export'.", code="alert.json")
    made = []
    for number, row in enumerate(rows, 1):
        try:
            made.append(parse_row(row))
        except InvalidInput as e:
            raise InvalidInput(f"Alert {number} of the file: {e.message}", hint=e.hint, code=e.code) from e
    return made


def _parse_json(text: bytes | str, what: str) -> Any:
    if len(text) > _IMPORT_BYTES_MAX:
        raise InvalidInput(f"{what} is larger than 16 MiB.", hint="Split it.", code="alert.json")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise InvalidInput(f"{what} is no JSON: {e}.", hint="Check quotes and brackets.", code="alert.json") from e


def _alert(arguments: argparse.Namespace, instrument: Instrument) -> Alert:
    zone = find_zone(instrument.timezone)
    return Alert(
        id=new_id(),
        instrument=str(instrument.id),
        condition=_condition(arguments),
        name=arguments.name,
        spec=arguments.interval,
        when=When(arguments.on),
        repeat=_REPEATS[arguments.repeat],
        cooldown_s=arguments.cooldown,
        rearm=arguments.rearm,
        expires_ns=0 if arguments.expires is None else parse_when(arguments.expires, zone).end_ns,
        channels=tuple(arguments.channel),
        sound=arguments.sound,
        message=arguments.note,
    )


def _condition(arguments: argparse.Namespace) -> Condition:
    if (arguments.condition is None) == (arguments.conditions is None):
        raise UsageError("Say what to watch for.", hint='Write it as "price > 180", or as JSON with --conditions.')
    if arguments.condition is not None:
        return parse_text(arguments.condition)
    return parse_conditions(_parse_json(arguments.conditions, "--conditions"))


async def _resolve(context: CommandContext, text: str) -> str:
    """The id of the one alert whose id begins so. Raises NotFound, InvalidInput."""
    ids = [row.alert.id for row in await context.backend.alerts.rows()]
    found = [alert_id for alert_id in ids if alert_id == text] or [
        alert_id for alert_id in ids if text and alert_id.startswith(text)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(f"There is no alert {text!r}.", hint="List them with: trii alerts list", code="alert.unknown")
    raise InvalidInput(f"{len(found)} alerts begin with {text!r}.", hint="Give more of the id.", code="alert.ambiguous")


def _row(row: AlertRow) -> tuple[str, ...]:
    alert = row.alert
    stands = f"{row.standing}: {row.blind_words}" if row.blind_words else str(row.standing)
    last = format_instant(row.last_fired_ns) if row.last_fired_ns else ""
    words = (alert.id[:_SHORT], alert.instrument, row.words, f"{alert.when} {alert.spec}", _SAID[alert.repeat], stands)
    return (*words, str(row.n_fired), last, printable(alert.name, keep=""))


def _facts(row: AlertRow) -> dict[str, Any]:
    return format_row(row.alert, row.last_fired_ns) | {
        "text": format_text(row.alert.condition),
        "words": row.words,
        "standing": str(row.standing),
        "blind": row.blind_words,
        "n_fired": row.n_fired,
        "value": row.value,
        "level": row.level,
    }


def _firing_row(firing: Firing, instrument: Instrument | None) -> tuple[str, ...]:
    zone = find_zone(instrument.timezone if instrument else "UTC")
    price = "" if firing.price != firing.price else f"{firing.price:.10g}"
    late = " (found late)" if firing.is_late else ""
    return format_instant(firing.event_ns, zone), firing.instrument, price, f"{firing.words}{late}"


def _firing_facts(firing: Firing) -> dict[str, Any]:
    return {
        "firing": firing.id,
        "alert": firing.alert_id,
        "symbol": InstrumentId.parse(firing.instrument),
        "time": format_moment(firing.event_ns),
        "noticed": format_moment(firing.fired_ns),
        "price": firing.price,
        "value": firing.value,
        "level": firing.level,
        "words": firing.words,
        "late": firing.is_late,
        "read": firing.is_read,
    }


def _times(n: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(n, f"{n:,} times")
