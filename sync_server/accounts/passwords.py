"""Passwords: argon2id in a bounded pool of threads, the same work for accounts that do not exist, hashes renewed at sign-in."""

import asyncio
import os
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from sync_server.accounts.breached import BreachedPasswords
from sync_server.accounts.weak_passwords import why_weak
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

T = TypeVar("T")

LETTERS: Final = (8, 128)  # at least and at most, after normalisation
WAITING_MAX: Final = 50  # passwords that wait for a thread; more are told to come again


class Cost(msgspec.Struct, frozen=True):
    """How much work one guess is: memory and passes of argon2id on one lane."""

    memory_kib: int
    passes: int


# The two choices of the OWASP Password Storage Cheat Sheet that cost the same: the larger where there is memory for it.
ROOMY: Final = Cost(47_104, 1)
FLOOR: Final = Cost(19_456, 2)


def cost_of_this_machine() -> Cost:
    """The larger memory cost from 4 GiB on, else the floor."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # no POSIX
        return FLOOR
    return ROOMY if memory >= 4 << 30 else FLOOR


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password is right, and whether its hash should be made anew at today's cost."""

    is_right: bool
    is_dated: bool = False


class Passwords:
    """Hashes and checks passwords off the event loop. ``n_computed`` counts runs of argon2, for tests and metrics."""

    def __init__(
        self,
        cost: Cost | None = None,
        n_threads: int = 0,
        waiting_max: int = WAITING_MAX,
        breached: BreachedPasswords | None = None,
    ) -> None:
        self.cost = cost or cost_of_this_machine()
        self._n_threads = n_threads or max(1, os.cpu_count() or 1)
        self._hasher = PasswordHasher(self.cost.passes, self.cost.memory_kib, 1, type=Type.ID)
        self._pool = ThreadPoolExecutor(self._n_threads, thread_name_prefix="argon2")
        self._waiting_max = waiting_max
        self._breached = breached
        self._n_waiting = 0
        self._nobodys = ""
        self.n_computed = 0

    async def begin(self) -> None:
        """Make the hash that stands for accounts which do not exist."""
        self._nobodys = await self.hash(os.urandom(24).hex())

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._pool.shutdown(cancel_futures=True)

    @property
    def n_waiting(self) -> int:
        """How many wait or are being computed."""
        return self._n_waiting

    async def hash(self, password: str) -> str:
        """The argon2id hash, in its standard text. Raises Refused (``limited``) when too many wait."""
        return await self._run(lambda: self._hasher.hash(normal(password)))

    async def check(self, hashed: str, password: str) -> Verdict:
        """Compare; an empty ``hashed`` (no such account, or one without a password) costs the same and is never right."""
        is_somebodys = bool(hashed)
        is_right = await self._run(lambda: self._is_right(hashed or self._nobodys, password))
        if not (is_right and is_somebodys):
            return Verdict(is_right=False)
        return Verdict(is_right=True, is_dated=self._hasher.check_needs_rehash(hashed))

    async def check_new(self, password: str, context: Sequence[str]) -> None:
        """Refuse (``bad_body``) a password that should not be set: see :func:`check_strength`, and the list of breaches if any."""
        check_strength(password, context)
        if self._breached is not None and await asyncio.to_thread(self._breached.holds, normal(password)):
            raise Refused(
                Code.BAD_BODY,
                "This password is known from a breach elsewhere.",
                hint="Use another, here and wherever you used it.",
            )

    def _is_right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._n_waiting >= self._waiting_max + self._n_threads:
            raise Refused(
                Code.LIMITED, "Too many are signing in at this moment.", hint="Try again shortly.", status=429, after_ms=2_000
            )
        self._n_waiting += 1
        self.n_computed += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._n_waiting -= 1


def normal(password: str) -> str:
    """The form that is hashed, so that the same keys give the same password on every system."""
    return unicodedata.normalize("NFC", password)


def check_strength(password: str, context: Sequence[str] = ()) -> None:
    """Refuse a password that is too short, too long or easily guessed; no rule about kinds of letters.

    ``context``: words that anybody would try for this account: the person's name and address, the organisation's name.
    """
    n_letters = len(normal(password))
    least, most = LETTERS
    if not least <= n_letters <= most:
        raise Refused(
            Code.BAD_BODY,
            f"A password has {least} to {most} letters; this one has {n_letters}.",
            hint="Four or five words that do not belong together are easy to remember and hard to guess.",
        )
    why = why_weak(normal(password), context)
    if why:
        raise Refused(Code.BAD_BODY, f"This password is easily guessed: {why}.", hint="Four or five unrelated words are better.")
