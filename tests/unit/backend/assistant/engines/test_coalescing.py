"""Tokens are put together: the first goes at once, a burst in few messages, and nothing waits for the next token."""

import time

from backend.assistant.engines.coalescing import LENGTH_MAX, Coalescer
from tests.fakes.waiting import wait_until


def test_the_first_token_goes_at_once():
    sent = []
    batch = Coalescer(lambda text, n: sent.append((text, n)), period_s=60.0)
    batch.add("a", 1)

    assert sent == [("a", 1)]
    batch.close()


def test_a_burst_goes_in_few_messages_and_none_of_it_is_lost():
    sent = []
    batch = Coalescer(lambda text, n: sent.append((text, n)), period_s=0.05)
    began = time.perf_counter()
    for i in range(5_000):
        batch.add(f"{i} ", 1)
    batch.close()
    took_s = time.perf_counter() - began

    assert "".join(text for text, _ in sent) == "".join(f"{i} " for i in range(5_000))
    assert sum(n for _, n in sent) == 5_000
    assert len(sent) <= took_s / 0.05 + 2


def test_a_token_goes_though_no_other_follows():
    sent = []
    batch = Coalescer(lambda text, n: sent.append((text, n)), period_s=0.02)
    batch.add("a", 1)
    batch.add("b", 1)
    wait_until(lambda: len(sent) == 2)

    assert sent == [("a", 1), ("b", 1)]
    batch.close()


def test_closing_sends_what_waits():
    sent = []
    batch = Coalescer(lambda text, n: sent.append((text, n)), period_s=60.0)
    for letter in "abc":
        batch.add(letter, 2)
    batch.close()

    assert sent == [("a", 2), ("bc", 4)]


def test_what_waits_is_bounded_however_fast_it_comes():
    sent = []
    batch = Coalescer(lambda text, n: sent.append(len(text)), period_s=60.0)
    for _ in range(100):
        batch.add("x" * 10_000, 1)
    batch.close()

    assert sum(sent) == 1_000_000
    assert max(sent) <= LENGTH_MAX + 10_000
