"""Refresh tokens: what is done with one that is shown, and who can open a successor."""

import pytest
from cryptography.exceptions import InvalidTag

from sync_server.accounts.families import (
    ABSOLUTE_MS,
    GRACE_MS,
    IDLE_MS,
    LATEST_MS,
    Judgement,
    Presented,
    Uses,
    judge,
    open_successor,
    seal_successor,
)
from sync_server.clock import ManualClock

NOW = 1_790_000_000_000


def shown(used_ms=None, seen_ms=NOW, until_ms=NOW + ABSOLUTE_MS, ended_ms=0):
    return Presented(used_ms, seen_ms, until_ms, ended_ms)


@pytest.mark.parametrize(
    ("presented", "since_use_ms", "judgement"),
    [
        (shown(), None, Judgement.ROTATE),
        (shown(seen_ms=NOW - IDLE_MS), None, Judgement.ROTATE),
        (shown(seen_ms=NOW - IDLE_MS - 1), None, Judgement.EXPIRED),
        (shown(until_ms=NOW), None, Judgement.EXPIRED),
        (shown(until_ms=NOW + 1), None, Judgement.ROTATE),
        (shown(used_ms=NOW - GRACE_MS), None, Judgement.AGAIN),
        (shown(used_ms=NOW - GRACE_MS - 1), None, Judgement.REUSED),
        (shown(used_ms=NOW + GRACE_MS), None, Judgement.AGAIN),  # the clock went back a little
        (shown(used_ms=NOW + GRACE_MS + 1), None, Judgement.REUSED),
        # Steady time decides where it is known, whatever the wall clock says.
        (shown(used_ms=NOW - 10**9), GRACE_MS, Judgement.AGAIN),
        (shown(used_ms=NOW), GRACE_MS + 1, Judgement.REUSED),
        (shown(ended_ms=1), None, Judgement.ENDED),
        (shown(used_ms=NOW, ended_ms=1), 0, Judgement.ENDED),
    ],
)
def test_each_token_is_judged_by_its_use_its_age_and_its_session(presented, since_use_ms, judgement):
    assert judge(presented, NOW, since_use_ms) is judgement


def test_a_successor_opens_with_the_token_it_follows_and_with_no_other():
    sealed = seal_successor("the-next", "the-first")

    assert open_successor(sealed, "the-first") == "the-next"
    with pytest.raises(InvalidTag):
        open_successor(sealed, "another")
    assert b"the-next" not in sealed


def test_uses_are_remembered_for_as_long_as_grace_matters():
    clock = ManualClock()
    uses = Uses(clock)
    uses.keep(b"one")
    clock.advance(5_000)
    uses.keep(b"two")
    clock.advance(2_000)

    assert uses.since(b"one", uses.moment()) == 7_000
    assert uses.since(b"none", uses.moment()) is None
    clock.advance(LATEST_MS)
    uses.keep(b"three")
    assert uses.since(b"one", uses.moment()) is None
    assert len(uses) == 1


def test_what_a_starved_server_slept_through_counts_for_no_token_up_to_a_bound():
    clock = ManualClock()
    uses = Uses(clock)
    uses.keep(b"one")
    clock.starve(LATEST_MS - 1_000)
    clock.advance(1_000)
    assert uses.since(b"one", uses.moment()) == 1_000

    clock.starve(1)
    assert uses.since(b"one", uses.moment()) == LATEST_MS + 1


def test_a_double_that_was_shown_before_the_first_was_answered_came_at_the_same_time():
    clock = ManualClock()
    uses = Uses(clock)
    shown = uses.moment()
    clock.advance(60_000)
    uses.keep(b"one")

    assert uses.since(b"one", shown) == 0
