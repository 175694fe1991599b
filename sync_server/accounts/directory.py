"""The people of an organisation: as colleagues see them, as administrators do, and as each sees the own account."""

from collections.abc import Callable, Sequence
from typing import Any, Final, LiteralString

import msgspec

from sync_server.accounts.emails import open_email
from sync_server.accounts.factors import Factors
from sync_server.accounts.means import PAGE, Change, Means, entry_of, not_there
from sync_server.accounts.names import clean_name, handle_of, next_free
from sync_server.accounts.permissions import Deed, allows, outranks, roles_given_by
from sync_server.accounts.records import Account, load_account, load_colleague
from sync_server.accounts.sessions import Sessions
from sync_server.accounts.values import PREFERENCES_BYTES_MAX, PREFERENCES_MAX, Me, MeChange, UserChange, UserRow
from sync_server.actor import Actor, Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.messages import Person
from sync_server.storage.database import Reading

GONE: Final = "Deleted account"
_SEEN: Final[LiteralString] = "(SELECT COALESCE(MAX(s.seen_ms), 0) FROM sessions s WHERE s.user_id = u.id)"
_PEOPLE: Final[LiteralString] = (
    "SELECT u.id, u.name, u.handle, u.role, u.disabled_ms + u.deleted_ms, "  # noqa: S608 - constants only
    + _SEEN
    + " FROM users u WHERE u.org = $1 ORDER BY u.id"
)
_USERS: Final[LiteralString] = (
    "SELECT u.id, u.name, u.handle, u.email_sealed, u.role, u.made_ms, "  # noqa: S608 - constants only
    + _SEEN
    + ", u.disabled_ms, u.factor_ms"
    " FROM users u WHERE u.org = $1 AND u.deleted_ms = 0 AND u.id > $2 ORDER BY u.id LIMIT $3"
)


class Directory:
    """Lists and changes people."""

    def __init__(self, means: Means, sessions: Sessions, factors: Factors) -> None:
        self._means = means
        self._sessions = sessions
        self._factors = factors
        self._erased: list[Callable[[], None]] = []

    def on_erased(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever what tells who somebody was has been destroyed, after that is durable."""
        self._erased.append(listener)

    async def people(self, actor: Actor, beside: frozenset[str] = frozenset()) -> tuple[Person, ...]:
        """Everybody of the organisation, also who is gone, so that old messages have names.

        Guests see themselves and whom they share a room with (``beside``). Raises Refused (403) for a key without the scope.
        """
        await self._means.check_may(actor, Deed.SEE_PEOPLE, is_own=True)
        sees_all = allows(actor, Deed.SEE_PEOPLE)
        async with self._means.database.read() as tx:
            rows = await tx.rows(_PEOPLE, actor.org)
        return tuple(
            Person(user, name, handle, role, bool(gone_ms), seen_ms)
            for user, name, handle, role, gone_ms, seen_ms in rows
            if sees_all or user == actor.user or user in beside
        )

    async def users(self, actor: Actor, after: str = "", limit: int = PAGE) -> tuple[UserRow, ...]:
        """Accounts with their addresses, by id, those after ``after``. Raises Refused (403)."""
        await self._means.check_may(actor, Deed.SEE_ACCOUNTS)
        async with self._means.database.read() as tx:
            rows = await tx.rows(_USERS, actor.org, after, max(1, min(limit, PAGE)))
        return tuple(
            UserRow(user, name, handle, open_email(sealed, user, self._means.keys), Role(role), made, seen, disabled, bool(factor))
            for user, name, handle, sealed, role, made, seen, disabled, factor in rows
        )

    async def change(self, actor: Actor, user: str, wanted: UserChange, address: str = "") -> None:
        """Change the role of an account, close it and open it again, or take its second factor off.

        Closing ends its sessions and the keys it made, taking the factor off ends its sessions.

        Raises Refused: 404 where there is none; 403 for a role that one may not give, or somebody who stands as high;
        409 for the last owner.
        """
        if wanted.role is not None:
            await self._means.check_may(actor, Deed.SET_ROLE, address)
        if wanted.is_disabled is not None:
            await self._means.check_may(actor, Deed.DISABLE, address)
        if wanted.removes_factor:
            await self._means.check_may(actor, Deed.RESET, address)
        async with self._means.audited(actor, "change an account", address), self._means.change() as change:
            account = await load_colleague(change.tx, actor.org, user)
            if account is None:
                raise not_there("account")
            if not outranks(actor.role, account.role):
                raise Refused(Code.NOT_ALLOWED, "You may not change this account.", status=403)
            if wanted.role is not None and wanted.role is not account.role:
                await self._set_role(change, actor, account, wanted.role, address)
            if wanted.is_disabled is not None and wanted.is_disabled is not bool(account.disabled_ms):
                await self._set_disabled(change, actor, account, address, is_disabled=wanted.is_disabled)
            if wanted.removes_factor and account.has_factor:
                await self._take_factor(change, actor, account, address)
            if account.role is Role.OWNER:
                await self._check_owner_left(change.tx, actor.org)

    async def me(self, actor: Actor) -> Me:
        """One's own account. Raises Refused (404) where it is gone."""
        async with self._means.database.read() as tx:
            account = await load_account(tx, actor.user)
            if account is None or not account.is_open:
                raise not_there("account")
            row = await tx.row("SELECT trading_style, risk_tolerance, preferences FROM users WHERE id = $1", actor.user)
            n_codes = await self._factors.n_recovery_codes(tx, actor.user)
        style, risk, preferences = row or ("", "", "{}")
        return Me(
            id=account.id,
            org=account.org,
            org_name=account.org_name,
            role=account.role,
            name=account.name,
            handle=account.handle,
            email=open_email(account.email_sealed, account.id, self._means.keys),
            made_ms=account.made_ms,
            has_factor=account.has_factor,
            n_recovery_codes=n_codes,
            trading_style=style,
            risk_tolerance=risk,
            preferences=msgspec.json.decode(preferences, type=dict[str, Any]),
        )

    async def change_me(self, actor: Actor, wanted: MeChange, address: str = "") -> Me:
        """Change one's own account; preferences are merged key by key. Raises Refused (400) for what is out of bounds."""
        self._check_person(actor)
        name = clean_name(wanted.name) if wanted.name is not msgspec.UNSET else None
        async with self._means.change() as change:
            row = await change.tx.row(
                "SELECT name, trading_style, risk_tolerance, preferences FROM users WHERE id = $1", actor.user
            )
            if row is None:
                raise not_there("account")
            preferences = _merged(row[3], wanted.preferences)
            style = row[1] if wanted.trading_style is msgspec.UNSET else wanted.trading_style
            risk = row[2] if wanted.risk_tolerance is msgspec.UNSET else wanted.risk_tolerance
            await change.tx.run(
                "UPDATE users SET name = $1, trading_style = $2, risk_tolerance = $3, preferences = $4, changed_ms = $5"
                " WHERE id = $6",
                *(name or row[0], style, risk, preferences, self._means.now_ms(), actor.user),
            )
            change.changed.append(actor.user)
            fields = [field for field in wanted.__struct_fields__ if getattr(wanted, field) is not msgspec.UNSET]
            await self._means.note(change.tx, entry_of(actor, "account.changed", actor.user, address, fields=fields))
        return await self.me(actor)

    async def delete_me(self, actor: Actor, password: str, address: str = "") -> None:
        """Delete one's own account: address, password, factor, profile and devices are destroyed, messages keep an empty name.

        Raises Refused: 401 for the password, 409 for the last owner.
        """
        self._check_person(actor)
        await self._factors.check_password(actor, password, address)
        async with self._means.change() as change:
            account = await load_colleague(change.tx, actor.org, actor.user)
            await self.erase(change, actor, actor.user, address)
            if account is not None and account.role is Role.OWNER:
                await self._check_owner_left(change.tx, actor.org)
        self._tell_erased()

    async def close(self, actor: Actor, user: str) -> None:
        """Close an account whose person is to be erased: sessions and keys end, nobody signs in.

        Raises Refused (409) for the last owner; nothing is done where it is closed or gone already.
        """
        async with self._means.change() as change:
            account = await load_colleague(change.tx, actor.org, user)
            if account is None or not account.is_open:
                return
            await self._set_disabled(change, actor, account, "", is_disabled=True)
            if account.role is Role.OWNER:
                await self._check_owner_left(change.tx, actor.org)

    async def forget(self, actor: Actor, user: str) -> None:
        """Destroy what tells who a closed account was; nothing where that was done before."""
        async with self._means.change() as change:
            if await load_colleague(change.tx, actor.org, user) is None:
                return
            await self.erase(change, actor, user)
        self._tell_erased()

    async def erase(self, change: Change, actor: Actor, user: str, address: str = "") -> None:
        """Destroy what tells who an account was, within a transaction; its id stays for what it wrote."""
        now = self._means.now_ms()
        await self._end_keys_of(change, user)
        await self._sessions.end_all(change, user, "the account was deleted")
        await self._factors.clear(change, user)
        await change.tx.run(
            "UPDATE users SET name = $1, handle = $2, email_index = NULL, email_sealed = NULL, password = '', trading_style = '',"
            " risk_tolerance = '', preferences = '{}', deleted_ms = $3, changed_ms = $3 WHERE id = $4",
            *(GONE, f"gone.{user}", now, user),
        )
        await change.tx.run("UPDATE sessions SET name = '', address = '', device = '' WHERE user_id = $1", user)
        await change.tx.run("UPDATE api_keys SET name = '', address = '' WHERE made_by = $1 OR user_id = $1", user)
        await change.tx.run("DELETE FROM resets WHERE user_id = $1", user)
        change.changed.append(user)
        await self._means.note(change.tx, entry_of(actor, "account.deleted", user, address))

    def _tell_erased(self) -> None:
        for listener in self._erased:
            listener()

    async def _set_role(self, change: Change, actor: Actor, account: Account, role: Role, address: str) -> None:
        if role not in roles_given_by(actor.role) or account.role is Role.BOT:
            raise Refused(Code.NOT_ALLOWED, f"You may not make this account {role.value}.", status=403)
        await change.tx.run(
            "UPDATE users SET role = $1, changed_ms = $2 WHERE id = $3", str(role), self._means.now_ms(), account.id
        )
        change.changed.append(account.id)
        detail = {"before": str(account.role), "after": str(role)}
        await self._means.note(change.tx, entry_of(actor, "role.changed", account.id, address, **detail))

    async def _set_disabled(self, change: Change, actor: Actor, account: Account, address: str, *, is_disabled: bool) -> None:
        now = self._means.now_ms()
        await change.tx.run(
            "UPDATE users SET disabled_ms = $1, changed_ms = $2 WHERE id = $3", now if is_disabled else 0, now, account.id
        )
        if is_disabled:
            await self._sessions.end_all(change, account.id, "the account was disabled")
            await self._end_keys_of(change, account.id)
        change.changed.append(account.id)
        await self._means.note(
            change.tx, entry_of(actor, "account.disabled" if is_disabled else "account.enabled", account.id, address)
        )

    async def _take_factor(self, change: Change, actor: Actor, account: Account, address: str) -> None:
        """Without the second factor nobody who is signed in has shown it: every session ends."""
        await self._factors.clear(change, account.id)
        await self._sessions.end_all(change, account.id, "an administrator took the second factor off")
        change.changed.append(account.id)
        await self._means.note(change.tx, entry_of(actor, "factor.off", account.id, address))

    async def _end_keys_of(self, change: Change, user: str) -> None:
        rows = await change.tx.rows(
            "UPDATE api_keys SET ended_ms = $1 WHERE ended_ms = 0 AND (made_by = $2 OR user_id = $2) RETURNING id",
            *(self._means.now_ms(), user),
        )
        change.ended.extend(key for (key,) in rows)

    def _check_person(self, actor: Actor) -> None:
        if actor.scopes is not None:
            raise Refused(Code.NOT_ALLOWED, "A key has no account of its own to change.", status=403)

    async def _check_owner_left(self, tx: Reading, org: str) -> None:
        row = await tx.row(
            "SELECT id FROM users WHERE org = $1 AND role = $2 AND disabled_ms = 0 AND deleted_ms = 0", org, str(Role.OWNER)
        )
        if row is None:
            raise Refused(
                Code.NOT_ALLOWED, "The organisation would have no owner.", status=409, hint="Make somebody else an owner first."
            )


async def free_handle(tx: Reading, org: str, name: str) -> str:
    """A handle for ``name`` that nobody of the organisation has."""
    handle = handle_of(name)
    rows: Sequence[tuple[Any, ...]] = await tx.rows("SELECT handle FROM users WHERE org = $1 AND handle LIKE $2", org, f"{handle}%")
    return next_free(handle, (row[0] for row in rows))


def _merged(stored: str, wanted: dict[str, Any] | msgspec.UnsetType) -> str:
    """Preferences as JSON after a change: a key set to null leaves, the others are replaced. Raises Refused (``too_large``)."""
    if wanted is msgspec.UNSET:
        return stored
    preferences = {key: value for key, value in (msgspec.json.decode(stored) | wanted).items() if value is not None}
    text = msgspec.json.encode(preferences)
    if len(preferences) > PREFERENCES_MAX or len(text) > PREFERENCES_BYTES_MAX:
        raise Refused(
            Code.TOO_LARGE,
            f"Preferences hold at most {PREFERENCES_MAX} keys and {PREFERENCES_BYTES_MAX // 1024} KiB.",
            hint="Remove a key by setting it to null.",
        )
    return text.decode("utf-8")
