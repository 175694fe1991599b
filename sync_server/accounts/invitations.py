"""Invitations: a code that makes an account of a role in an organisation, so many times, so long. The first owner comes by one."""

from typing import Final

from sync_server.accounts.limits import MAKE, SECRET
from sync_server.accounts.means import DAY_MS, NEWEST, PAGE, Change, Means, entry_of, hash_secret, not_there
from sync_server.accounts.permissions import Deed, check_may, roles_given_by
from sync_server.accounts.replies import Once, Replies
from sync_server.accounts.values import Invitation, InvitationTerms, InvitedTo
from sync_server.actor import Actor, Role
from sync_server.audit.audit import AuditEntry
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

FIRST_DAYS: Final = 7  # how long the first owner's code holds
_POWERFUL: Final = frozenset({Role.OWNER, Role.ADMIN, Role.COMPLIANCE})
_COLUMNS: Final = "id, role, made_by, made_ms, until_ms, uses, used"


class Invitations:
    """Makes, lists, withdraws and redeems invitations."""

    def __init__(self, means: Means, replies: Replies) -> None:
        self._means = means
        self._replies = replies

    async def make(self, actor: Actor, terms: InvitationTerms, once: Once | None = None, address: str = "") -> Invitation:
        """A new invitation with its code. A powerful role asks for a second factor, as changing one does. Raises Refused."""
        await self._means.check_may(actor, Deed.INVITE, address)
        async with self._means.audited(actor, Deed.INVITE.value, address):
            if terms.role not in roles_given_by(actor.role):
                raise Refused(Code.NOT_ALLOWED, f"You may not invite somebody as {terms.role.value}.", status=403)
            if terms.role in _POWERFUL:  # given by who may change roles alone
                check_may(actor, Deed.SET_ROLE, self._means.now_ms())
        self._means.check_rate(actor.user, MAKE)
        return await self._replies.give(once, actor.org, Invitation, lambda change: self._make(change, actor, terms, address))

    async def rows(self, actor: Actor, before: str = "", limit: int = PAGE) -> tuple[Invitation, ...]:
        """Those of the organisation that can still be used, the newest first, made before ``before``. Raises Refused (403)."""
        await self._means.check_may(actor, Deed.INVITE)
        async with self._means.database.read() as tx:
            rows = await tx.rows(
                f"SELECT {_COLUMNS} FROM invitations WHERE org = $1 AND withdrawn_ms = 0 AND until_ms > $2 AND used < uses"  # noqa: S608 - a constant
                " AND id < $3 ORDER BY id DESC LIMIT $4",
                *(actor.org, self._means.now_ms(), before or NEWEST, max(1, min(limit, PAGE))),
            )
        return tuple(Invitation(row[0], Role(row[1]), *row[2:]) for row in rows)

    async def withdraw(self, actor: Actor, invitation: str, address: str = "") -> None:
        """End an invitation. Raises Refused: 403, or 404 where there is none."""
        await self._means.check_may(actor, Deed.INVITE, address)
        async with self._means.change() as change:
            n_rows = await change.tx.run(
                "UPDATE invitations SET withdrawn_ms = $1 WHERE id = $2 AND org = $3 AND withdrawn_ms = 0",
                *(self._means.now_ms(), invitation, actor.org),
            )
            if not n_rows:
                raise not_there("invitation")
            await self._means.note(change.tx, entry_of(actor, "invitation.withdrawn", invitation, address))

    async def look(self, code: str, address: str) -> InvitedTo:
        """What a code is for, before somebody joins. Raises Refused: 404 for one that cannot be used, 429."""
        self._means.check_rate(address, SECRET)
        async with self._means.database.read() as tx:
            row = await tx.row(
                "SELECT o.name, i.role, i.until_ms FROM invitations i JOIN orgs o ON o.id = i.org WHERE i.hash = $1"
                " AND i.withdrawn_ms = 0 AND i.until_ms > $2 AND i.used < i.uses",
                *(hash_secret(code), self._means.now_ms()),
            )
        if row is None:
            raise not_usable()
        self._means.limits.give_back(address, SECRET)
        return InvitedTo(row[0], Role(row[1]), row[2])

    async def redeem(self, change: Change, code: str) -> tuple[str, Role]:
        """Use a code once: its organisation and role. Raises Refused (404) where it cannot be used any more."""
        row = await change.tx.row(
            "UPDATE invitations SET used = used + 1 WHERE hash = $1 AND withdrawn_ms = 0 AND until_ms > $2 AND used < uses"
            " RETURNING org, role",
            *(hash_secret(code), self._means.now_ms()),
        )
        if row is None:
            raise not_usable()
        return row[0], Role(row[1])

    async def first_code(self, org: str) -> str:
        """A fresh code for the first owner of an organisation; the ones before stop working. Empty where it has an owner."""
        async with self._means.change() as change:
            owner = await change.tx.row(
                "SELECT id FROM users WHERE org = $1 AND role = $2 AND disabled_ms = 0 AND deleted_ms = 0", org, str(Role.OWNER)
            )
            return "" if owner else await self._owner_code(change, org)

    async def recovery_code(self, org: str) -> str:
        """A code for one more owner, for whoever runs the server when no owner can sign in any more."""
        async with self._means.change() as change:
            return await self._owner_code(change, org)

    async def _owner_code(self, change: Change, org: str) -> str:
        now = self._means.now_ms()
        await change.tx.run(
            "UPDATE invitations SET withdrawn_ms = $1 WHERE org = $2 AND made_by = '' AND withdrawn_ms = 0 AND used < uses",
            now,
            org,
        )
        operator = Actor("", org, Role.OWNER, "", "")
        made = await self._make(change, operator, InvitationTerms(Role.OWNER, 1, FIRST_DAYS), "")
        return made.code

    async def _make(self, change: Change, actor: Actor, terms: InvitationTerms, address: str) -> Invitation:
        now = self._means.now_ms()
        code, identity, until_ms = self._means.new_secret(), self._means.new_id(), now + terms.days * DAY_MS
        await change.tx.run(
            "INSERT INTO invitations (id, org, hash, role, made_by, made_ms, until_ms, uses)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            *(identity, actor.org, hash_secret(code), str(terms.role), actor.user, now, until_ms, terms.uses),
        )
        detail = {"role": str(terms.role), "uses": terms.uses}
        await self._means.note(change.tx, AuditEntry(actor.org, "invitation.made", actor.user, identity, address, detail))
        return Invitation(identity, terms.role, actor.user, now, until_ms, terms.uses, 0, code)


def not_usable() -> Refused:
    """The refusal for a code that never was, has been used up, has run out or was withdrawn: all look the same."""
    return Refused(Code.NO_TARGET, "This code cannot be used.", status=404, hint="Ask for a new one: each holds for a while only.")
