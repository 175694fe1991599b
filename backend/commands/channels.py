"""`trii channels`: where alerts are sent, whether that works, and what became of each."""

import argparse
from dataclasses import replace
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.phrases import read_secret_file
from backend.commands.tables import TextColumn, printable
from backend.commands.times import format_instant
from backend.delivery.channel import Channel, Rate
from backend.delivery.delivery import Attempt, Delivery
from backend.delivery.quiet_hours import Quiet, QuietHours, format_range, parse_range
from backend.errors import InvalidInput, Unavailable

_CHANNELS = (
    TextColumn("channel"),
    TextColumn("on"),
    TextColumn("service"),
    TextColumn("address", may_be_cut=True),
    TextColumn("rate"),
    TextColumn("roll-up"),
    TextColumn("quiet hours", may_be_cut=True),
)
_DELIVERIES = (
    TextColumn("delivery", is_number=True),
    TextColumn("channel"),
    TextColumn("state"),
    TextColumn("attempts", is_number=True),
    TextColumn("time"),
    TextColumn("alert"),
    TextColumn("words", may_be_cut=True),
)
_NO_RANGE = "none"


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    deliveries = context.backend.deliveries
    match arguments.action:
        case "list":
            await _list(context)
        case "add":
            await _add(context, arguments)
        case "remove":
            await _tell(context, await deliveries.remove_channel(arguments.name), "removed")
        case "on" | "off":
            await _tell(context, await deliveries.turn(arguments.name, is_on=arguments.action == "on"), arguments.action)
        case "test":
            await deliveries.test(arguments.name)
            if context.as_json:
                await context.put_json({"channel": arguments.name, "sent": True})
            else:
                await context.say("The test message was sent.")
        case "log":
            await _log(context, arguments)
        case _:
            found = await deliveries.retry(arguments.delivery)
            if context.as_json:
                await context.put_json(_delivery_facts(found))
            else:
                await context.say(f"Delivery {found.id} is queued for {found.channel} again; it goes while TRII runs.")
    return 0


async def _list(context: CommandContext) -> None:
    channels = await context.backend.deliveries.channels()
    if context.as_json:
        await context.put_json([_facts(channel) for channel in channels])
    elif channels:
        await context.put_table(_CHANNELS, [_row(channel) for channel in channels])
    else:
        await context.tell("There are no channels yet. Add one with: trii channels add NAME")


async def _add(context: CommandContext, arguments: argparse.Namespace) -> None:
    deliveries = context.backend.deliveries
    known = {channel.name: channel for channel in await deliveries.channels()}
    channel = known.get(arguments.name, Channel(arguments.name))
    if arguments.address_file is not None or arguments.name not in known:
        channel = replace(channel, address=await _read_address(context, arguments.address_file))
    if arguments.rate is not None:
        channel = replace(channel, rate=Rate(*arguments.rate))
    if arguments.roll_up is not None:
        channel = replace(channel, roll_up_s=arguments.roll_up)
    if arguments.zone is None and arguments.quiet not in (None, [_NO_RANGE]) and arguments.name not in known:
        raise InvalidInput("Quiet hours need a time zone.", hint="Name it with --zone, as in --zone Europe/Berlin.", code="usage")
    channel = replace(channel, zone=arguments.zone or channel.zone, quiet=_quiet(channel.quiet, arguments))
    await _tell(context, await deliveries.put_channel(channel), "saved")


async def _read_address(context: CommandContext, file: str | None) -> str:
    if file is not None:
        return (await read_secret_file(context, file)).strip()
    answer = await context.terminal.ask("Address, as ntfys://… or mailtos://…, not shown: ")
    if not answer:
        raise Unavailable(
            "Nobody gave an address.", hint="Give it with --address-file FILE, or - for standard input.", code="secret.missing"
        )
    return answer.strip()


def _quiet(quiet: QuietHours, arguments: argparse.Namespace) -> QuietHours:
    ranges, then, urgent_pass = quiet.ranges, quiet.then, quiet.urgent_pass
    if arguments.quiet is not None:
        ranges = () if arguments.quiet == [_NO_RANGE] else tuple(map(parse_range, arguments.quiet))
    if arguments.then is not None:
        then = Quiet(arguments.then)
    if arguments.urgent is not None:
        urgent_pass = arguments.urgent == "pass"
    return QuietHours(ranges, then, urgent_pass)


async def _tell(context: CommandContext, channel: Channel, done: str) -> None:
    if context.as_json:
        await context.put_json(_facts(channel))
        return
    await context.say(f"The channel {channel.name} ({channel.address}) is {done}.")
    if done == "saved":
        for note in channel.notes:
            await context.tell(note)


async def _log(context: CommandContext, arguments: argparse.Namespace) -> None:
    found = await context.backend.deliveries.list(arguments.last, arguments.name)
    if context.as_json:
        await context.put_json([_delivery_facts(one) for one in found])
        return
    if not found:
        await context.tell("Nothing was sent yet.")
        return
    rows = []
    for one in found:
        rows.append(_delivery_row(one))
        if arguments.attempts:
            rows.extend(_attempt_row(attempt) for attempt in one.attempts)
    await context.put_table(_DELIVERIES, rows)


def _row(channel: Channel) -> tuple[str, ...]:
    quiet = ", ".join(map(format_range, channel.quiet.ranges))
    rate = f"{channel.rate.n} in {channel.rate.minutes:g} min"
    on = "on" if channel.is_on else "off"
    zone = f"{quiet} {channel.zone}, {channel.quiet.then}" if quiet else ""
    return (channel.name, on, channel.title, printable(channel.address), rate, f"{channel.roll_up_s:g} s", zone)


def _facts(channel: Channel) -> dict[str, Any]:
    return {
        "channel": channel.name,
        "on": channel.is_on,
        "service": channel.title,
        "address": channel.address,
        "rate": {"n": channel.rate.n, "minutes": channel.rate.minutes},
        "roll_up_s": channel.roll_up_s,
        "quiet": [format_range(one) for one in channel.quiet.ranges],
        "then": str(channel.quiet.then),
        "urgent_pass": channel.quiet.urgent_pass,
        "zone": channel.zone,
        "notes": list(channel.notes),
    }


def _delivery_row(one: Delivery) -> tuple[str, ...]:
    words = f"told with {one.told_by}" if one.told_by else one.words
    state = str(one.state).replace("_", " ")
    return (str(one.id), one.channel, state, str(one.n_attempts), format_instant(one.created_ns), one.title, printable(words))


def _attempt_row(attempt: Attempt) -> tuple[str, ...]:
    return (
        "",
        "",
        attempt.outcome,
        "",
        format_instant(attempt.at_ns),
        f"{attempt.n_deliveries} together",
        printable(attempt.words),
    )


def _delivery_facts(one: Delivery) -> dict[str, Any]:
    return {
        "delivery": one.id,
        "channel": one.channel,
        "firing": one.firing,
        "alert": one.alert_id,
        "instrument": one.instrument,
        "kind": str(one.body_kind),
        "state": str(one.state),
        "title": one.title,
        "body": one.body,
        "created": format_instant(one.created_ns),
        "due": format_instant(one.due_ns),
        "finished": format_instant(one.finished_ns) if one.finished_ns else None,
        "told_by": one.told_by or None,
        "may_repeat": one.may_repeat,
        "words": one.words,
        "attempts": [
            {"time": format_instant(attempt.at_ns), "outcome": attempt.outcome, "words": attempt.words, "n": attempt.n_deliveries}
            for attempt in one.attempts
        ],
    }
