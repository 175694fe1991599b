"""The second factor: codes of an authenticator (RFC 6238) and codes for a lost phone, each taken once."""

import base64
import hashlib
import hmac
import re
from typing import Final

import pyotp

from sync_server.accounts.emails import open_email
from sync_server.accounts.limits import FACTOR, PASSWORD
from sync_server.accounts.means import Change, Means, entry_of, not_signed_in
from sync_server.accounts.passwords import Passwords
from sync_server.accounts.records import Account, load_account
from sync_server.accounts.sessions import Sessions
from sync_server.accounts.values import Enrolment
from sync_server.actor import Actor
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.storage.database import Reading

STEP_MS: Final = 30_000
SEED_BYTES: Final = 20  # 160 bits
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10  # 80 bits: 16 letters of base32
_SIX: Final = re.compile(r"[0-9]{6}")
_ISSUER: Final = "TRII"


def step_of(seed: bytes, code: str, now_ms: int, after: int) -> int:
    """The time step, later than ``after``, whose code this is: now's, the one before or the one after; 0 where it is none."""
    if not _SIX.fullmatch(code):
        return 0
    authenticator = pyotp.TOTP(base64.b32encode(seed).decode("ascii"))
    now = now_ms // STEP_MS
    if after > now + 1:
        after = 0  # taken while the clock was ahead: that must not lock the person out until then
    found = 0
    for step in (max(now - 1, 0), now, now + 1):  # all three, whichever it is: the time tells nothing
        if hmac.compare_digest(authenticator.generate_otp(step), code) and step > after:
            found = found or step
    return found


class Factors:
    """Sets second factors up, asks for them, takes them off."""

    def __init__(self, means: Means, passwords: Passwords, sessions: Sessions) -> None:
        self._means = means
        self._passwords = passwords
        self._sessions = sessions

    async def enrol(self, actor: Actor, password: str, address: str = "") -> Enrolment:
        """Begin to set one up; it counts from :meth:`confirm` on. Raises Refused: 401 for the password, 409 where there is one."""
        account = await self.check_password(actor, password, address)
        if account.has_factor:
            raise Refused(Code.ID_TAKEN, "There is a second factor already.", status=409, hint="Take it off first.")
        seed = self._means.entropy(SEED_BYTES)
        codes = tuple(_recovery_code(self._means.entropy(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
        async with self._means.change() as change:
            sealed = self._means.keys.seal(seed, f"users.factor_sealed {account.id}")
            await change.tx.run(
                "UPDATE users SET factor_sealed = $1, factor_step = 0 WHERE id = $2 AND factor_ms = 0", sealed, account.id
            )
            await change.tx.run("DELETE FROM recovery_codes WHERE user_id = $1", account.id)
            await change.tx.run_many(
                "INSERT INTO recovery_codes (hash, org, user_id) VALUES ($1, $2, $3)",
                [(_hash_recovery(account.id, code), account.org, account.id) for code in codes],
            )
            await self._means.note(change.tx, entry_of(actor, "factor.begun", account.id, address))
        secret = base64.b32encode(seed).decode("ascii")
        email = open_email(account.email_sealed, account.id, self._means.keys)
        uri = pyotp.TOTP(secret).provisioning_uri(name=email or account.handle, issuer_name=f"{_ISSUER} {account.org_name}")
        return Enrolment(uri, secret, codes)

    async def confirm(self, actor: Actor, code: str, address: str = "") -> None:
        """Turn it on with a first code; ends no session. Raises Refused (401) where the code is not right."""
        await self._take(actor, code, address, "factor.on", is_confirmed=False)

    async def step_up(self, actor: Actor, code: str, address: str = "") -> None:
        """Show the second factor within a session. Raises Refused: 401 for the code, 403 where none is set up."""
        await self._take(actor, code, address, "factor.shown", is_confirmed=True)

    async def remove(self, actor: Actor, password: str, code: str, address: str = "") -> None:
        """Take it off, with password and a code; ends the person's other sessions. Raises Refused (401)."""
        await self.check_password(actor, password, address)
        await self._take(actor, code, address, "factor.shown", is_confirmed=True)
        async with self._means.change() as change:
            await self.clear(change, actor.user)
            change.changed.append(actor.user)
            await self._sessions.end_all(change, actor.user, "the second factor was taken off", but=actor.session)
            await self._means.note(change.tx, entry_of(actor, "factor.off", actor.user, address))

    async def clear(self, change: Change, user: str) -> None:
        """Take it off within a transaction, without asking."""
        now = self._means.now_ms()
        await change.tx.run(
            "UPDATE users SET factor_sealed = NULL, factor_ms = 0, factor_step = 0, secret_ms = $1, changed_ms = $1 WHERE id = $2",
            *(now, user),
        )
        await change.tx.run("DELETE FROM recovery_codes WHERE user_id = $1", user)
        await change.tx.run("UPDATE sessions SET stepped_ms = 0 WHERE user_id = $1", user)

    async def new_recovery_codes(self, actor: Actor, password: str, address: str = "") -> tuple[str, ...]:
        """Ten fresh codes in place of the old ones. Raises Refused: 401 for the password, 403 where no factor is set up."""
        account = await self.check_password(actor, password, address)
        if not account.has_factor:
            raise _none_set_up()
        codes = tuple(_recovery_code(self._means.entropy(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
        async with self._means.change() as change:
            await change.tx.run("DELETE FROM recovery_codes WHERE user_id = $1", account.id)
            await change.tx.run_many(
                "INSERT INTO recovery_codes (hash, org, user_id) VALUES ($1, $2, $3)",
                [(_hash_recovery(account.id, code), account.org, account.id) for code in codes],
            )
            await self._means.note(change.tx, entry_of(actor, "factor.recovery_codes", account.id, address))
        return codes

    def check_rate(self, user: str) -> None:
        """Count a try of one account. Raises Refused (429) after five in fifteen minutes."""
        self._means.check_rate(user, FACTOR)

    def forgive(self, user: str) -> None:
        """Count the last try not as one: it was right."""
        self._means.limits.give_back(user, FACTOR)

    async def take(self, change: Change, account: Account, code: str) -> bool:
        """Use up a code of an account whose factor is on or, for the first, being set up; whether it was right and new.

        Each code counts once, also when two ask at the same moment: the transaction that takes it is the only one.
        """
        seed = self._seed(account)
        step = 0 if seed is None else step_of(seed, code.replace(" ", ""), self._means.now_ms(), account.factor_step)
        if step:
            return bool(
                await change.tx.run(
                    "UPDATE users SET factor_step = $1 WHERE id = $2 AND factor_step = $3", step, account.id, account.factor_step
                )
            )
        if not account.has_factor:
            return False
        return bool(
            await change.tx.run(
                "UPDATE recovery_codes SET used_ms = $1 WHERE hash = $2 AND user_id = $3 AND used_ms = 0",
                *(self._means.now_ms(), _hash_recovery(account.id, code), account.id),
            )
        )

    async def n_recovery_codes(self, tx: Reading, user: str) -> int:
        """How many codes for a lost phone are left."""
        row = await tx.row("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_ms = 0", user)
        return int(row[0]) if row else 0

    async def check_password(self, actor: Actor, password: str, address: str = "") -> Account:
        """The actor's account, whose password this is. Raises Refused (401), after too many tries 429."""
        self._means.check_rate(actor.user, PASSWORD)
        async with self._means.database.read() as tx:
            account = await load_account(tx, actor.user)
        verdict = await self._passwords.check(account.password if account else "", password)
        if account is None or not verdict.is_right:
            raise await self._means.note_refusal(entry_of(actor, "auth.refused", actor.user, address, step="password"), _wrong())
        self._means.limits.give_back(actor.user, PASSWORD)
        return account

    async def _take(self, actor: Actor, code: str, address: str, kind: str, *, is_confirmed: bool) -> None:
        self.check_rate(actor.user)
        async with self._means.change() as change:
            account = await load_account(change.tx, actor.user)
            if account is None or account.factor_sealed is None or (is_confirmed and not account.has_factor):
                raise _none_set_up()
            is_right = account.has_factor is is_confirmed and await self.take(change, account, code)
            if is_right:
                now = self._means.now_ms()
                if not is_confirmed:
                    await change.tx.run(
                        "UPDATE users SET factor_ms = $1, secret_ms = $1, changed_ms = $1 WHERE id = $2", now, actor.user
                    )
                await self._sessions.step_up(change, actor.session)
                change.changed.append(actor.user)
                await self._means.note(change.tx, entry_of(actor, kind, actor.user, address))
        if not is_right:
            raise await self._means.note_refusal(entry_of(actor, "auth.refused", actor.user, address, step="code"), not_signed_in())
        self.forgive(actor.user)

    def _seed(self, account: Account) -> bytes | None:
        if account.factor_sealed is None:
            return None
        return self._means.keys.open(account.factor_sealed, f"users.factor_sealed {account.id}")


def _recovery_code(chance: bytes) -> str:
    """Four groups of four letters."""
    text = base64.b32encode(chance).decode("ascii").lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _hash_recovery(user: str, code: str) -> bytes:
    """80 bits nobody guesses through five tries in fifteen minutes, nor through the hash: plain SHA-256, one account's own."""
    bare = re.sub(r"[^a-z2-7]", "", code.casefold()[:64])
    return hashlib.sha256(f"{user} {bare}".encode()).digest()


def _none_set_up() -> Refused:
    return Refused(Code.STEP_UP, "No second factor is set up.", status=403, hint="Set one up with an authenticator first.")


def _wrong() -> Refused:
    return Refused(Code.NOT_SIGNED_IN, "The password is not right.", status=401)
