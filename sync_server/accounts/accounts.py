"""The front of accounts: what the rest of the server asks about people, sessions and keys.

Parts with a subject of their own stand as attributes: ``invitations``, ``factors``, ``directory``, ``api_keys``, ``orgs``,
``sessions``, ``signing_in``; here are the questions of every request.
"""

import asyncio
import hashlib
import logging
from pathlib import Path
from typing import Any, Final

import msgspec

from sync_server.accounts.api_keys import PREFIX, ApiKeys
from sync_server.accounts.breached import BreachedPasswords
from sync_server.accounts.directory import Directory
from sync_server.accounts.factors import Factors
from sync_server.accounts.invitations import Invitations
from sync_server.accounts.limits import FORGED, REFRESH, RateLimits
from sync_server.accounts.means import Means
from sync_server.accounts.orgs import Orgs
from sync_server.accounts.passwords import Cost, Passwords
from sync_server.accounts.replies import Once, Replies
from sync_server.accounts.sessions import DEVICES_MAX, Sessions
from sync_server.accounts.signing_in import SigningIn
from sync_server.accounts.standings import Listener, Standings
from sync_server.accounts.sweeping import sweep
from sync_server.accounts.tokens import AccessTokens, Claims, check_in_time
from sync_server.accounts.values import Login, NeedsCode, Org, Registration, Tokens
from sync_server.actor import Actor
from sync_server.audit.audit import Audit, AuditEntry
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.messages import Person
from sync_server.storage.database import Database
from sync_server.storage.keys import ServerKeys

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0  # how often changes by other processes are looked for: sockets close within 5 s of a session's end
SWEEP_MS: Final = 3_600_000


class Terms(msgspec.Struct, frozen=True):
    """How this server holds accounts. ``cost`` None: what suits the machine."""

    org: str = "Team"  # the first organisation's name
    devices_max: int = DEVICES_MAX
    cost: Cost | None = None
    n_threads: int = 0  # for argon2; 0: one a core
    look_s: float = LOOK_S
    breached: str = ""  # path of a list of breached passwords, see ``breached.py``; empty: none


class Accounts:
    """Everything about accounts, over one database."""

    def __init__(self, database: Database, keys: ServerKeys, audit: Audit, clock: Clock, terms: Terms | None = None) -> None:
        self.terms = terms or Terms()
        self.limits = RateLimits(clock)
        tokens, standings = AccessTokens(keys.token, f"trii:{keys.pin}"), Standings()
        self.means = Means(database, keys, audit, clock, self.limits, tokens, standings)
        breached = BreachedPasswords(Path(self.terms.breached)) if self.terms.breached else None
        self.passwords = Passwords(self.terms.cost, self.terms.n_threads, breached=breached)
        self.replies = Replies(self.means)
        self.sessions = Sessions(self.means, self.terms.devices_max)
        self.factors = Factors(self.means, self.passwords, self.sessions)
        self.invitations = Invitations(self.means, self.replies)
        self.signing_in = SigningIn(self.means, self.passwords, self.sessions, self.factors, self.invitations)
        self.directory = Directory(self.means, self.sessions, self.factors)
        self.api_keys = ApiKeys(self.means, self.replies)
        self.orgs = Orgs(self.means)

    async def begin(self) -> Org:
        """Make ready: the first organisation, the hash for accounts that do not exist, and no session that came with a backup."""
        await self.passwords.begin()
        await self.sessions.end_restored()
        return await self.orgs.first(self.terms.org)

    async def close(self) -> None:
        """End the threads. Raises nothing."""
        await asyncio.to_thread(self.passwords.close)

    async def watch(self) -> None:
        """Learn what other processes changed, and forget what is over; runs until it is cancelled."""
        swept_ms = self.means.clock.steady_ms()
        while True:
            await asyncio.sleep(self.terms.look_s)
            try:
                await self.sessions.look()
                if self.means.clock.steady_ms() - swept_ms >= SWEEP_MS:
                    await sweep(self.means)
                    swept_ms = self.means.clock.steady_ms()
            except Refused as refusal:  # the database is away for a moment: what is known here holds until it is back
                log.info("Accounts could not be looked at: %s", refusal)

    # --- coming and going ---

    async def register(self, asked: Registration, address: str = "", once: Once | None = None) -> Tokens:
        """Join by an invitation; see :meth:`SigningIn.register`."""
        return await self.signing_in.register(asked, address, once)

    async def login(self, asked: Login, address: str = "") -> Tokens | NeedsCode:
        """Sign in; see :meth:`SigningIn.login`."""
        return await self.signing_in.login(asked, address)

    async def refresh(self, token: str, address: str = "") -> Tokens:
        """The next pair of tokens; see :meth:`Sessions.refresh`. Raises Refused (401, 429)."""
        self.means.check_rate(address, REFRESH)
        return await self.sessions.refresh(token, address)

    async def logout(self, actor: Actor, address: str = "", *, is_everywhere: bool = False) -> None:
        """End this session, or all of the person. Raises Refused (403) for a key, which ends otherwise."""
        if actor.scopes is not None:
            raise Refused(Code.NOT_ALLOWED, "A key does not sign out.", status=403)
        if is_everywhere:
            await self.sessions.end_others(actor, address)
        await self.sessions.end(actor, actor.session, address)

    # --- every request ---

    async def verify(self, access: str, address: str = "") -> Actor:
        """Who shows this access token or key. Cheap: a token seen before costs a hash and two look-ups in memory.

        Raises Refused (401): ``not_signed_in`` for anything that is not genuine, ``expired``, ``ended``.
        """
        if access.startswith(PREFIX):
            return await self.api_keys.verify(access, address)
        now = self.means.now_ms()
        digest = hashlib.sha256(access.encode("utf-8", "replace")).digest()
        claims = self.means.standings.claims(digest)
        if claims is None:
            claims = await self._check_token(access, address, now)
            self.means.standings.keep_claims(digest, claims)
        check_in_time(claims.exp_ms, now)
        standing = await self.sessions.standing(claims.session)
        return msgspec.structs.replace(standing.actor, until_ms=claims.exp_ms)

    async def _check_token(self, access: str, address: str, now_ms: int) -> Claims:
        """What a token says that was not seen before; one that is forged is entered in the audit, a few a minute from one place."""
        try:
            return self.means.tokens.check(access, now_ms)
        except Refused as refusal:
            if refusal.code is Code.NOT_SIGNED_IN and not self.limits.take(address, FORGED):
                entry = AuditEntry("", "auth.refused", "", "", address, {"step": "token"})
                raise await self.means.note_refusal(entry, refusal) from None
            raise

    def remembered(self, actor: Actor) -> Actor | None:
        """:meth:`recheck` from memory alone, for many connections every other second; None where it has to be asked."""
        standing = self.sessions.remembered(actor.session) if actor.scopes is None else None
        return None if standing is None else msgspec.structs.replace(standing.actor, until_ms=actor.until_ms)

    async def recheck(self, actor: Actor) -> Actor:
        """The actor as it is now: role, name, second factor; for connections that last. Raises Refused (401) once it has ended."""
        if actor.scopes is not None:
            return (await self.api_keys.standing(actor.session)).actor
        standing = await self.sessions.standing(actor.session)
        return msgspec.structs.replace(standing.actor, until_ms=actor.until_ms)

    async def is_ended(self, session: str) -> bool:
        """Whether a session or key stands no longer. Asks the database only about what is not in memory."""
        standings = self.means.standings
        if standings.is_ended(session):
            return True
        part = self.sessions if "-" in session else self.api_keys
        try:
            await part.standing(session)
        except Refused as refusal:
            return refusal.status == 401
        return False

    def on_ended(self, listener: Listener) -> None:
        """Call ``listener(sessions)`` whenever sessions or keys end, after that is durable."""
        self.means.standings.on_ended(listener)

    async def people(self, actor: Actor, beside: frozenset[str] = frozenset()) -> tuple[Person, ...]:
        """Colleagues; see :meth:`Directory.people`."""
        return await self.directory.people(actor, beside)

    def jwks(self) -> dict[str, Any]:
        """The public keys of access tokens (RFC 7517)."""
        return self.means.tokens.jwks()
