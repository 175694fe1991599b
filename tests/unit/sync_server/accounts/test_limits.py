"""Rate limits: bursts, refill, waiting times that are true, and no help from the wall clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.accounts.limits import RateLimits, Rule
from sync_server.clock import ManualClock

RULE = Rule("tries", 5, 1_000)


def test_a_burst_passes_and_the_next_waits_for_exactly_one_refill():
    clock = ManualClock()
    limits = RateLimits(clock)

    assert [limits.take("ada", RULE) for _ in range(5)] == [0] * 5
    assert limits.take("ada", RULE) == 1_000
    clock.advance(999)
    assert limits.take("ada", RULE) == 1
    clock.advance(1)
    assert limits.take("ada", RULE) == 0
    assert limits.take("ada", RULE) == 1_000


def test_keys_and_rules_are_counted_apart():
    limits = RateLimits(ManualClock())
    for _ in range(5):
        limits.take("ada", RULE)

    assert limits.take("bob", RULE) == 0
    assert limits.take("ada", Rule("other", 1, 1_000)) == 0


def test_what_was_given_back_can_be_taken_again():
    limits = RateLimits(ManualClock())
    for _ in range(5):
        limits.take("ada", RULE)
    limits.give_back("ada", RULE)

    assert limits.take("ada", RULE) == 0
    assert limits.take("ada", RULE) > 0


def test_a_refused_try_costs_nothing():
    clock = ManualClock()
    limits = RateLimits(clock)
    for _ in range(50):
        limits.take("ada", RULE)
    clock.advance(1_000)

    assert limits.take("ada", RULE) == 0


@pytest.mark.parametrize("jump_ms", [-10_000_000, 10_000_000])
def test_a_jump_of_the_wall_clock_neither_opens_nor_closes_a_limit(jump_ms):
    clock = ManualClock()
    limits = RateLimits(clock)
    for _ in range(5):
        limits.take("ada", RULE)
    clock.jump(clock.now_ms() + jump_ms)

    assert limits.take("ada", RULE) == 1_000


def test_memory_is_bounded_and_full_limits_are_forgotten():
    clock = ManualClock()
    limits = RateLimits(clock, keys_max=100)
    for number in range(1_000):
        limits.take(f"guest {number}", RULE)
    assert limits.n_keys() == 100

    clock.advance(5_000)
    limits.take("ada", RULE)
    assert limits.n_keys() == 1


@given(st.lists(st.integers(0, 3_000), max_size=60))
def test_never_more_pass_than_the_burst_and_the_time_allow(pauses):
    clock = ManualClock()
    limits = RateLimits(clock)
    passed = []
    for pause_ms in pauses:
        clock.advance(pause_ms)
        if limits.take("ada", RULE) == 0:
            passed.append(clock.steady_ms())

    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= RULE.n_burst + (passed[last] - passed[first]) // RULE.every_ms
