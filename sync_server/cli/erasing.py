"""``trii-sync erasures``: see and ask for what is erased of a person. Approving and carrying out is for people who sign in."""

import datetime as dt

from sync_server.accounts.orgs import operator
from sync_server.cli.people import people_of
from sync_server.cli.terms import Command, office
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Op, OpResult
from sync_server.rooms.erasures import Erasures


async def erasures(command: Command) -> int:
    """List requests, ask for one, or withdraw one that was asked for here."""
    asked = command.asked
    async with office(command.config) as desk:
        org = await desk.org(asked.of)
        actor = operator(org.id, desk.clock.now_ms())
        requests = Erasures(desk.database, desk.clock, _nothing, desk.audit.note, desk.accounts.directory)
        emails = {row.id: row.email for row in await people_of(desk, actor)}
        if asked.deed == "list":
            for one in await requests.rows(actor):
                until = dt.datetime.fromtimestamp(one.until_ms // 1_000, dt.UTC)
                command.say(f"{one.id}  {emails.get(one.subject, one.subject)}  {one.state}  until {until:%Y-%m-%d}  {one.why}")
            return 0
        if not asked.target or not asked.why:
            raise Refused(Code.BAD_BODY, "Say whom it is about, or which request, and with --why the reason.")
        if asked.deed == "ask":
            subject = next((user for user, email in emails.items() if email == asked.target.strip().lower()), asked.target)
            made = await requests.ask(actor, subject, asked.why)
            command.say(f"{made.id}: compliance has to approve it by POST /api/v1/erasures/{made.id}/approve.")
        else:
            await requests.decline(actor, asked.target, asked.why)
            command.say("Withdrawn.")
    return 0


async def _nothing(_actor: object, _ops: object) -> tuple[OpResult, ...]:
    """Here nothing is ever entered in a room: the running server does that."""
    raise AssertionError(f"{Op.__name__} of the command line.")
