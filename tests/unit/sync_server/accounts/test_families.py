"""Refresh tokens: what is done with one that is shown, and who can open a successor."""

import pytest
from cryptography.exceptions import InvalidTag

from sync_server.accounts.families import (
    ABSOLUTE_MS,
    GRACE_MS,
    IDLE_MS,
    Judgement,
    Presented,
    Uses,
    judge,
    open_successor,
    seal_successor,
)

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
    uses = Uses()
    uses.keep(b"one", 0)
    uses.keep(b"two", 5_000)

    assert uses.since(b"one", 7_000) == 7_000
    assert uses.since(b"none", 7_000) is None
    uses.keep(b"three", 70_000)
    assert uses.since(b"one", 70_000) is None
