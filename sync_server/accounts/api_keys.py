"""Keys for programs: each acts as a bot of its own, with scopes, an end and networks, and never further than who made it."""

import hmac
import ipaddress
import re
from typing import Final

from sync_server.accounts.directory import free_handle
from sync_server.accounts.limits import MAKE
from sync_server.accounts.means import DAY_MS, NEWEST, PAGE, Change, Means, entry_of, hash_secret, not_there
from sync_server.accounts.names import clean_name
from sync_server.accounts.permissions import DEED_OF_SCOPE, SCOPES, Deed, may
from sync_server.accounts.records import load_account
from sync_server.accounts.replies import Once, Replies
from sync_server.accounts.standings import Standing
from sync_server.accounts.tokens import Claims, expired
from sync_server.accounts.values import KeyRow, KeyTerms
from sync_server.actor import Actor, Role
from sync_server.audit.audit import AuditEntry
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.storage.database import Reading

PREFIX: Final = "trii_key_"
_FORM: Final = re.compile(r"trii_key_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_SEEN_EVERY_MS: Final = 60_000


class ApiKeys:
    """Makes, lists, ends and checks keys."""

    def __init__(self, means: Means, replies: Replies) -> None:
        self._means = means
        self._replies = replies
        self._seen: dict[str, tuple[int, str]] = {}  # key → when and from where its use was last stored

    async def make(self, actor: Actor, terms: KeyTerms, once: Once | None = None, address: str = "") -> KeyRow:
        """A new key, told once, with its bot. Raises Refused: 403, 400 for scopes or networks that there are not, 429."""
        await self._means.check_may(actor, Deed.MAKE_KEY, address)
        name = clean_name(terms.name)
        unknown = sorted(set(terms.scopes) - SCOPES)
        if unknown:
            raise Refused(Code.BAD_BODY, f"There is no scope {unknown[0]!r}.", hint=f"Scopes are {', '.join(sorted(SCOPES))}.")
        networks = tuple(_network(text) for text in terms.networks)
        self._means.check_rate(actor.user, MAKE)
        whole = KeyTerms(name, tuple(sorted(set(terms.scopes))), terms.days, networks)
        return await self._replies.give(once, actor.org, KeyRow, lambda change: self._make(change, actor, whole, address))

    async def rows(self, actor: Actor, before: str = "", limit: int = PAGE) -> tuple[KeyRow, ...]:
        """Keys of the organisation that have not ended, the newest first, those before ``before``. Raises Refused (403)."""
        await self._means.check_may(actor, Deed.SEE_ACCOUNTS)
        async with self._means.database.read() as tx:
            rows = await tx.rows(
                "SELECT id, user_id, name, scopes, networks, made_by, made_ms, until_ms, seen_ms FROM api_keys"
                " WHERE org = $1 AND ended_ms = 0 AND until_ms > $2 AND id < $3 ORDER BY id DESC LIMIT $4",
                *(actor.org, self._means.now_ms(), before or NEWEST, max(1, min(limit, PAGE))),
            )
        return tuple(
            KeyRow(key, user, name, tuple(scopes.split()), tuple(networks.split()), *rest)
            for key, user, name, scopes, networks, *rest in rows
        )

    async def end(self, actor: Actor, key: str, address: str = "") -> None:
        """End a key at once; its bot stays as a name. Raises Refused (403, 404). Asks for no second factor: ending must be easy."""
        await self._means.check_may(actor, Deed.DISABLE, address)
        if actor.scopes is not None:
            raise Refused(Code.NOT_ALLOWED, "A key decides about no keys.", status=403)
        async with self._means.change() as change:
            row = await change.tx.row(
                "UPDATE api_keys SET ended_ms = $1 WHERE id = $2 AND org = $3 AND ended_ms = 0 RETURNING user_id",
                *(self._means.now_ms(), key, actor.org),
            )
            if row is None:
                raise not_there("key")
            await change.tx.run("UPDATE users SET disabled_ms = $1, changed_ms = $1 WHERE id = $2", self._means.now_ms(), row[0])
            change.ended.append(key)
            change.changed.append(row[0])
            await self._means.note(change.tx, entry_of(actor, "key.ended", key, address))

    async def verify(self, shown: str, address: str) -> Actor:
        """The bot that a key stands for. Raises Refused (401) for a key that is wrong, over, ended, or from a foreign network."""
        form = _FORM.fullmatch(shown)
        if form is None:
            raise _refused()
        key, digest = form[1], hash_secret(shown)
        known = self._means.standings.claims(digest)
        standing = await self.standing(key, None if known is not None and known.session == key else digest)
        if known is None:
            actor = standing.actor
            claims = Claims(actor.user, actor.org, actor.role, key, key, standing.until_ms)
            self._means.standings.keep_claims(digest, claims)
        if standing.networks and not _is_within(address, standing.networks):
            entry = AuditEntry(standing.actor.org, "auth.refused", standing.actor.user, key, address, {"step": "network of a key"})
            raise await self._means.note_refusal(entry, _refused())
        await self._note_use(standing.actor, key, address)
        return standing.actor

    async def standing(self, key: str, digest: bytes | None = None) -> Standing:
        """Who acts by a key. With ``digest`` the secret is compared, without it was before. Raises Refused (401)."""
        standings = self._means.standings
        if standings.is_ended(key):
            raise _refused()
        found = standings.find(key) if digest is None else None
        if found is None:
            n_changes = standings.n_changes
            async with self._means.database.read() as tx:
                found = await self._load(tx, key, digest)
            if found is None or standings.is_ended(key):
                raise _refused()
            standings.keep(key, found, n_changes)
        if self._means.now_ms() >= found.until_ms:
            raise expired("This key is over.")
        return found

    async def _load(self, tx: Reading, key: str, digest: bytes | None) -> Standing | None:
        """Who acts by a key, with the scopes that its maker's role still bears; None for one that is wrong or over."""
        row = await tx.row(
            "SELECT user_id, made_by, hash, scopes, networks, until_ms FROM api_keys WHERE id = $1 AND ended_ms = 0", key
        )
        if row is None or (digest is not None and not hmac.compare_digest(bytes(row[2]), digest)):
            return None
        bot, maker = await load_account(tx, row[0]), await load_account(tx, row[1])
        if bot is None or maker is None or not (bot.is_open and maker.is_open):
            return None
        scopes = frozenset(scope for scope in row[3].split() if _bears(maker.role, scope))
        actor = Actor(bot.id, bot.org, Role.BOT, key, key, bot.name, scopes, row[5])
        return Standing(actor, row[5], maker.id, tuple(row[4].split()))

    async def _make(self, change: Change, actor: Actor, terms: KeyTerms, address: str) -> KeyRow:
        now, bot, key = self._means.now_ms(), self._means.new_id(), self._means.new_id().replace("-", "")
        shown, until_ms = f"{PREFIX}{key}_{self._means.new_secret()}", now + terms.days * DAY_MS
        await change.tx.run(
            "INSERT INTO users (id, org, role, name, handle, made_ms, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, $6)",
            *(bot, actor.org, str(Role.BOT), terms.name, await free_handle(change.tx, actor.org, terms.name), now),
        )
        await change.tx.run(
            "INSERT INTO api_keys (id, org, user_id, made_by, hash, name, scopes, networks, made_ms, until_ms)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *(key, actor.org, bot, actor.user, hash_secret(shown), terms.name),
            *(" ".join(terms.scopes), " ".join(terms.networks), now, until_ms),
        )
        await self._means.note(change.tx, entry_of(actor, "key.made", key, address, scopes=list(terms.scopes), bot=bot))
        return KeyRow(key, bot, terms.name, terms.scopes, terms.networks, actor.user, now, until_ms, 0, shown)

    async def _note_use(self, actor: Actor, key: str, address: str) -> None:
        """Store when a key was last used, once a minute; a new place it is used from is an audit entry."""
        steady_ms = self._means.clock.steady_ms()
        before = self._seen.get(key)
        if before is not None and before[1] == address and steady_ms - before[0] < _SEEN_EVERY_MS:
            return
        self._seen[key] = (steady_ms, address)
        async with self._means.change() as change:
            row = await change.tx.row("SELECT address FROM api_keys WHERE id = $1", key)
            if row is None or row[0] != address:
                await self._means.note(change.tx, entry_of(actor, "key.used", key, address))
            await change.tx.run("UPDATE api_keys SET seen_ms = $1, address = $2 WHERE id = $3", self._means.now_ms(), address, key)


def _bears(maker: Role, scope: str) -> bool:
    """Whether the maker's role still lets a key do what the scope is for; scopes of rooms are bounded by the bot's own seats."""
    deed = DEED_OF_SCOPE.get(scope)
    return deed is None or may(maker, deed)


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise Refused(Code.BAD_BODY, f"{text!r} is no network.", hint="Write it as 192.0.2.0/24 or 2001:db8::/32.") from None


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    place = getattr(place, "ipv4_mapped", None) or place
    return any(place in ipaddress.ip_network(network) for network in networks)


def _refused() -> Refused:
    return Refused(Code.NOT_SIGNED_IN, "This key is not accepted.", status=401, hint="It may be over or ended: ask who made it.")
