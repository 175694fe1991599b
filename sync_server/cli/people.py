"""``trii-sync invite``, ``user``, ``org`` and ``recover-admin``: for whoever runs the server, also while it runs."""

from sync_server.accounts.orgs import operator
from sync_server.accounts.values import InvitationTerms, UserChange, UserRow
from sync_server.actor import Actor, Role
from sync_server.cli.terms import Command, Office, office
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

PAGE = 200


async def invite(command: Command) -> int:
    """Print a link with which somebody joins."""
    asked = command.asked
    if not 1 <= asked.uses <= 500 or not 1 <= asked.days <= 90:
        raise Refused(Code.BAD_BODY, "An invitation is for 1 to 500 people and 1 to 90 days.")
    async with office(command.config) as desk:
        org = await desk.org(asked.of)
        terms = InvitationTerms(Role(asked.role), asked.uses, asked.days)
        made = await desk.accounts.invitations.make(operator(org.id, desk.clock.now_ms()), terms)
        command.say(desk.link(made.code))
    return 0


async def user(command: Command) -> int:
    """List people, or change one."""
    asked = command.asked
    async with office(command.config) as desk:
        org = await desk.org(asked.of)
        actor = operator(org.id, desk.clock.now_ms())
        if asked.deed == "list":
            for row in await people_of(desk, actor):
                state = "disabled" if row.disabled_ms else "second factor" if row.has_factor else ""
                command.say("  ".join(part for part in (row.email, row.name, str(row.role), state) if part))
            return 0
        found = [row for row in await people_of(desk, actor) if row.email == asked.email.strip().lower()]
        if not found:
            raise Refused(Code.NO_TARGET, f"Nobody here has the address {asked.email!r}.", hint="See `trii-sync user list`.")
        await _change(command, desk, actor, found[0])
    return 0


async def org(command: Command) -> int:
    """List organisations, or add one and print the link of its first owner."""
    async with office(command.config) as desk:
        if command.asked.deed == "list":
            for row in await desk.accounts.orgs.rows():
                command.say(f"{row.id}  {row.name}")
            return 0
        made = await desk.accounts.orgs.make(command.asked.title)
        command.say(desk.link(await desk.accounts.invitations.first_code(made.id)))
    return 0


async def recover_admin(command: Command) -> int:
    """Print a link for one more owner."""
    async with office(command.config) as desk:
        found = await desk.org(command.asked.of)
        command.say(desk.link(await desk.accounts.invitations.recovery_code(found.id)))
    return 0


async def people_of(desk: Office, actor: Actor) -> list[UserRow]:
    """Everybody of the actor's organisation."""
    rows: list[UserRow] = []
    while True:
        page = await desk.accounts.directory.users(actor, rows[-1].id if rows else "", PAGE)
        rows.extend(page)
        if len(page) < PAGE:
            return rows


async def _change(command: Command, desk: Office, actor: Actor, row: UserRow) -> None:
    deed, directory = command.asked.deed, desk.accounts.directory
    if deed == "reset":
        made = await desk.accounts.signing_in.make_reset(actor, row.id)
        command.say(made.code)
        return
    if deed == "role":
        if command.asked.role is None:
            raise Refused(Code.BAD_BODY, "Say which role.", hint="For example: trii-sync user role ann@example.com admin")
        await directory.change(actor, row.id, UserChange(role=Role(command.asked.role)))
    else:
        await directory.change(actor, row.id, UserChange(is_disabled=deed == "disable"))
    command.say(f"{row.email}: {deed} done.")
