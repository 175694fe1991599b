"""What of a conversation fits into a model's context: the newest turns, whole, after everything that must be there."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from backend.assistant.engines.engine import Message, Role
from backend.errors import InvalidInput

RESERVE_TOKENS: Final = 16  # what a template adds around messages

Count = Callable[[Sequence[Message]], Awaitable[int]]


async def fit(
    prefix: Sequence[Message], history: Sequence[Message], last: Message, n_tokens: int, count: Count
) -> tuple[Message, ...]:
    """``prefix``, as many of the newest pairs of ``history`` as fit, and ``last``, in at most ``n_tokens``.

    A person's turn and its answer stay together. Raises InvalidInput where even prefix and last are too long.
    """
    used = await count((*prefix, last)) + RESERVE_TOKENS
    if used > n_tokens:
        raise InvalidInput(
            f"The question with what is attached is {used:,} tokens long; this model takes {n_tokens:,}.",
            hint="Shorten it, attach less, or choose a model with a longer context.",
            code="assistant.too_long",
        )
    kept: list[Message] = []
    for pair in reversed(_pairs(history)):
        used += await count(pair)
        if used > n_tokens:
            break
        kept[:0] = pair
    return (*prefix, *kept, last)


def _pairs(history: Sequence[Message]) -> list[list[Message]]:
    pairs: list[list[Message]] = []
    for message in history:
        if message.role == Role.USER or not pairs:
            pairs.append([])
        pairs[-1].append(message)
    return [pair for pair in pairs if pair[0].role == Role.USER and len(pair) > 1]
