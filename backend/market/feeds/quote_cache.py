"""Answers that are good for a moment: many who ask at once share one request."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.errors import TriiError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

TTL_NS: Final = SECOND_NS


@dataclass(slots=True)
class _Entry(Generic[V]):
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    fetched_ns: int | None = None
    value: V | None = None
    error: TriiError | None = None


class QuoteCache(Generic[K, V]):
    """Keeps the newest answer of each key for ``TTL_NS``, refusals too, so that a failing source is not asked by everyone.

    An asker who gives up leaves the others their answer: the next in line asks in its place.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[K, _Entry[V]] = {}

    async def fetch(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer of ``ask()``, or one less than ``TTL_NS`` old. Raises what ``ask`` raised."""
        entry = self._entries.setdefault(key, _Entry())
        async with entry.turn:
            if entry.fetched_ns is None or self._clock.monotonic_ns() - entry.fetched_ns >= TTL_NS:
                entry.value = entry.error = None
                try:
                    entry.value = await ask()
                except TriiError as error:
                    entry.error = error
                entry.fetched_ns = self._clock.monotonic_ns()
            if entry.error is not None:
                raise entry.error
            assert entry.value is not None, "An answer is a value or an error."
            return entry.value
