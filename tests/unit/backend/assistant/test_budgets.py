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
        message
        for n, (asked, said) in enumerate(sizes)
        for message in (Message(Role.USER, f"{n:03}" + "u" * asked), Message(Role.ASSISTANT, f"{n:03}" + "a" * said))
    ]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12), st.integers(36, 400))
def test_as_many_of_the_newest_pairs_as_fit_stay_and_none_is_cut(sizes, room):
    history = pairs(sizes)
    fitted = asyncio.run(fit(PREFIX, history, LAST, room, count))
    kept = list(fitted[1:-1])
    used = asyncio.run(count(fitted)) + RESERVE_TOKENS
    assert fitted[0] == PREFIX[0]
    assert fitted[-1] == LAST
    assert used <= room
    assert kept == history[len(history) - len(kept) :]
    assert len(kept) % 2 == 0
    if len(kept) < len(history):
        before = history[len(history) - len(kept) - 2 : len(history) - len(kept)]
        assert used + asyncio.run(count(before)) > room


async def test_a_question_too_long_for_the_model_is_told_with_both_figures():
    with pytest.raises(InvalidInput, match="36 tokens long; this model takes 35"):
        await fit(PREFIX, (), LAST, 35, count)


async def test_a_turn_without_its_answer_is_left_out():
    history = [Message(Role.USER, "never answered"), *pairs([(1, 1)])]
    fitted = await fit(PREFIX, history, LAST, 500, count)
    assert [message.text for message in fitted[1:-1]] == ["000u", "000a"]
