"""Answers kept for the same question on the same facts: an exact key only, so that no number is ever another question's."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from backend.assistant.engines.engine import Request
from backend.clock import Clock
from backend.storage.connection import Connection
from backend.storage.ledger import Ledger

N_KEPT_MAX: Final = 2_000
_MIN_NS: Final = 60_000_000_000


@dataclass(frozen=True, slots=True)
class KeptText:
    """What a model wrote, as it wrote it: it is checked again before it is shown."""

    text: str
    model: str
    place: str
    at_ns: int


def cache_key(request: Request, model_sha: str, facts_digest: str, quoted: Sequence[str] = ()) -> str:
    """SHA-256 of everything that an answer depends on: model, messages, sampling, grammar, facts, quoted texts, pictures."""
    said = (
        model_sha,
        [(message.role.value, message.text) for message in request.messages],
        request.n_tokens_max,
        request.temperature,
        request.seed,
        request.stop,
        request.grammar,
        request.schema,
        facts_digest,
        tuple(quoted),
        *(hashlib.sha256(picture).hexdigest() for picture in request.pictures),
    )
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


class AnswerCache:
    """Rows of the words ledger, so encrypted as conversations are; the oldest go first."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def find(self, key: str, keeps_min: int) -> KeptText | None:
        """What was kept under ``key`` at most ``keeps_min`` minutes ago; 0 finds nothing."""
        if keeps_min <= 0:
            return None
        since_ns = self._clock.now_ns() - keeps_min * _MIN_NS
        row = await self._ledger.read(lambda db: _find(db, key, since_ns))
        return None if row is None else KeptText(*row)

    async def keep(self, key: str, text: str, model: str, place: str) -> None:
        """Keep a whole answer."""
        row = (key, text, model, place, self._clock.now_ns())
        await self._ledger.write(lambda db: _keep(db, row))

    async def clear(self) -> None:
        """Forget all of them."""
        await self._ledger.write(lambda db: db.execute("DELETE FROM assistant_answers"))


def _find(db: Connection, key: str, since_ns: int) -> tuple[str, str, str, int] | None:
    statement = "SELECT text, model, place, at_ns FROM assistant_answers WHERE key = ? AND at_ns >= ?"
    row: tuple[str, str, str, int] | None = db.execute(statement, (key, since_ns)).fetchone()
    return row


def _keep(db: Connection, row: tuple[str, str, str, str, int]) -> None:
    db.execute("INSERT OR REPLACE INTO assistant_answers (key, text, model, place, at_ns) VALUES (?, ?, ?, ?, ?)", row)
    db.execute(
        "DELETE FROM assistant_answers WHERE key IN (SELECT key FROM assistant_answers ORDER BY at_ns DESC LIMIT -1 OFFSET ?)",
        (N_KEPT_MAX,),
    )


def messages_of(request: Request) -> tuple[tuple[str, str], ...]:
    """The messages as they are shown under "what was sent"; of a picture its size."""
    pictures = [("picture", f"PNG of {len(picture):,} bytes") for picture in request.pictures]
    return (*((message.role.value, message.text) for message in request.messages), *pictures)
