"""`trii team`: servers that this computer belongs to, joining, signing in and out, inviting."""

import argparse
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.phrases import read_secret_file
from backend.commands.tables import TextColumn, printable
from backend.commands.times import format_instant
from backend.errors import NotFound, Unavailable
from backend.sync.server import ServerRow, SignedIn
from backend.sync.team import Team

_SERVERS = (
    TextColumn("server"),
    TextColumn("address", may_be_cut=True),
    TextColumn("person"),
    TextColumn("stands"),
    TextColumn("unread", is_number=True),
    TextColumn("waiting", is_number=True),
    TextColumn("live last"),
)
_MS_NS = 1_000_000


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    team, _ = await context.backend.chat.open()
    match arguments.action:
        case "list":
            await _list(context, team)
        case "join":
            password = await _password(context, arguments.password_file)
            await _welcome(context, await team.join(arguments.link, arguments.email, arguments.name, password))
        case "sign-in":
            await _sign_in(context, team, arguments)
        case "sign-out":
            server = find_server(team, arguments.server)
            await team.sign_out(server.id, everywhere=arguments.everywhere, wipe=arguments.wipe)
            await _done(context, server, "wiped" if arguments.wipe else "signed out")
        case "forget":
            server = find_server(team, arguments.server)
            await team.forget(server.id)
            await _done(context, server, "forgotten")
        case _:
            server = find_server(team, arguments.server)
            link = await team.invite(server.id, arguments.role, arguments.uses, arguments.days)
            await (context.put_json({"link": link}) if context.as_json else context.say(link))
    return 0


def find_server(team: Team, said: str) -> ServerRow:
    """The server that a person means: by id, name, or address. Raises NotFound."""
    wanted = said.strip().casefold().rstrip("/")
    for server in team.servers():
        if wanted in (server.id, server.name.casefold(), server.url, server.url.partition("://")[2]):
            return server
    raise NotFound(f"This computer belongs to no server {said!r}.", hint="See 'trii team list'.", code="server.unknown")


async def _list(context: CommandContext, team: Team) -> None:
    rows = team.servers()
    if context.as_json:
        await context.put_json([_facts(row) for row in rows])
    elif rows:
        await context.put_table(_SERVERS, [_row(row) for row in rows])
    else:
        await context.tell("This computer belongs to no server yet. Join one with: trii team join LINK --email ... --name ...")


async def _sign_in(context: CommandContext, team: Team, arguments: argparse.Namespace) -> None:
    try:
        known = find_server(team, arguments.server)
        server, email = known.id, arguments.email or known.email
    except NotFound:
        server, email = arguments.server, arguments.email or ""
    if not email:
        raise Unavailable("Nobody gave your address.", hint="Give it with --email.", code="secret.missing")
    password = await _password(context, arguments.password_file)
    signed = await team.sign_in(server, email, password)
    if signed.needs_code:
        code = arguments.code or await context.terminal.ask("Code of your authenticator: ") or ""
        if not code:
            raise Unavailable("A second factor is on.", hint="Give its code with --code.", code="server.needs_code")
        signed = await team.sign_in(server, email, "", code.strip(), signed.ticket)
    await _welcome(context, signed)


async def _password(context: CommandContext, file: str | None) -> str:
    if file is not None:
        return await read_secret_file(context, file)
    answer = await context.terminal.ask("Password, not shown: ")
    if not answer:
        raise Unavailable("Nobody gave the password.", hint="Give it with --password-file FILE, or -.", code="secret.missing")
    return answer


async def _welcome(context: CommandContext, signed: SignedIn) -> None:
    row = signed.server
    if context.as_json:
        await context.put_json(_facts(row))
    else:
        await context.say(f"{row.person} is signed in to {row.name} ({row.url}) as {row.role}.")


async def _done(context: CommandContext, server: ServerRow, what: str) -> None:
    if context.as_json:
        await context.put_json({"server": server.name, "id": server.id, "done": what})
    else:
        await context.say(f"{server.name}: {what}.")


def _row(row: ServerRow) -> tuple[str, ...]:
    live = format_instant(row.last_live_ms * _MS_NS) if row.last_live_ms else "never"
    counts = (str(row.n_unread), str(row.n_waiting))
    return (printable(row.name), row.url, printable(row.person), str(row.standing), *counts, live)


def _facts(row: ServerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "url": row.url,
        "pin": row.pin or None,
        "person": row.person,
        "email": row.email,
        "role": row.role,
        "stands": str(row.standing),
        "why": row.why or None,
        "unread": row.n_unread,
        "mentions": row.n_mentions,
        "waiting": row.n_waiting,
    }
