"""Answers that are given again: a request with the same Idempotency-Key makes its thing once, however often it is sent.

The answer is stored in the transaction that makes the thing, sealed, for a day.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec

from sync_server.accounts.means import DAY_MS, Change, Means
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

T = TypeVar("T", bound=msgspec.Struct)

KEPT_MS: Final = DAY_MS


class Once(msgspec.Struct, frozen=True):
    """A key that a caller chose; ``scope``: whose and for what; ``asked``: hash of the request, so that no key means two."""

    scope: str
    name: str
    asked: bytes

    @classmethod
    def of(cls, scope: str, name: str, *asked: str) -> "Once":
        """Of the parts of a request."""
        return cls(scope, name, hashlib.sha256("\0".join(asked).encode("utf-8", "replace")).digest())


class Replies:
    """Keeps answers and gives them again."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def give(self, once: Once | None, org: str, kind: type[T], make: Callable[[Change], Awaitable[T]]) -> T:
        """The answer of ``make(change)``, or the one given before. Raises Refused (409) for a key used for something else."""
        async with self._means.change() as change:
            return await self._give(change, once, org, kind, make)

    async def find(self, once: Once | None, kind: type[T]) -> T | None:
        """The answer that was given before, without making anything."""
        if once is None:
            return None
        async with self._means.database.read() as tx:
            row = await tx.row("SELECT asked, answer FROM replies WHERE scope = $1 AND name = $2", once.scope, once.name)
        if row is None:
            return None
        return self._open(once, kind, bytes(row[0]), bytes(row[1]))

    async def _give(self, change: Change, once: Once | None, org: str, kind: type[T], make: Callable[[Change], Awaitable[T]]) -> T:
        if once is None:
            return await make(change)
        row = await change.tx.row("SELECT asked, answer FROM replies WHERE scope = $1 AND name = $2", once.scope, once.name)
        if row is not None:
            return self._open(once, kind, bytes(row[0]), bytes(row[1]))
        answer = await make(change)
        await change.tx.run(
            "INSERT INTO replies (scope, name, org, asked, answer, made_ms) VALUES ($1, $2, $3, $4, $5, $6)",
            *(once.scope, once.name, org, once.asked),
            *(self._means.keys.seal(msgspec.json.encode(answer), _about(once)), self._means.now_ms()),
        )
        return answer

    def _open(self, once: Once, kind: type[T], asked: bytes, answer: bytes) -> T:
        if asked != once.asked:
            raise Refused(
                Code.ID_TAKEN,
                "This Idempotency-Key was used for another request.",
                status=409,
                hint="Use a new key for a new request.",
            )
        return msgspec.json.decode(self._means.keys.open(answer, _about(once)), type=kind)


def _about(once: Once) -> str:
    return f"replies.answer {once.scope} {once.name}"
