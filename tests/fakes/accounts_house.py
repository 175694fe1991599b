"""Accounts over a real database, with a clock that the test moves and people who join as people do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pyotp

from sync_server.accounts.accounts import Accounts, Terms
from sync_server.accounts.passwords import Cost
from sync_server.accounts.tables import TABLES
from sync_server.accounts.values import Device, InvitationTerms, Login, NeedsCode, Registration, Tokens
from sync_server.actor import Actor, Role
from sync_server.audit.audit import Audit, AuditEntry
from sync_server.audit.tables import TABLES as AUDIT_TABLES
from sync_server.clock import ManualClock
from sync_server.storage.database import Database
from sync_server.storage.keys import ServerKeys, load_keys
from sync_server.storage.opening import open_database
from sync_server.storage.tables import TABLES as STORAGE_TABLES

ALL_TABLES = (*STORAGE_TABLES, *AUDIT_TABLES, *TABLES)
CHEAP = Cost(8, 1)  # argon2id at its least: tests of what surrounds it
PASSWORD = "seven wet ferns at noon"
HOME = "192.0.2.7"


@dataclass
class House:
    """Accounts and what a test looks at."""

    accounts: Accounts
    database: Database
    clock: ManualClock
    keys: ServerKeys
    org: str
    ended: list[frozenset[str]] = field(default_factory=list)
    seeds: dict[str, str] = field(default_factory=dict)

    async def owner(self, email: str = "olga@example.org", device: str = "device-olga") -> Actor:
        """The first owner, joined by the code that the server prints."""
        tokens = await self.join(await self.accounts.invitations.first_code(self.org), email, "Olga Owner", device)
        return await self.accounts.verify(tokens.access)

    async def join(self, code: str, email: str, name: str, device: str = "device-0001") -> Tokens:
        return await self.accounts.register(Registration(code, email, name, PASSWORD, Device(device, "Desk")), HOME)

    async def invite(self, actor: Actor, email: str, role: Role = Role.TRADER, name: str = "") -> Tokens:
        """Somebody new in the actor's organisation, signed in."""
        made = await self.accounts.invitations.make(actor, InvitationTerms(role))
        return await self.join(made.code, email, name or email.partition("@")[0].title(), f"device-{email}".replace("@", "."))

    async def signed_in(self, email: str, device: str = "device-0002", code: str = "", address: str = HOME) -> Tokens | NeedsCode:
        return await self.accounts.login(Login(Device(device, "Laptop"), email, PASSWORD, code), address)

    async def stepped(self, actor: Actor) -> Actor:
        """The actor with a second factor set up and shown now."""
        if actor.user not in self.seeds:
            enrolment = await self.accounts.factors.enrol(actor, PASSWORD)
            self.seeds[actor.user] = enrolment.secret
            await self.accounts.factors.confirm(actor, self.code_of(actor.user))
        else:
            self.clock.advance(30_000)
            await self.accounts.factors.step_up(actor, self.code_of(actor.user))
        return await self.accounts.recheck(actor)

    def code_of(self, user: str, steps: int = 0) -> str:
        """What the person's authenticator shows now, or so many steps from now."""
        return pyotp.TOTP(self.seeds[user]).generate_otp(self.clock.now_ms() // 30_000 + steps)

    async def audited(self, kind: str = "") -> list[AuditEntry]:
        """The audit's entries in order, of one kind or all."""
        async with self.database.read() as tx:
            rows = await tx.rows("SELECT body FROM audit ORDER BY n")
        entries = [msgspec.json.decode(body, type=AuditEntry) for (body,) in rows]
        return [entry for entry in entries if not kind or entry.kind == kind]


@asynccontextmanager
async def accounts_house(url: str, folder, terms: Terms | None = None, clock: ManualClock | None = None) -> AsyncIterator[House]:
    """Accounts over the database at ``url``; keys lie in ``folder``."""
    clock, terms = clock or ManualClock(), terms or Terms()
    keys = load_keys(folder)
    database = await open_database(url, ALL_TABLES, clock)
    accounts = Accounts(
        database,
        keys,
        Audit(database, keys, clock, folder),
        clock,
        msgspec.structs.replace(terms, cost=terms.cost or CHEAP, n_threads=2),
    )
    try:
        org = await accounts.begin()
        house = House(accounts, database, clock, keys, org.id)
        accounts.on_ended(house.ended.append)
        yield house
    finally:
        await accounts.close()
        await database.close()
