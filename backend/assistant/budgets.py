"""What of a conversation fits into a model's context: the newest turns, whole, after everything that must be there."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from backend.assistant.engines.engine import Message
from backend.errors import InvalidInput

RESERVE_TOKENS: Final = 16  # what a template adds around messages

Count = Callable[[Sequence[Message]], Awaitable[int]]


async def fit(prefix: Sequence[Message], pairs: Sequence[Sequence[Message]], last: Message, n_tokens: int, count: Count) -> int:
    """How many of the newest ``pairs`` of a question and its answer fit between ``prefix`` and ``last`` in ``n_tokens``.

    Raises InvalidInput where even prefix and last are too long.
    """
    used = await count((*prefix, last)) + RESERVE_TOKENS
    if used > n_tokens:
        raise InvalidInput(
            f"The question with what is attached is {used:,} tokens long; this model takes {n_tokens:,}.",
            hint="Shorten it, attach less, or choose a model with a longer context.",
            code="assistant.too_long",
        )
    n_kept = 0
    for pair in reversed(pairs):
        used += await count(pair)
        if used > n_tokens:
            break
        n_kept += 1
    return n_kept
