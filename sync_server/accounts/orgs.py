"""Organisations: every person belongs to exactly one, and sees nothing of another."""

from sync_server.accounts.means import Change, Means, entry_of
from sync_server.accounts.names import clean_name
from sync_server.accounts.permissions import Deed
from sync_server.accounts.values import Org
from sync_server.actor import Actor, Role
from sync_server.audit.audit import AuditEntry


class Orgs:
    """Makes, lists and renames organisations."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def make(self, name: str) -> Org:
        """A new organisation, by whoever runs the server. Raises Refused (400) for a name that cannot be shown."""
        made = Org(self._means.new_id(), clean_name(name), self._means.now_ms())
        async with self._means.change() as change:
            await self._insert(change, made)
        return made

    async def first(self, name: str) -> Org:
        """The organisation that the server began with; made, called ``name``, where there is none yet."""
        made = Org(self._means.new_id(), clean_name(name), self._means.now_ms())
        async with self._means.change() as change:
            row = await change.tx.row("SELECT id, name, made_ms FROM orgs ORDER BY made_ms, id LIMIT 1")
            if row is not None:
                return Org(*row)
            await self._insert(change, made)
        return made

    async def rows(self) -> tuple[Org, ...]:
        """All of them, the oldest first, for whoever runs the server."""
        async with self._means.database.read() as tx:
            return tuple(Org(*row) for row in await tx.rows("SELECT id, name, made_ms FROM orgs ORDER BY made_ms, id"))

    async def rename(self, actor: Actor, name: str, address: str = "") -> None:
        """Give the actor's organisation another name. Raises Refused (403, 400)."""
        await self._means.check_may(actor, Deed.RUN_ORG, address)
        clean = clean_name(name)
        async with self._means.change() as change:
            await change.tx.run("UPDATE orgs SET name = $1 WHERE id = $2", clean, actor.org)
            await self._means.note(change.tx, entry_of(actor, "org.renamed", actor.org, address, name=clean))

    async def _insert(self, change: Change, org: Org) -> None:
        await change.tx.run("INSERT INTO orgs (id, name, made_ms) VALUES ($1, $2, $3)", org.id, org.name, org.made_ms)
        await self._means.note(change.tx, AuditEntry(org.id, "org.made", "", org.id, "", {"name": org.name}))


def operator(org: str, now_ms: int) -> Actor:
    """Whoever runs the server, at its command line, for an organisation: an owner whose second factor is the machine."""
    return Actor("", org, Role.OWNER, "", "", "operator", stepped_ms=now_ms)
