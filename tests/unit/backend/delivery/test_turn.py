"""Whose turn it is: the rate is kept whatever comes, nothing is lost, and bursts go together."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.delivery.channel import Channel, Rate
from backend.delivery.quiet_hours import Quiet, QuietHours, parse_range
from backend.delivery.turn import Pace, Waiting, held_until_ns, take_turn
from backend.jobs.job import SECOND_NS

NOW = 1_704_724_200 * SECOND_NS  # Monday 14:30 UTC
FULL = Pace(10.0, NOW)
THREE = (Waiting(1), Waiting(2), Waiting(3))


def test_the_first_goes_at_once_and_what_follows_soon_goes_together():
    channel = Channel("c", roll_up_s=20)
    assert take_turn(channel, FULL, THREE[:1], NOW).take == (1,)
    after = replace(FULL, sent_ns=NOW)
    waits = take_turn(channel, after, THREE, NOW + SECOND_NS)
    assert (waits.take, waits.wait_ns) == ((), NOW + 20 * SECOND_NS)
    assert take_turn(channel, after, THREE, waits.wait_ns).take == (1, 2, 3)


def test_without_gathering_each_goes_alone_until_the_rate_is_used_up():
    channel = Channel("c", roll_up_s=0, rate=Rate(2, 1))
    assert take_turn(channel, replace(FULL, tokens=3.0), THREE, NOW).take == (1,)
    assert take_turn(channel, replace(FULL, tokens=2.0), THREE, NOW).take == (1, 2, 3)
    waits = take_turn(channel, replace(FULL, tokens=0.5), THREE, NOW)
    assert waits.take == ()
    assert waits.wait_ns == pytest.approx(NOW + 15 * SECOND_NS, abs=2_000)


def test_an_urgent_one_waits_neither_for_others_nor_for_the_morning_but_keeps_the_rate():
    night = QuietHours((parse_range("14:00-15:00"),))
    channel = Channel("c", quiet=night)
    due = (Waiting(1), Waiting(2, is_urgent=True))
    turn = take_turn(channel, replace(FULL, sent_ns=NOW), due, NOW)
    assert (turn.take, turn.hold, turn.until_ns) == ((2,), (1,), NOW + 30 * 60 * SECOND_NS)
    assert take_turn(channel, replace(FULL, tokens=0.0), due, NOW).take == ()
    kept_still = Channel("c", quiet=QuietHours(night.ranges, Quiet.DROP, urgent_pass=False))
    assert take_turn(kept_still, FULL, due, NOW).drop == (1, 2)


def test_a_clock_that_was_set_back_frees_nothing_and_holds_nothing_for_long():
    channel = Channel("c", roll_up_s=20)
    ahead = Pace(0.0, NOW + 10**15, sent_ns=NOW + 10**15, held_ns=0)
    assert ahead.refilled(channel, NOW).tokens == 0.0
    turn = take_turn(channel, replace(ahead, tokens=1.0), THREE, NOW)
    assert turn.wait_ns == NOW + 20 * SECOND_NS
    held = take_turn(channel, replace(FULL, held_ns=NOW + 10**18), THREE, NOW)
    assert held.wait_ns == NOW + 24 * 3600 * SECOND_NS


@given(
    n=st.integers(1, 5),
    minutes=st.floats(0.1, 5),
    roll_up_s=st.sampled_from([0.0, 1.0, 30.0]),
    steps=st.lists(st.tuples(st.integers(0, 6), st.integers(-30, 60), st.booleans()), max_size=60),
)
def test_in_no_stretch_of_time_more_messages_go_than_the_rate_allows_and_all_are_told_once(n, minutes, roll_up_s, steps):
    channel = Channel("c", rate=Rate(n, minutes), roll_up_s=roll_up_s)
    pace, now_ns, steady_ns, waiting, told, sent, last_id = Pace(float(n), NOW), NOW, 0, [], [], [], 0

    def run(until):
        nonlocal pace
        while waiting:
            pace = pace.refilled(channel, until)
            turn = take_turn(channel, pace, tuple(waiting), until)
            if not turn.take:
                assert turn.wait_ns > until
                return turn.wait_ns
            pace = replace(pace.taken(), sent_ns=until)
            told.extend(turn.take)
            waiting[:] = [one for one in waiting if one.id not in turn.take]
            sent.append(steady_ns)
        return until

    for n_new, seconds, is_urgent in steps:
        now_ns += seconds * SECOND_NS  # the clock may be set back
        steady_ns += max(seconds, 0) * SECOND_NS
        for _ in range(n_new):
            last_id += 1
            waiting.append(Waiting(last_id, is_urgent))
        run(now_ns)
    for _ in range(100):
        after_ns = run(now_ns)
        steady_ns += max(after_ns - now_ns, 0)
        now_ns = after_ns
        if not waiting:
            break
    assert told == list(range(1, last_id + 1))
    window_ns = minutes * 60 * SECOND_NS
    for i, first in enumerate(sent):
        n_within = sum(1 for moment in sent[i:] if moment - first < window_ns)
        assert n_within <= 2 * n  # a full bucket, and what refills meanwhile


def test_the_distance_grows_with_failures_and_heeds_what_the_service_asked_for():
    waits = [(held_until_ns(n, None, 0)) / SECOND_NS for n in range(1, 9)]
    assert waits == [5, 15, 45, 135, 405, 900, 900, 900]
    assert held_until_ns(1, 60.0, 0) == 60 * SECOND_NS
    assert held_until_ns(1, 1e9, 0) == 24 * 3600 * SECOND_NS
