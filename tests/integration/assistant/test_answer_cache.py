"""Only the very same question on the same facts is answered from what was kept, and not for longer than allowed."""

from dataclasses import replace

import pytest

from backend.app import open_backend
from backend.assistant import answer_cache
from backend.assistant.answer_cache import AnswerCache, cache_key
from backend.assistant.engines.engine import Message, Request, Role
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, MINUTE_NS

REQUEST = Request("r", (Message(Role.SYSTEM, "s"), Message(Role.USER, "How far is it?")))


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, messages=(Message(Role.SYSTEM, "s"), Message(Role.USER, "How far is it"))),
        replace(REQUEST, messages=(Message(Role.SYSTEM, "sH"), Message(Role.USER, "ow far is it?"))),
        replace(REQUEST, messages=(Message(Role.USER, "s"), Message(Role.USER, "How far is it?"))),
        replace(REQUEST, temperature=0.5),
        replace(REQUEST, seed=1),
        replace(REQUEST, n_tokens_max=511),
        replace(REQUEST, grammar="root ::= x"),
        replace(REQUEST, schema={"type": "object"}),
        replace(REQUEST, stop=("x",)),
    ],
)
def test_whatever_differs_makes_another_key(other):
    assert cache_key(other, "model", "facts") != cache_key(REQUEST, "model", "facts")


def test_model_facts_and_quoted_texts_are_in_the_key_and_the_request_id_is_not():
    key = cache_key(REQUEST, "model", "facts")
    assert cache_key(replace(REQUEST, id="other"), "model", "facts") == key
    assert cache_key(REQUEST, "model2", "facts") != key
    assert cache_key(REQUEST, "model", "facts2") != key
    assert cache_key(REQUEST, "model", "facts", ("a",)) != key
    assert cache_key(REQUEST, "model", "facts", ("a", "b")) != cache_key(REQUEST, "model", "facts", ("ab",))


async def test_an_answer_is_found_until_its_time_is_over_also_after_a_restart(home):
    clock = ManualClock(20_400 * DAY_NS)
    async with open_backend(home, clock=clock, watch=False) as backend:
        await AnswerCache(backend.words, clock).keep("k", "Text", "Model", "here")
    async with open_backend(home, clock=clock, watch=False) as backend:
        cache = AnswerCache(backend.words, clock)
        clock.advance(59 * MINUTE_NS)
        found = await cache.find("k", 60)
        assert (found.text, found.model, found.place) == ("Text", "Model", "here")
        assert await cache.find("k", 0) is None
        assert await cache.find("other", 60) is None
        clock.advance(2 * MINUTE_NS)
        assert await cache.find("k", 60) is None
        await cache.clear()
        assert await cache.find("k", 10_000) is None


async def test_the_oldest_are_forgotten(home, monkeypatch):
    monkeypatch.setattr(answer_cache, "N_KEPT_MAX", 3)
    clock = ManualClock(20_400 * DAY_NS)
    async with open_backend(home, clock=clock, watch=False) as backend:
        cache = AnswerCache(backend.words, clock)
        for number in range(5):
            await cache.keep(f"k{number}", "t", "m", "p")
            clock.advance(MINUTE_NS)
        assert [await cache.find(f"k{number}", 60) is not None for number in range(5)] == [False, False, True, True, True]
