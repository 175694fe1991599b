"""Sessions: one for each device of a person, renewed by rotating tokens, listed, limited, ended here and everywhere."""

from collections.abc import Sequence
from typing import Final

from sync_server.accounts import families
from sync_server.accounts.families import Judgement, Presented, Uses
from sync_server.accounts.means import Change, Means, entry_of, hash_secret, not_there
from sync_server.accounts.records import Account, load_account
from sync_server.accounts.standings import Standing
from sync_server.accounts.tokens import ACCESS_MS, Claims, expired
from sync_server.accounts.values import Device, SessionRow, Tokens
from sync_server.actor import Actor
from sync_server.audit.audit import AuditEntry
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.storage.database import Reading

DEVICES_MAX: Final = 10  # sessions of one person; one more ends the one longest unused
_SLACK_MS: Final = 60_000  # how far back changes by other processes are looked for


class Sessions:
    """Begins, renews and ends sessions; knows who acts by each."""

    def __init__(self, means: Means, devices_max: int = DEVICES_MAX) -> None:
        self._means = means
        self._devices_max = devices_max
        self._uses = Uses(means.clock)
        self._looked_ms = 0
        self._changed: dict[str, int] = {}  # people whom the last look found changed, and when

    async def begin(self, change: Change, account: Account, device: Device, address: str, stepped_ms: int = 0) -> Tokens:
        """A new session for ``account`` on ``device``; one that the device had ends, and the oldest of too many."""
        now = self._means.now_ms()
        await self._make_room(change, account, device)
        session = self._means.new_id()
        await change.tx.run(
            "INSERT INTO sessions (id, org, user_id, device, name, address, began_ms, seen_ms, until_ms, stepped_ms)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
            *(session, account.org, account.id, device.id, device.name, address, now, now + families.ABSOLUTE_MS, stepped_ms),
        )
        refresh = await self._add_token(change, account.org, session)
        return self._tokens(account, session, device.id, refresh, now + families.ABSOLUTE_MS)

    async def refresh(self, token: str, address: str = "") -> Tokens:
        """The next pair of tokens. Raises Refused (401): unknown, ``expired``, or ``ended``; see :mod:`families`."""
        digest = hash_secret(token)
        shown_at = self._uses.moment()
        async with self._means.change() as change:
            row = await change.tx.row(
                "SELECT r.used_ms, s.seen_ms, s.until_ms, s.ended_ms, r.successor, s.id, s.device, s.user_id FROM refreshes r"
                " JOIN sessions s ON s.id = r.session WHERE r.hash = $1",
                digest,
            )
            if row is None:
                raise Refused(Code.NOT_SIGNED_IN, "This session is not known here.", status=401, hint="Sign in.")
            shown, (sealed, session, device, user) = Presented(*row[:4]), row[4:]
            judgement = families.judge(shown, self._means.now_ms(), self._uses.since(digest, shown_at))
            account = await load_account(change.tx, user)
            assert account is not None, f"The session {session} is of nobody."
            if judgement is Judgement.ROTATE:
                refresh = await self._rotate(change, account.org, session, token, address)
            elif judgement is Judgement.AGAIN and sealed is not None:
                refresh = families.open_successor(sealed, token)
            elif judgement is Judgement.REUSED:
                await self._end_family(change, account, session, address)
        if judgement is Judgement.EXPIRED or (judgement is Judgement.AGAIN and sealed is None):
            raise expired("Nothing was heard of this session for too long, or its next token is in use already.")
        if judgement in (Judgement.ENDED, Judgement.REUSED):
            raise _ended()
        if judgement is Judgement.ROTATE:
            self._uses.keep(digest)
        return self._tokens(account, session, device, refresh, shown.until_ms)

    def remembered(self, session: str) -> Standing | None:
        """Who acts by a session that stands, from memory alone; None where that does not say."""
        standings = self._means.standings
        found = None if standings.is_ended(session) else standings.find(session)
        return None if found is None or self._means.now_ms() >= found.until_ms else found

    async def standing(self, session: str) -> Standing:
        """Who acts by a session, from memory where it is known. Raises Refused (401, ``ended`` or ``expired``)."""
        standings = self._means.standings
        if standings.is_ended(session):
            raise _ended()
        found = standings.find(session)
        if found is None:
            n_changes = standings.n_changes
            found = await self._means.database.glance(lambda tx: self._load(tx, session))
            if found is None or standings.is_ended(session):
                raise _ended()
            standings.keep(session, found, n_changes)
        if self._means.now_ms() >= found.until_ms:
            raise expired("The session is too old.")
        return found

    async def rows(self, actor: Actor) -> tuple[SessionRow, ...]:
        """The person's sessions that stand, the latest used first."""
        now = self._means.now_ms()
        async with self._means.database.read() as tx:
            rows = await tx.rows(
                "SELECT id, device, name, began_ms, seen_ms, until_ms, address FROM sessions WHERE user_id = $1 AND ended_ms = 0"
                " AND until_ms > $2 AND seen_ms >= $3 ORDER BY seen_ms DESC, id DESC",
                *(actor.user, now, now - families.IDLE_MS),
            )
        return tuple(
            SessionRow(session, device, name, began_ms, seen_ms, until_ms, place, session == actor.session)
            for session, device, name, began_ms, seen_ms, until_ms, place in rows
        )

    async def end(self, actor: Actor, session: str, address: str = "") -> None:
        """End one session of the person. Raises Refused (404) where there is no such session that stands."""
        async with self._means.change() as change:
            ended = await self._end_where(change, "id = $3 AND user_id = $4", (session, actor.user), "ended by the person")
            if not ended:
                raise not_there("session")
            await self._means.note(change.tx, entry_of(actor, "auth.logout", session, address))

    async def end_others(self, actor: Actor, address: str = "") -> int:
        """End every session of the person but the one that asks; how many ended."""
        async with self._means.change() as change:
            ended = await self.end_all(change, actor.user, "ended by the person", but=actor.session)
            await self._means.note(change.tx, entry_of(actor, "auth.logout_others", address=address, n_sessions=len(ended)))
        return len(ended)

    async def end_all(self, change: Change, user: str, why: str, but: str = "") -> Sequence[str]:
        """End all sessions of a person within a transaction; the ids of those that ended."""
        return await self._end_where(change, "user_id = $3 AND id <> $4", (user, but), why)

    async def end_restored(self) -> int:
        """End what came back with a restored backup: a session ended since the backup would stand again; how many ended.

        To be called before anybody can sign in, and before the rooms have begun their new epochs, which settles the restore.
        """
        async with self._means.change() as change:
            return len(await self._end_where(change, _RESTORED, (), "the server was restored from a backup"))

    async def step_up(self, change: Change, session: str) -> None:
        """Note that a second factor was shown now."""
        await change.tx.run("UPDATE sessions SET stepped_ms = $1 WHERE id = $2", self._means.now_ms(), session)

    async def look(self) -> None:
        """Learn what other processes ended and whom they changed."""
        now = self._means.now_ms()
        since_ms = min(now, self._looked_ms or now) - _SLACK_MS  # a clock that leaps between two looks hides nothing
        self._looked_ms = now
        async with self._means.database.read() as tx:
            ended = await tx.rows(
                "SELECT id FROM sessions WHERE ended_ms > $1 UNION ALL SELECT id FROM api_keys WHERE ended_ms > $1", since_ms
            )
            rows = await tx.rows("SELECT id, changed_ms FROM users WHERE changed_ms > $1", since_ms)
        changed: dict[str, int] = {row[0]: row[1] for row in rows}
        for user, changed_ms in changed.items():
            if self._changed.get(user) != changed_ms:
                self._means.standings.forget_user(user)
        self._changed = changed
        self._means.standings.end(session for (session,) in ended)

    async def _rotate(self, change: Change, org: str, session: str, token: str, address: str) -> str:
        now = self._means.now_ms()
        successor = self._means.new_secret()
        # Whoever shows this token has got it: what gave it need not give it again, and a copy of that opens nothing any more.
        await change.tx.run("UPDATE refreshes SET successor = NULL WHERE session = $1 AND successor IS NOT NULL", session)
        await change.tx.run(
            "UPDATE refreshes SET used_ms = $1, successor = $2 WHERE hash = $3",
            *(now, families.seal_successor(successor, token), hash_secret(token)),
        )
        await change.tx.run("UPDATE sessions SET seen_ms = $1, address = $2 WHERE id = $3", now, address, session)
        return await self._add_token(change, org, session, successor)

    async def _add_token(self, change: Change, org: str, session: str, token: str = "") -> str:
        token = token or self._means.new_secret()
        await change.tx.run(
            "INSERT INTO refreshes (hash, org, session, made_ms) VALUES ($1, $2, $3, $4)",
            *(hash_secret(token), org, session, self._means.now_ms()),
        )
        return token

    async def _end_family(self, change: Change, account: Account, session: str, address: str) -> None:
        await self._end_where(change, "id = $3 AND user_id = $4", (session, account.id), "its refresh token was used twice")
        await self._means.note(change.tx, AuditEntry(account.org, "auth.reuse", account.id, session, address, {}))

    async def _make_room(self, change: Change, account: Account, device: Device) -> None:
        await self._end_where(change, "user_id = $3 AND device = $4", (account.id, device.id), "signed in again")
        rows = await change.tx.rows(
            "SELECT id FROM sessions WHERE user_id = $1 AND ended_ms = 0 ORDER BY seen_ms DESC, id DESC", account.id
        )
        for (session,) in rows[self._devices_max - 1 :]:
            await self._end_where(change, "id = $3 AND user_id = $4", (session, account.id), "too many devices")

    async def _end_where(self, change: Change, which: str, args: tuple[str, ...], why: str) -> Sequence[str]:
        rows = await change.tx.rows(_ENDS[which], self._means.now_ms(), why, *args)
        ended = [session for (session,) in rows]
        change.ended.extend(ended)
        return ended

    async def _load(self, tx: Reading, session: str) -> Standing | None:
        row = await tx.row(
            "SELECT user_id, device, until_ms, stepped_ms FROM sessions WHERE id = $1 AND ended_ms = 0",
            session,
        )
        account = None if row is None else await load_account(tx, row[0])
        if row is None or account is None or not account.is_open:
            return None
        actor = Actor(account.id, account.org, account.role, row[1], session, account.name, stepped_ms=row[3])
        return Standing(actor, row[2])

    def _tokens(self, account: Account, session: str, device: str, refresh: str, until_ms: int) -> Tokens:
        now = self._means.now_ms()
        exp_ms = min(now + ACCESS_MS, until_ms)
        claims = Claims(account.id, account.org, account.role, session, device, exp_ms)
        access = self._means.tokens.issue(claims, self._means.new_id(), now)
        return Tokens(access, refresh, exp_ms // 1000 * 1000, session, account.id, account.org, account.role, account.name)


_END: Final = "UPDATE sessions SET ended_ms = $1, why = $2 WHERE ended_ms = 0 AND "
_RESTORED: Final = "EXISTS (SELECT 1 FROM restores WHERE NOT is_settled)"  # no time: the clocks of two machines tell nothing
_ENDS: Final = {
    which: _END + which + " RETURNING id"
    for which in ("id = $3 AND user_id = $4", "user_id = $3 AND id <> $4", "user_id = $3 AND device = $4", _RESTORED)
}


def _ended() -> Refused:
    return Refused(Code.ENDED, "This session was ended.", status=401, hint="Sign in again.")
