"""What every part of accounts works with: database, keys, audit, clock, limits, and secrets made and hashed one way."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from sync_server.accounts.limits import RateLimits, Rule
from sync_server.accounts.permissions import Deed, check_may
from sync_server.accounts.standings import Standings
from sync_server.accounts.tokens import AccessTokens
from sync_server.actor import Actor
from sync_server.audit.audit import Audit, AuditEntry
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.ids import IdMaker
from sync_server.storage.database import Database, Writing
from sync_server.storage.keys import ServerKeys

SECRET_BYTES: Final = 32
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
PAGE: Final = 200  # rows of a list at a time
NEWEST: Final = "~"  # after every id; ids grow with time, so a list goes down them from the newest


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction under way, and what the process has to know once it is committed."""

    tx: Writing
    ended: list[str] = field(default_factory=list)  # sessions and keys
    changed: list[str] = field(default_factory=list)  # people


@dataclass(frozen=True, slots=True)
class Means:
    """Given once to each part; ``entropy(n)`` gives n bytes nobody can guess."""

    database: Database
    keys: ServerKeys
    audit: Audit
    clock: Clock
    limits: RateLimits
    tokens: AccessTokens
    standings: Standings
    entropy: Callable[[int], bytes] = os.urandom
    ids: IdMaker = field(default_factory=lambda: IdMaker(os.urandom))

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """A transaction; after its commit, and only then, ended sessions are told and changed people looked up anew."""
        async with self.database.write() as tx:
            change = Change(tx)
            yield change
        for user in change.changed:
            self.standings.forget_user(user)
        self.standings.end(change.ended)

    def now_ms(self) -> int:
        """UTC time."""
        return self.clock.now_ms()

    def new_id(self) -> str:
        """A new UUIDv7."""
        return self.ids.make(self.clock.now_ms())

    def new_secret(self) -> str:
        """A new secret of 256 bits, as 43 letters that need no escaping anywhere."""
        return base64.urlsafe_b64encode(self.entropy(SECRET_BYTES)).rstrip(b"=").decode("ascii")

    async def check_may(self, actor: Actor, deed: Deed, address: str = "", *, is_own: bool = False) -> None:
        """Refuse what the actor may not do (see :func:`permissions.check_may`), and enter the refusal in the audit."""
        async with self.audited(actor, deed.value, address):
            check_may(actor, deed, self.now_ms(), is_own=is_own)

    @asynccontextmanager
    async def audited(self, actor: Actor, deed: str, address: str = "") -> AsyncIterator[None]:
        """Enter in the audit that the block was refused for want of rights. To be put around a transaction, never inside one."""
        try:
            yield
        except Refused as refusal:
            if refusal.status == 403:
                entry = entry_of(actor, "access.refused", address=address, deed=deed, code=str(refusal.code))
                await self.audit.note(None, entry)
            raise

    def check_rate(self, key: str, rule: Rule) -> None:
        """Count one; Refused (``limited``, 429) with when to come again where there were too many."""
        self.check_rates(((key, rule),))

    def check_rates(self, counted: Sequence[tuple[str, Rule]]) -> None:
        """Count one in each of several limits, or in none: what one refuses uses up nothing of the others."""
        for n_taken, (key, rule) in enumerate(counted):
            after_ms = self.limits.take(key, rule)
            if after_ms:
                self.give_back(counted[:n_taken])
                raise Refused(
                    Code.LIMITED, "That was too often.", hint="Wait a moment and try again.", status=429, after_ms=after_ms
                )

    def give_back(self, counted: Sequence[tuple[str, Rule]]) -> None:
        """Count what was counted as not done."""
        for key, rule in counted:
            self.limits.give_back(key, rule)

    async def note(self, tx: Writing | None, entry: AuditEntry) -> None:
        """Enter something in the audit: with ``tx`` together with what it tells of, else by itself."""
        await self.audit.note(tx, entry)

    async def note_refusal(self, entry: AuditEntry, refusal: Refused) -> Refused:
        """Enter a refusal, and give it back to be raised."""
        detail = dict(entry.detail) | {"code": str(refusal.code)}
        await self.audit.note(None, AuditEntry(entry.org, entry.kind, entry.actor, entry.about, entry.address, detail))
        return refusal


def hash_secret(secret: str) -> bytes:
    """What is stored of a secret of 256 bits: nobody finds it again, and it needs no salt."""
    return hashlib.sha256(secret.encode("utf-8")).digest()


def entry_of(actor: Actor, kind: str, about: str = "", address: str = "", **detail: object) -> AuditEntry:
    """An audit entry of something an actor does."""
    return AuditEntry(actor.org, kind, actor.user, about, address, detail)


def not_signed_in() -> Refused:
    """The one answer to every sign-in that fails: nobody learns which part was wrong, or whether there is such an account."""
    return Refused(
        Code.NOT_SIGNED_IN,
        "Address, password or code are not right.",
        status=401,
        hint="Check them, or ask an administrator for a link that sets a new password.",
    )


def not_there(what: str) -> Refused:
    """Something that is not there, or not for this person: both look the same."""
    return Refused(Code.NO_TARGET, f"There is no such {what}.", status=404)
