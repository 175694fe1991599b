"""The newest turns fit, whole pairs only, after what must be there."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.budgets import RESERVE_TOKENS, fit
from backend.assistant.engines.engine import Message, Role
from backend.errors import InvalidInput

PREFIX = (Message(Role.SYSTEM, "s" * 10),)
LAST = Message(Role.USER, "q" * 10)


async def count(messages):
    return sum(len(message.text) for message in messages)


def pairs(sizes):
    return [
        (Message(Role.USER, f"{n:03}" + "u" * asked), Message(Role.ASSISTANT, f"{n:03}" + "a" * said))
        for n, (asked, said) in enumerate(sizes)
    ]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12), st.integers(36, 400))
def test_as_many_of_the_newest_pairs_as_fit_stay(sizes, room):
    history = pairs(sizes)
    n_kept = asyncio.run(fit(PREFIX, history, LAST, room, count))
    kept = history[len(history) - n_kept :]
    used = asyncio.run(count((*PREFIX, *(message for pair in kept for message in pair), LAST))) + RESERVE_TOKENS
    assert used <= room
    if n_kept < len(history):
        assert used + asyncio.run(count(history[len(history) - n_kept - 1])) > room


async def test_a_question_too_long_for_the_model_is_told_with_both_figures():
    with pytest.raises(InvalidInput, match="36 tokens long; this model takes 35"):
        await fit(PREFIX, (), LAST, 35, count)
