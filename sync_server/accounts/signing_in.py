"""Joining, signing in, and setting passwords: every way by which somebody who is not signed in comes to be."""

from typing import Final

from sync_server.accounts.directory import free_handle
from sync_server.accounts.emails import fold_email, index_of, parse_email, seal_email
from sync_server.accounts.factors import Factors
from sync_server.accounts.invitations import Invitations, not_usable
from sync_server.accounts.limits import LOGIN, LOGIN_ACCOUNT, LOGIN_ADDRESS, MAKE, SECRET, Rule
from sync_server.accounts.means import DAY_MS, Change, Means, entry_of, hash_secret, not_signed_in, not_there
from sync_server.accounts.names import clean_name
from sync_server.accounts.passwords import Passwords
from sync_server.accounts.permissions import Deed, outranks
from sync_server.accounts.records import Account, find_account, load_account, load_colleague
from sync_server.accounts.replies import Once, Replies
from sync_server.accounts.sessions import Sessions
from sync_server.accounts.tokens import TICKET_MS, TicketClaims
from sync_server.accounts.values import Login, NeedsCode, Registration, Reset, Tokens
from sync_server.actor import Actor
from sync_server.audit.audit import AuditEntry
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

RESET_MS: Final = DAY_MS


class SigningIn:
    """Registers, signs in, changes and resets passwords."""

    def __init__(self, means: Means, passwords: Passwords, sessions: Sessions, factors: Factors, invitations: Invitations) -> None:
        self._means = means
        self._passwords = passwords
        self._sessions = sessions
        self._factors = factors
        self._invitations = invitations
        self._replies = Replies(means)

    async def register(self, asked: Registration, address: str, once: Once | None = None) -> Tokens:
        """Make an account by an invitation and sign it in.

        Raises Refused: 404 for the code, 400 for name, address or password, 409 where the address has an account, 429.
        """
        self._means.check_rate(address, SECRET)
        email, name = parse_email(asked.email), clean_name(asked.name)
        given = await self._replies.find(once, Tokens)
        if given is not None:
            return given
        async with self._means.database.read() as tx:
            row = await tx.row(
                "SELECT o.name FROM invitations i JOIN orgs o ON o.id = i.org WHERE i.hash = $1", hash_secret(asked.code)
            )
        if row is None:  # before any work: an unknown code costs no argon2
            raise await self._refuse_code(address)
        await self._passwords.check_new(asked.password, (name, email, email.partition("@")[0], row[0]))
        hashed = await self._passwords.hash(asked.password)
        try:
            tokens = await self._replies.give(
                once, "", Tokens, lambda change: self._register(change, asked, (name, email, hashed), address)
            )
        except Refused as refusal:
            entry = AuditEntry("", "auth.refused", "", "", address, {"step": "register"})
            raise await self._means.note_refusal(entry, refusal) from None
        self._means.limits.give_back(address, SECRET)
        return tokens

    async def login(self, asked: Login, address: str) -> Tokens | NeedsCode:
        """Sign in. Raises Refused: 401, the same whatever was wrong; 429 after too many tries or when too many sign in at once."""
        if asked.ticket:
            return await self._second_step(asked, address)
        email_index = index_of(fold_email(asked.email), self._means.keys)
        guesses = _guesses(email_index, address)
        self._means.check_rates(guesses)
        async with self._means.database.read() as tx:
            account = await find_account(tx, email_index)
        is_open = account is not None and account.is_open
        verdict = await self._passwords.check(account.password if account is not None and is_open else "", asked.password)
        if account is None or not verdict.is_right:
            org, user = (account.org, account.id) if account else ("", "")
            entry = AuditEntry(org, "auth.refused", user, user, address, {"step": "password", "account": email_index[:16]})
            raise await self._means.note_refusal(entry, not_signed_in())
        self._means.give_back(guesses)  # a right password is no guess
        if verdict.is_dated:
            await self._renew_hash(account, asked.password)
        if account.has_factor and not asked.code:
            now = self._means.now_ms()
            ticket = self._means.tokens.issue_ticket(TicketClaims(account.id, asked.device.id, account.secret_ms), now)
            return NeedsCode(ticket, now + TICKET_MS)
        return await self._finish(account, asked, address)

    async def change_password(self, actor: Actor, old: str, new: str, *, ends_others: bool = True, address: str = "") -> None:
        """Set a new password. Raises Refused: 401 for the old one, 400 for the new one, 429."""
        account = await self._factors.check_password(actor, old, address)
        await self._passwords.check_new(new, (account.name, account.handle, account.org_name))
        hashed = await self._passwords.hash(new)
        async with self._means.change() as change:
            await self._set_password(change, account, hashed)
            if ends_others:
                await self._sessions.end_all(change, account.id, "the password was changed", but=actor.session)
            await self._means.note(change.tx, entry_of(actor, "password.changed", account.id, address))

    async def make_reset(self, actor: Actor, user: str, once: Once | None = None, address: str = "") -> Reset:
        """A one-time code by which a person sets a new password without the old one. Raises Refused (403, 404, 429)."""
        await self._means.check_may(actor, Deed.RESET, address)
        self._means.check_rate(actor.user, MAKE)
        async with self._means.audited(actor, Deed.RESET.value, address):
            return await self._replies.give(once, actor.org, Reset, lambda change: self._make_reset(change, actor, user, address))

    async def reset(self, code: str, password: str, address: str) -> None:
        """Set a new password by a one-time code; ends all sessions, leaves the second factor on. Raises Refused (404, 400, 429)."""
        self._means.check_rate(address, SECRET)
        async with self._means.database.read() as tx:
            row = await tx.row("SELECT user_id FROM resets WHERE hash = $1", hash_secret(code))
            account = None if row is None else await load_account(tx, row[0])
        if account is None:
            raise await self._refuse_code(address)
        await self._passwords.check_new(password, (account.name, account.handle, account.org_name))
        hashed = await self._passwords.hash(password)
        async with self._means.change() as change:
            now = self._means.now_ms()
            taken = await change.tx.run(
                "UPDATE resets SET used_ms = $1 WHERE hash = $2 AND used_ms = 0 AND until_ms > $1", now, hash_secret(code)
            )
            current = await load_account(change.tx, account.id)
            is_done = bool(taken) and current is not None and current.is_open
            if is_done:
                await self._set_password(change, account, hashed)
                await self._sessions.end_all(change, account.id, "the password was reset")
                await self._means.note(change.tx, AuditEntry(account.org, "password.reset", account.id, account.id, address, {}))
        if not is_done:
            raise await self._refuse_code(address)
        self._means.limits.give_back(address, SECRET)

    async def _second_step(self, asked: Login, address: str) -> Tokens:
        claims = self._means.tokens.check_ticket(asked.ticket, self._means.now_ms())
        async with self._means.database.read() as tx:
            account = await load_account(tx, claims.user)
        is_same = account is not None and account.is_open and account.has_factor
        if account is None or not is_same or account.secret_ms != claims.secret_ms or asked.device.id != claims.device:
            entry = AuditEntry("", "auth.refused", claims.user, claims.user, address, {"step": "ticket"})
            raise await self._means.note_refusal(entry, not_signed_in())
        return await self._finish(account, asked, address)

    async def _finish(self, account: Account, asked: Login, address: str) -> Tokens:
        """Take the code where there is a second factor, and begin the session, in one transaction."""
        if account.has_factor:
            self._factors.check_rate(account.id)
        tokens = None
        async with self._means.change() as change:
            current = await load_account(change.tx, account.id)
            is_same = current is not None and current.is_open and current.secret_ms == account.secret_ms
            if (
                current is not None
                and is_same
                and (not current.has_factor or await self._factors.take(change, current, asked.code))
            ):
                stepped_ms = self._means.now_ms() if current.has_factor else 0
                tokens = await self._sessions.begin(change, current, asked.device, address, stepped_ms)
                entry = AuditEntry(current.org, "auth.login", current.id, tokens.session, address, {"device": asked.device.id})
                await self._means.note(change.tx, entry)
        if tokens is None:
            entry = AuditEntry(account.org, "auth.refused", account.id, account.id, address, {"step": "code"})
            raise await self._means.note_refusal(entry, not_signed_in())
        if account.has_factor:
            self._factors.forgive(account.id)
        return tokens

    async def _register(self, change: Change, asked: Registration, made: tuple[str, str, str], address: str) -> Tokens:
        name, email, hashed = made
        org, role = await self._invitations.redeem(change, asked.code)
        email_index = index_of(email, self._means.keys)
        if await find_account(change.tx, email_index) is not None:
            raise Refused(Code.ID_TAKEN, "This address has an account already.", status=409, hint="Sign in with it instead.")
        now, user = self._means.now_ms(), self._means.new_id()
        await change.tx.run(
            "INSERT INTO users (id, org, role, name, handle, email_index, email_sealed, password, secret_ms, made_ms, changed_ms)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9)",
            *(user, org, str(role), name, await free_handle(change.tx, org, name), email_index),
            *(seal_email(email, user, self._means.keys), hashed, now),
        )
        account = await load_account(change.tx, user)
        assert account is not None, "What was inserted is there."
        tokens = await self._sessions.begin(change, account, asked.device, address)
        await self._means.note(change.tx, AuditEntry(org, "auth.registered", user, user, address, {"role": str(role)}))
        return tokens

    async def _make_reset(self, change: Change, actor: Actor, user: str, address: str) -> Reset:
        account = await load_colleague(change.tx, actor.org, user)
        if account is None or not account.password:
            raise not_there("account")
        if actor.user != user and not outranks(actor.role, account.role):
            raise Refused(Code.NOT_ALLOWED, "You may not reset the password of this account.", status=403)
        now, code = self._means.now_ms(), self._means.new_secret()
        await change.tx.run("DELETE FROM resets WHERE user_id = $1", user)
        await change.tx.run(
            "INSERT INTO resets (hash, org, user_id, made_by, made_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6)",
            *(hash_secret(code), actor.org, user, actor.user, now, now + RESET_MS),
        )
        await self._means.note(change.tx, entry_of(actor, "password.reset_made", user, address))
        return Reset(code, now + RESET_MS)

    async def _set_password(self, change: Change, account: Account, hashed: str) -> None:
        now = self._means.now_ms()
        await change.tx.run(
            "UPDATE users SET password = $1, secret_ms = $2, changed_ms = $3 WHERE id = $4",
            *(hashed, max(now, account.secret_ms + 1), now, account.id),
        )
        await change.tx.run("DELETE FROM resets WHERE user_id = $1 AND used_ms = 0", account.id)
        change.changed.append(account.id)

    async def _renew_hash(self, account: Account, password: str) -> None:
        """Store a hash of today's cost where the password is still the one that was checked."""
        hashed = await self._passwords.hash(password)
        async with self._means.change() as change:
            await change.tx.run(
                "UPDATE users SET password = $1 WHERE id = $2 AND password = $3", hashed, account.id, account.password
            )

    async def _refuse_code(self, address: str) -> Refused:
        return await self._means.note_refusal(
            AuditEntry("", "auth.refused", "", "", address, {"step": "code of a link"}), not_usable()
        )


def _guesses(account: str, address: str) -> tuple[tuple[str, Rule], ...]:
    """What a password that may be a guess is counted in."""
    return ((f"{account} {address}", LOGIN), (account, LOGIN_ACCOUNT), (address, LOGIN_ADDRESS))
