"""When a line counts as dead, slept through or worn out, and how attempts spread."""

import random

from backend.domain.bars import HOUR_NS, SECOND_NS
from backend.market.feeds.line_watch import Backoff, ConnectionRules, LineWatch

RULES = ConnectionRules(ping_s=15, idle_s=45, lifetime_s=100, beat_s=1)


def beat_for(watch: LineWatch, n_s: int, *, hears: bool, start_s: int = 0) -> list[str]:
    said = []
    for second in range(start_s + 1, start_s + n_s + 1):
        if hears:
            watch.hear(second * SECOND_NS)
        said.append(watch.beat(second * SECOND_NS, second * SECOND_NS))
    return said


def test_a_line_that_is_heard_stays_until_its_lifetime_ends():
    said = beat_for(LineWatch(RULES, 0, 0), 101, hears=True)

    assert not any(said[:100])
    assert "as long as the venue allows" in said[100]


def test_silence_ends_a_line_after_the_idle_time_and_no_sooner():
    said = beat_for(LineWatch(RULES, 0, 0), 46, hears=False)

    assert not any(said[:45])
    assert said[45] == "Nothing was heard for 46 s."


def test_sleep_is_seen_by_either_clock_and_once():
    stopped, went_on = LineWatch(RULES, 0, 0), LineWatch(RULES, 0, 0)

    assert stopped.beat(HOUR_NS, SECOND_NS) == "This machine slept for 3600 s."
    assert went_on.beat(HOUR_NS, HOUR_NS) == "This machine slept for 3600 s."
    assert not stopped.beat(HOUR_NS + SECOND_NS, 2 * SECOND_NS)


def test_a_clock_that_is_set_back_or_a_loop_that_is_late_is_no_sleep():
    watch = LineWatch(RULES, HOUR_NS, 0)

    assert not watch.beat(0, SECOND_NS)
    assert not watch.beat(9 * SECOND_NS, 10 * SECOND_NS)


def test_time_in_which_we_were_held_up_is_no_silence_of_the_venue():
    watch = LineWatch(RULES, 0, 0)
    beat_for(watch, 40, hears=False)

    assert not watch.beat(50 * SECOND_NS, 50 * SECOND_NS)
    said = beat_for(watch, 6, hears=False, start_s=50)
    assert not any(said[:4])
    assert said[4] == "Nothing was heard for 46 s."


def test_pings_go_out_once_every_ping_time_of_silence():
    watch = LineWatch(RULES, 0, 0)

    asked = [second for second in range(1, 61) if watch.should_ping(second * SECOND_NS)]
    watch.hear(60 * SECOND_NS)

    assert asked == [15, 30, 45, 60]
    assert not watch.should_ping(74 * SECOND_NS)
    assert watch.should_ping(75 * SECOND_NS)


def test_waits_double_up_to_their_limit_are_spread_and_start_over():
    waits = Backoff(RULES, random.Random(5))

    first = [waits.next_s() for _ in range(40)]
    limits = [min(60.0, 0.5 * 2**n) for n in range(40)]
    waits.start_over()

    assert all(limit / 2 <= wait <= limit for wait, limit in zip(first, limits, strict=True))
    assert len(set(first)) == 40
    assert waits.next_s() <= 0.5
