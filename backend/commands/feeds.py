"""`trii feeds`: live data of venues, set up, tried, turned on and off."""

import argparse
from typing import Any

import msgspec

from backend.commands.context import CommandContext
from backend.commands.parser import UsageError
from backend.commands.phrases import read_secret_file
from backend.commands.tables import TextColumn, printable
from backend.errors import Unavailable
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.kinds import KINDS, FeedKind, kind_of

_COLUMNS = (
    TextColumn("feed"),
    TextColumn("kind"),
    TextColumn("state"),
    TextColumn("trades", is_number=True),
    TextColumn("bad", is_number=True),
    TextColumn("gaps", is_number=True),
    TextColumn("reconnects", is_number=True),
    TextColumn("words"),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    book = context.backend.live.feeds
    match arguments.action:
        case "list":
            return await _list(context)
        case "kinds":
            return await _kinds(context)
        case "add":
            return await _add(context, arguments)
        case "test":
            return await _tell_probe(context, await book.get(arguments.name))
        case "remove":
            removed = await book.remove(arguments.name)
            await _tell(context, removed, f"{removed.name} is removed; what it recorded stays.")
        case _:
            changed = await book.enable(arguments.name, arguments.action == "on")
            await _tell(context, changed, f"{changed.name} is {arguments.action}.")
    return 0


async def _list(context: CommandContext) -> int:
    configs = await context.backend.live.feeds.list()
    statuses = context.backend.live.snapshot().feeds
    rows = [(config, statuses.get(config.name, FeedStatus())) for config in configs]
    if context.as_json:
        await context.put_json([_facts(config) | msgspec.to_builtins(status) for config, status in rows])
    elif rows:
        await context.put_table(_COLUMNS, [_row(config, status) for config, status in rows])
    else:
        await context.tell("There are no feeds yet. Add one, as: trii feeds add binance")
    return 0


async def _kinds(context: CommandContext) -> int:
    if context.as_json:
        await context.put_json([_kind_facts(kind) for kind in KINDS.values()])
        return 0
    columns = (TextColumn("kind"), TextColumn("needs"), TextColumn("options"), TextColumn("what it gives"))
    await context.put_table(columns, [_kind_row(kind) for kind in KINDS.values()])
    return 0


async def _add(context: CommandContext, arguments: argparse.Namespace) -> int:
    config = FeedConfig(
        name=arguments.name or arguments.kind,
        kind=arguments.kind,
        stream_url=arguments.stream_url or "",
        rest_url=arguments.rest_url or "",
        options=dict(_pair(text) for text in arguments.option or ()),
    )
    kind, secrets = kind_of(config), {}
    if kind.secrets:
        secrets = await _read_secrets(context, kind, arguments.secrets_file)
    config = context.backend.live.feeds.check(config)
    if arguments.try_first:
        status = await context.backend.live.probe(config, secrets)
        if status.state is not FeedState.LIVE:
            hint = "Nothing was kept. Correct it, or leave --test out."
            raise Unavailable(f"{config.name} cannot be reached: {status.words}", hint=hint, code="feed.unreachable")
    await context.backend.live.feeds.put(config, secrets)
    await _tell(context, config, f"{config.name} is set up and on; charts of what it serves are live while the workstation runs.")
    return 0


async def _read_secrets(context: CommandContext, kind: FeedKind, file: str | None) -> dict[str, str]:
    """One line a key, in the kind's order, from a file; else each is asked for. Raises Unavailable where nobody can be."""
    if file is not None:
        lines = (await read_secret_file(context, file)).splitlines()
        return dict(zip(kind.secrets, lines, strict=False))
    answers = {name: await context.terminal.ask(f"{kind.title}, {name}: ") for name in kind.secrets}
    return {name: answer for name, answer in answers.items() if answer}


async def _tell_probe(context: CommandContext, config: FeedConfig) -> int:
    status = await context.backend.live.probe(config)
    if context.as_json:
        await context.put_json(_facts(config) | msgspec.to_builtins(status))
    elif status.state is FeedState.LIVE:
        await context.say(f"{config.name} answers.")
    else:
        await context.say(f"{config.name} cannot be reached: {printable(status.words)}")
    return 0 if status.state is FeedState.LIVE else 1


async def _tell(context: CommandContext, config: FeedConfig, words: str) -> None:
    if context.as_json:
        await context.put_json(_facts(config))
    else:
        await context.say(words)


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise UsageError(f"{text!r} is not NAME=VALUE.", hint="Write it as in plan=iex.")
    return name, value


def _row(config: FeedConfig, status: FeedStatus) -> tuple[str, ...]:
    state = "off" if not config.is_on else "on" if status.state is FeedState.OFF else str(status.state)
    numbers = (status.n_trades, status.n_bad, status.n_gaps, status.n_reconnects)
    return (config.name, config.kind, state, *(f"{number:,}" for number in numbers), printable(status.words))


def _kind_row(kind: FeedKind) -> tuple[str, ...]:
    options = ", ".join(option.name for option in kind.options)
    return (kind.kind, ", ".join(kind.secrets) or "no key", options, kind.description)


def _facts(config: FeedConfig) -> dict[str, Any]:
    return {
        "name": config.name,
        "kind": config.kind,
        "is_on": config.is_on,
        "stream_url": config.stream_url,
        "rest_url": config.rest_url,
        "options": config.options,
    }


def _kind_facts(kind: FeedKind) -> dict[str, Any]:
    stream_url, rest_url = kind.urls
    return {
        "kind": kind.kind,
        "title": kind.title,
        "description": kind.description,
        "stream_url": stream_url,
        "rest_url": rest_url,
        "secrets": list(kind.secrets),
        "options": [msgspec.to_builtins(option) for option in kind.options],
    }
